import type { Store } from '../kernel/ports'
import type { Totals } from './total-ports'

/** How much the homeserver has, as it was last counted: the metrics ask often, and counting reads whole tables. */
export class CountedTotals {
  private found: Totals | undefined

  constructor(private readonly store: Pick<Store, 'reads'>) {}

  /** Undefined until it is counted. */
  get counted(): Totals | undefined {
    return this.found
  }

  async count(): Promise<void> {
    this.found = await this.store.reads.matrix().totals()
  }
}
