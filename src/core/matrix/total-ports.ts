/** How much the homeserver has. */
export interface Totals {
  readonly rooms: number
  readonly users: number
  readonly devices: number
  readonly media: { readonly files: number; readonly bytes: number }
}

export interface TotalReads {
  /** Counts the rows of whole tables, so it takes longer the more there are. */
  totals(): Promise<Totals>
}
