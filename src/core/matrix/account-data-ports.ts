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

export interface AccountDataWrites {
  setAccountDatum(datum: NewAccountDatum): Promise<void>
  /** Stores a filter of an account, or finds the same one. Returns its number. */
  keepFilter(accountId: number, json: string): Promise<number>
}
