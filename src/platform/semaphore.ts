import { AppError } from '../core/kernel/errors'

/**
 * Runs work while there is room. Further work waits in a queue, first in first out; beyond its length it is refused.
 */
export class Semaphore {
  private running = 0
  private readonly line: (() => void)[] = []

  constructor(
    /** Reports whether another work may run besides `running` others. */
    private readonly hasRoom: (running: number) => boolean,
    private readonly length: number,
  ) {}

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.line.length > 0 || !this.hasRoom(this.running)) {
      if (this.line.length >= this.length)
        throw new AppError('unavailable', 'unavailable', 'Too many logins at once; try again', {
          retry_after: 1,
        })
      await new Promise<void>((resolve) => this.line.push(resolve))
    } else this.running++
    try {
      return await work()
    } finally {
      this.running--
      while (this.line.length > 0 && this.hasRoom(this.running)) {
        this.running++
        this.line.shift()?.()
      }
    }
  }
}
