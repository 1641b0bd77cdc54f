import { AppError } from './errors'

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
    /** What a refused caller is told. */
    private readonly refusal: string,
  ) {}

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.line.length > 0 || !this.hasRoom(this.running)) {
      if (this.line.length >= this.length)
        throw new AppError('unavailable', 'unavailable', this.refusal, { retry_after: 1 })
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
