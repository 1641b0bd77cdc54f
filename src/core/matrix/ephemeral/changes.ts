import type { MarkKey } from '../../log/marks'
import type { EphemeralPosition } from '../sync/tokens'

/** Changes that are remembered one by one. A reader that is further behind is told what is so now. */
const CAPACITY = 4096

/** What a change is about: who types in a channel, who is there, or who has joined a channel and meets others; and whether a reader is woken for it. */
interface Change {
  readonly about:
    | { readonly channel: number }
    | { readonly account: number }
    | { readonly account: number; readonly joined: number }
  readonly isLoud: boolean
}

/** What has changed between two positions. */
export interface Changed {
  readonly channels: ReadonlySet<number>
  readonly accounts: ReadonlySet<number>
  /** The accounts with a change that readers are woken for. */
  readonly loud: ReadonlySet<number>
  /** The channels that each account has joined. */
  readonly joins: ReadonlyMap<number, readonly number[]>
}

/** Counts the changes of one process, and remembers the last ones. */
export class Changes {
  private readonly log: Change[] = []
  private count = 0

  constructor(
    /** Names the process: 4 hex digits. */
    readonly boot: string,
    /** Wakes waiting readers. Call it after the changes that they have to see are noted. */
    readonly wake: (keys: Iterable<MarkKey>) => void,
  ) {}

  /** The number of the last change. */
  get last(): number {
    return this.count
  }

  get position(): EphemeralPosition {
    return { boot: this.boot, n: this.count }
  }

  /** Returns the number in a token of this process whose later changes are all remembered; undefined for any other. */
  placeOf(token: EphemeralPosition | undefined): number | undefined {
    if (token?.boot !== this.boot || token.n > this.count) return undefined
    return token.n < this.count - this.log.length ? undefined : token.n
  }

  /** Returns what has changed after a place. */
  since(place: number): Changed {
    const channels = new Set<number>()
    const accounts = new Set<number>()
    const loud = new Set<number>()
    const joins = new Map<number, number[]>()
    for (const { about, isLoud } of this.log.slice(this.log.length - (this.count - place))) {
      if ('channel' in about) channels.add(about.channel)
      else {
        accounts.add(about.account)
        if (isLoud) loud.add(about.account)
        if ('joined' in about) joins.set(about.account, [...(joins.get(about.account) ?? []), about.joined])
      }
    }
    return { channels, accounts, loud, joins }
  }

  /** Notes a change. `isLoud`: it is worth an answer of its own. */
  note(about: Change['about'], isLoud: boolean): void {
    this.count++
    this.log.push({ about, isLoud })
    // Cut in pieces, because each cut moves what is left.
    if (this.log.length >= 2 * CAPACITY) this.log.splice(0, CAPACITY)
  }
}
