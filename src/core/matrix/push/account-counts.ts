import type { CompiledRules } from './evaluate'
import type { Applied } from './reader-rules'
import type { RoomUnread } from './room-unread'

/** What is kept of an account that asks for its counts. */
export class AccountCounts {
  readonly accountId: number
  readonly userId: string
  ignored: ReadonlySet<string>
  rules: CompiledRules | undefined
  /** From what the rules were read. */
  rulesJson: string | undefined
  readonly rooms = new Map<number, RoomUnread>()
  /** Changes when something of the account changes that its counts follow from. */
  version = 0
  /** Changes when all of its counts are forgotten. */
  generation = 0
  /** How many changes of its rules and receipts were heard of, and up to which of them they were read. */
  private readonly heard = { rules: 1, receipts: 0 }
  private readonly seen = { rules: 0, receipts: 0 }
  /** The read that is under way; requests of the account wait for it. */
  refreshing: Promise<void> | undefined
  /** The position of the companion stream up to which nothing of it is missing. */
  checkedMx: number

  constructor(
    reader: { readonly accountId: number; readonly userId: string; readonly ignored: ReadonlySet<string> },
    /** The position of the companion stream up to which its receipts are known. */
    public receiptsMx: number,
  ) {
    this.checkedMx = receiptsMx
    this.accountId = reader.accountId
    this.userId = reader.userId
    this.ignored = reader.ignored
  }

  /** Which state events its rules may notify of. */
  get states(): 'all' | 'predefined' {
    return this.rules?.hasDefaultActions ? 'predefined' : 'all'
  }

  /** Returns what its rules are applied with in a room. */
  applied(name: Applied['name']): Applied {
    if (!this.rules) throw new Error('the rules of the account are not loaded')
    return { userId: this.userId, rules: this.rules, ignored: this.ignored, name }
  }

  /** Whether its rules, or its receipts, may have changed since they were read. */
  isStale(what: 'rules' | 'receipts'): boolean {
    return this.seen[what] !== this.heard[what]
  }

  /** Reads rules or receipts that may have changed. What changes meanwhile, or fails, is read again. */
  async renew(what: 'rules' | 'receipts', read: () => Promise<void>): Promise<void> {
    const heard = this.heard[what]
    await read()
    this.seen[what] = heard
  }

  hasRead(): void {
    this.heard.receipts++
    this.version++
  }

  mayHaveOtherRules(): void {
    this.heard.rules++
    this.version++
  }

  mayHaveChanged(): void {
    this.hasRead()
    this.mayHaveOtherRules()
  }
}
