/** Wakes one waiting task. A ring without a waiting task ends the next wait at once. */
export class Bell {
  private isRung = false
  private wake: (() => void) | undefined

  ring(): void {
    this.isRung = true
    this.wake?.()
  }

  /** Resolves at the next ring, after so many milliseconds, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.isRung && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
      const timer = setTimeout(resolve, ms)
      await promise
      clearTimeout(timer)
      this.wake = undefined
    }
    this.isRung = false
  }
}
