import { AppError } from '../kernel/errors'
import type { EventRecord, LogEvent } from '../log/events'
import { Pins } from './recent'

const MAX_ROUNDS = 64

/** Thrown by a look-up that is not in memory; `Loader.retry` loads it and asks again. Never leaves the core. */
class NotLoaded extends Error {
  constructor(readonly load: () => Promise<void>) {
    super('not loaded')
  }
}

/** A change of rights. The event is missing where only its record is known. */
export interface RightsChange {
  readonly record: EventRecord
  readonly event: LogEvent | null
}

/** Reads something; answers what puts it in memory. */
type Load = () => Promise<() => void>

/** What is kept in memory. */
interface Cache {
  /** Changes or drops what a change of rights concerns. */
  apply(change: RightsChange): void
  /** Drops what is above its size and not pinned. */
  trim(): void
}

/**
 * Loads what synchronous look-ups miss. A load may answer what was there before a change that happened meanwhile, so the
 * changes since it began are applied to it once more.
 */
export class Loader {
  /** Held while something that was loaded is needed. */
  readonly pins = new Pins()
  /** What was changed since each load under way began. */
  private readonly underWay = new Set<RightsChange[]>()
  private followed = 0
  /** Grows when everything is discarded: what was read before is not kept after it. */
  private generation = 0

  constructor(private readonly cache: Cache) {}

  /** How many changes of rights there were. */
  get changes(): number {
    return this.followed
  }

  /** Asks until everything that `ask` looks up is in memory. @throws whatever it throws, except NotLoaded; unavailable */
  async retry<Result>(ask: () => Result | Promise<Result>): Promise<Result> {
    const before = this.followed
    let pin: Disposable | undefined
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        try {
          // Awaited here, not returned, so that a rejection with NotLoaded is caught as well.
          return await ask()
        } catch (error) {
          if (!(error instanceof NotLoaded)) throw error
          pin ??= this.pins.hold()
          await error.load()
        }
      }
    } finally {
      pin?.[Symbol.dispose]()
      if (pin) this.cache.trim()
    }
    const why =
      this.followed > before
        ? `Rights changed ${this.followed - before} times while this request was judged by them`
        : `This request is judged by more than can be read in ${MAX_ROUNDS} steps`
    throw new AppError('unavailable', 'unavailable', `${why}; try again`)
  }

  /** Says that these have to be loaded, one after another, before the look-up can be answered. */
  load(loads: readonly Load[]): never {
    throw new NotLoaded(async () => {
      for (const load of loads) await this.run(load)
    })
  }

  /** Applies a change of rights, also to what is being loaded. */
  follow(change: RightsChange): void {
    this.followed++
    for (const changes of this.underWay) changes.push(change)
    this.cache.apply(change)
  }

  /** What is being loaded is not kept. */
  discard(): void {
    this.generation++
  }

  private async run(load: Load): Promise<void> {
    const { generation } = this
    const meanwhile: RightsChange[] = []
    this.underWay.add(meanwhile)
    try {
      const keep = await load()
      if (generation !== this.generation) return
      keep()
    } finally {
      this.underWay.delete(meanwhile)
    }
    for (const change of meanwhile) this.cache.apply(change)
  }
}
