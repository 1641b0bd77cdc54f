import { AppError } from '../../core/kernel/errors'

/** Uploads in flight. More would take the disk from everything else. */
const PER_PROCESS = 4
const PER_USER = 2
const PATIENCE_MILLISECONDS = 10_000
const RETRY_AFTER_SECONDS = 2

interface Waiting {
  readonly userId: number
  readonly start: () => void
}

/** Limits how many uploads run at once, in this process and for each user. Further ones wait in order, for a limited time. */
export class UploadSlots {
  private readonly running = new Map<number, number>()
  private total = 0
  private line: Waiting[] = []

  constructor(private readonly patience = PATIENCE_MILLISECONDS) {}

  /** Waits for room. Dispose of the result to give it to another upload. @throws rate_limited */
  async take(userId: number): Promise<Disposable> {
    if (this.hasRoom(userId)) this.count(userId)
    else await this.wait(userId)
    return { [Symbol.dispose]: () => this.give(userId) }
  }

  private hasRoom(userId: number): boolean {
    return this.total < PER_PROCESS && (this.running.get(userId) ?? 0) < PER_USER
  }

  private count(userId: number): void {
    this.total++
    this.running.set(userId, (this.running.get(userId) ?? 0) + 1)
  }

  private give(userId: number): void {
    this.total--
    const left = (this.running.get(userId) ?? 1) - 1
    if (left === 0) this.running.delete(userId)
    else this.running.set(userId, left)
    // The first one that may run: one whose user has too many does not hold up the others.
    const next = this.line.find((waiting) => this.hasRoom(waiting.userId))
    if (!next) return
    this.line = this.line.filter((waiting) => waiting !== next)
    this.count(next.userId)
    next.start()
  }

  private wait(userId: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting: Waiting = { userId, start: resolve }
    this.line.push(waiting)
    const timer = setTimeout(() => {
      this.line = this.line.filter((other) => other !== waiting)
      reject(tooMany())
    }, this.patience)
    return promise.finally(() => clearTimeout(timer))
  }
}

function tooMany(): AppError {
  return new AppError('rate_limited', 'rate_limited', 'Too many uploads at once; try again', {
    retry_after: RETRY_AFTER_SECONDS,
  })
}
