import type { Clock } from '../kernel/time'

/** Two sightings of one token from different places within this time are of two programs. */
const TOGETHER_MILLISECONDS = 5 * 60_000
/** A token is looked at so often at most: two programs that take turns are seen soon all the same. */
const LOOK_MILLISECONDS = 500
/** `synapse doctor` comes with the token of the program that it is run for, from where that is, and is no second one. */
const VISITOR = /^synapse-doctor\//
const DAY_MILLISECONDS = 24 * 3_600_000
/** Tokens remembered; beyond that the one seen first goes. */
const CAPACITY = 10_000

interface Sightings {
  /** Where it was seen last. */
  address: string | null
  userAgent: string | null
  at: number
  /** When it was last seen at another place while it was still at the one before. */
  sharedAt: number | undefined
  toldAt: number | undefined
}

/**
 * Notices that one token is used by two programs, which then miss what the other one has acknowledged
 * (docs/contract/accounts.md#the-caller): it comes from two addresses or `User-Agent`s within five minutes. In memory, as
 * this process sees it.
 */
export class TokenReuse {
  private readonly tokens = new Map<number, Sightings>()
  private readonly listeners: ((tokenId: number) => void)[] = []

  constructor(private readonly clock: Pick<Clock, 'steady'>) {}

  /** Registers what is told of a shared token, once a day each. */
  onShared(listener: (tokenId: number) => void): void {
    this.listeners.push(listener)
  }

  /** Whether it is worth looking where a request with the token came from: twice a second is often enough. */
  isDue(tokenId: number): boolean {
    const seen = this.tokens.get(tokenId)
    return seen === undefined || this.clock.steady() - seen.at >= LOOK_MILLISECONDS
  }

  /** Notes where a request with the token came from. */
  note(tokenId: number, address: string | null, userAgent: string | null): void {
    const now = this.clock.steady()
    const seen = this.tokens.get(tokenId)
    const isVisitor = userAgent !== null && VISITOR.test(userAgent)
    if (isVisitor && (!seen || seen.address === address)) return
    if (!seen) {
      this.remember(tokenId, address, userAgent, now)
      return
    }
    const isSamePlace = seen.address === address && seen.userAgent === userAgent
    const isTogether = now - seen.at < TOGETHER_MILLISECONDS
    seen.at = now
    if (isSamePlace) return
    seen.address = address
    seen.userAgent = userAgent
    if (!isTogether) return
    seen.sharedAt = now
    if (seen.toldAt !== undefined && now - seen.toldAt < DAY_MILLISECONDS) return
    seen.toldAt = now
    for (const listener of this.listeners) listener(tokenId)
  }

  isShared(tokenId: number): boolean {
    const sharedAt = this.tokens.get(tokenId)?.sharedAt
    return sharedAt !== undefined && this.clock.steady() - sharedAt < TOGETHER_MILLISECONDS
  }

  private remember(tokenId: number, address: string | null, userAgent: string | null, at: number): void {
    this.tokens.set(tokenId, { address, userAgent, at, sharedAt: undefined, toldAt: undefined })
    const oldest = this.tokens.keys().next()
    if (this.tokens.size > CAPACITY && !oldest.done) this.tokens.delete(oldest.value)
  }
}
