const EVERY_MILLISECONDS = 500

/** Measures how late a timer fires, which is how long the event loop was blocked. */
export class LoopLag implements Disposable {
  private worst = 0
  private due = performance.now() + EVERY_MILLISECONDS
  private readonly timer: Timer

  constructor() {
    this.timer = setInterval(() => this.tick(), EVERY_MILLISECONDS)
    this.timer.unref()
  }

  /** Returns the largest delay since the last call, in seconds. */
  take(): number {
    const { worst } = this
    this.worst = 0
    return worst / 1000
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer)
  }

  private tick(): void {
    const now = performance.now()
    this.worst = Math.max(this.worst, now - this.due)
    this.due = now + EVERY_MILLISECONDS
  }
}
