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
  areRulesStale = true
  areReceiptsStale = false
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

  hasRead(): void {
    this.areReceiptsStale = true
    this.version++
  }

  mayHaveOtherRules(): void {
    this.areRulesStale = true
    this.version++
  }

  mayHaveChanged(): void {
    this.hasRead()
    this.mayHaveOtherRules()
  }
}
