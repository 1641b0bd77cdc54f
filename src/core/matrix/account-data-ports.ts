/** A value of account data that is written. */
export interface NewAccountDatum {
  readonly accountId: number
  /** 0: of the whole account. */
  readonly channelId: number
  readonly type: string
  readonly json: string
  /** The position of the change in the companion stream. */
  readonly mx: number
}

/** A value of account data as it is stored. */
export type StoredDatum = Pick<NewAccountDatum, 'accountId' | 'type' | 'json'>

export interface AccountDataWrites {
  setAccountDatum(datum: NewAccountDatum): Promise<void>
  /**
   * What the members of a channel have stored of it (`m.tag`), and what they have stored of all rooms that may name it
   * (`m.direct`, `m.push_rules`).
   */
  dataOfMembers(channelId: number): Promise<StoredDatum[]>
  /** Stores a filter of an account, or finds the same one. Returns its number. */
  keepFilter(accountId: number, json: string): Promise<number>
}
