import type { Seq } from '../../kernel/ids'
import type { MatrixParts } from '../parts'

export interface WantedRowsDeps {
  readonly timer: MatrixParts['timer']
  /** Seq of the last row that is projected. */
  readonly position: () => Seq
  /** Looks whether another process has projected. */
  readonly refresh: () => Promise<void>
}

/** The rows for which readers wait until they are projected, here and in other processes. */
export class WantedRows {
  private readonly waiting = new Set<{ readonly upTo: Seq; readonly resolve: () => void }>()
  /** The last row for which a reader of another process waits. */
  private elsewhere: Seq = 0
  private readonly listeners: ((upTo: Seq) => void)[] = []
  private look: () => void = () => {}

  constructor(private readonly deps: WantedRowsDeps) {}

  /** Whether a reader waits. */
  get isAny(): boolean {
    return this.waiting.size > 0 || this.elsewhere > this.deps.position()
  }

  /** Registers what is done when a reader here begins to wait for the rows up to a seq. */
  onWanted(listener: (upTo: Seq) => void): void {
    this.listeners.push(listener)
  }

  /** Registers what makes the job look again. */
  onMore(look: () => void): void {
    this.look = look
  }

  /** Notes that a reader of another process waits for the rows up to a seq. */
  wantElsewhere(upTo: Seq): void {
    if (upTo <= Math.max(this.elsewhere, this.deps.position())) return
    this.elsewhere = upTo
    this.look()
  }

  /** Resolves when the rows up to a seq are projected, or after some time. */
  async reached(upTo: Seq, milliseconds: number): Promise<void> {
    if (this.deps.position() >= upTo) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiter = { upTo, resolve }
    this.waiting.add(waiter)
    const cancel = this.deps.timer(resolve, milliseconds)
    this.look()
    for (const listener of this.listeners) listener(upTo)
    try {
      // Another process may have projected, and this one not have heard of it yet.
      await this.deps.refresh()
      await promise
    } finally {
      cancel()
      this.waiting.delete(waiter)
    }
  }

  /** Lets go who waited for the rows up to the position. */
  moved(): void {
    for (const waiter of this.waiting) if (waiter.upTo <= this.deps.position()) waiter.resolve()
  }
}
