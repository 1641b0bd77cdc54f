import { AppError } from '../kernel/errors'
import type { EventRecord, LogEvent } from '../log/events'
import { Pins } from './recent'

const MAX_ROUNDS = 64

/** Thrown by a look-up whose value is not in memory; `Loader.retry` loads it and tries again. Never leaves the core. */
class NotLoaded extends Error {
  constructor(readonly load: () => Promise<void>) {
    super('not loaded')
  }
}

/** A change of rights. `event` is missing if only its record is known. */
export interface RightsChange {
  readonly record: EventRecord
  readonly event: LogEvent | null
}

/** Reads something and returns a function that puts it in memory. */
type Load = () => Promise<() => void>

/** A cache that the loader maintains. */
interface Cache {
  /** Updates or drops the entries that the change affects. */
  apply(change: RightsChange): void
  /** Drops entries beyond the capacity, except pinned ones. */
  trim(): void
}

/**
 * Loads what synchronous look-ups miss. A load may return state from before a change that happened during it, so the
 * changes since it began are applied to its result again.
 */
export class Loader {
  /** Pins held while loaded entries are needed. */
  readonly pins = new Pins()
  /** The changes since each running load began. */
  private readonly underWay = new Set<RightsChange[]>()
  private followed = 0
  /** Grows when everything is discarded. Values read under an older generation are not cached. */
  private generation = 0

  constructor(private readonly cache: Cache) {}

  /** The number of changes of rights so far. */
  get changes(): number {
    return this.followed
  }

  /**
   * Runs `ask` until everything that it looks up is in memory. @throws what `ask` throws, except NotLoaded; unavailable
   */
  async retry<Result>(ask: () => Result | Promise<Result>): Promise<Result> {
    const before = this.followed
    let pin: Disposable | undefined
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        try {
          // Awaited, so that a rejection with NotLoaded is caught here.
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

  /** Throws NotLoaded with these loads, which run one after another. */
  load(loads: readonly Load[]): never {
    throw new NotLoaded(async () => {
      for (const load of loads) await this.run(load)
    })
  }

  /** Applies a change of rights to the caches and to running loads. */
  follow(change: RightsChange): void {
    this.followed++
    for (const changes of this.underWay) changes.push(change)
    this.cache.apply(change)
  }

  /** Clears the caches. Results of running loads are not cached. */
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
