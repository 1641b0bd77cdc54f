/** One line of the table: what was measured, beside its goal. */
export interface Row {
  readonly workload: string
  readonly shape: string
  readonly measured: string
  /** The same on the raw baseline in this run, where there is one. */
  readonly baseline?: string
  readonly ratio?: number
  readonly goal: string
  readonly met: boolean
  /** Everything behind the line, for the JSON. */
  readonly data: Readonly<Record<string, unknown>>
}

export interface Workload {
  readonly id: string
  readonly title: string
  /** `quick`: less of it. `full`: as long as its goal says, an hour at most. */
  run(options: { quick: boolean; full: boolean }): Promise<Row[]>
}

export function perSecond(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)}k/s` : `${value.toFixed(0)}/s`
}

export function ms(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  return value < 10 ? value.toFixed(2) : value.toFixed(1)
}
