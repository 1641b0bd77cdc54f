/** The kinds of receipts: read in public, read in private, and the marker up to which a room was read. */
export const RECEIPT_KINDS = ['m.read', 'm.read.private', 'm.fully_read'] as const

export type ReceiptKind = (typeof RECEIPT_KINDS)[number]

/** Up to which event an account has read a room or a thread. */
export interface Receipt {
  readonly channelId: number
  readonly accountId: number
  readonly kind: ReceiptKind
  /** Empty: without a thread; `main`; or the event id of a root. */
  readonly thread: string
  /** Position of the event; or up to where everything outside of threads is read, where no event is. */
  readonly pos: number
  /** Milliseconds since 1970. */
  readonly ts: number
  /** Position of its last change in the companion stream. */
  readonly mx: number
}

/** A receipt with what its readers see of it. */
export interface ShownReceipt extends Receipt {
  readonly localpart: string
  readonly eventId: string
}

export interface ReceiptReads {
  receipt(of: Omit<Receipt, 'pos' | 'ts' | 'mx'>): Promise<Receipt | undefined>
  /** The receipts in a room that changed after one position of the companion stream up to another. */
  receiptsIn(
    channelId: number,
    mx: { readonly after: number; readonly upTo: number },
  ): Promise<ShownReceipt[]>
  /** The rooms in which the user is, or was invited, with receipts that changed between these positions. */
  roomsWithReceipts(userId: string, mx: { readonly after: number; readonly upTo: number }): Promise<number[]>
}

export interface ReceiptWrites {
  /** Inserts a receipt, or replaces it. */
  putReceipt(receipt: Receipt): Promise<void>
  /** Inserts private receipts of the members of a channel, for what they have read outside of threads on /v1. */
  copyReadPositions(of: Pick<Receipt, 'channelId' | 'ts' | 'mx'>): Promise<void>
}
