import type { MatrixParts } from '../parts'

/** How often what may end by itself is looked at. */
const TICK_MILLISECONDS = 1000

/** What ends by itself after a while. */
export interface Lapsing {
  /** Ends what has lasted long enough. Returns whether anything is left that will end. */
  lapse(): boolean
}

/** One timer for everything that ends by itself. It runs only while there is such a thing. */
export class Ticker {
  private readonly things: Lapsing[] = []
  private cancel: (() => void) | undefined
  private isStopped = false

  constructor(private readonly timer: MatrixParts['timer']) {}

  add(thing: Lapsing): void {
    this.things.push(thing)
  }

  /** Call it when something began that will end. */
  want(): void {
    if (this.isStopped) return
    this.cancel ??= this.timer(() => this.tick(), TICK_MILLISECONDS)
  }

  stop(): void {
    this.isStopped = true
    this.cancel?.()
  }

  private tick(): void {
    this.cancel = undefined
    // Each of them must be asked.
    const left = this.things.map((thing) => thing.lapse())
    if (left.includes(true)) this.want()
  }
}
