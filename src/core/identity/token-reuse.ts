import type { Clock } from '../kernel/time'

/** Two programs use a token if it is seen at two places within this time. */
const TOGETHER_MILLISECONDS = 5 * 60_000
/** The minimum interval between two examined uses of a token. Programs that alternate are detected soon even so. */
const LOOK_MILLISECONDS = 500
/** `synapse doctor` uses the token and the machine of the program that it examines, so it does not count. */
const VISITOR = /^synapse-doctor\//
const DAY_MILLISECONDS = 24 * 3_600_000
/** Tokens remembered; beyond that the oldest is dropped. */
const CAPACITY = 10_000

interface Sightings {
  /** The last place it was seen at. */
  address: string | null
  userAgent: string | null
  at: number
  /** When it was last seen at a second place while the first was still in use. */
  sharedAt: number | undefined
  toldAt: number | undefined
}

/**
 * Detects a token used by two programs, which then miss what the other one has acknowledged
 * (docs/contract/accounts.md#the-caller): it comes from two addresses or `User-Agent`s within five minutes. In memory,
 * for the requests to this process.
 */
export class TokenReuse {
  private readonly tokens = new Map<number, Sightings>()
  private readonly listeners: ((tokenId: number) => void)[] = []

  constructor(private readonly clock: Pick<Clock, 'steady'>) {}

  /** Registers a listener for shared tokens, called at most once a day for each. */
  onShared(listener: (tokenId: number) => void): void {
    this.listeners.push(listener)
  }

  /** Reports whether a request with the token should be examined: at most twice a second. */
  isDue(tokenId: number): boolean {
    const seen = this.tokens.get(tokenId)
    return seen === undefined || this.clock.steady() - seen.at >= LOOK_MILLISECONDS
  }

  /** Records the place of a request with the token. */
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
