/** The most buckets kept. A full bucket needs no entry. */
const CAPACITY = 10_000

/** How fast a bucket fills, in tokens per millisecond, and how many it holds. */
export interface BucketSize {
  readonly perMs: number
  readonly burst: number
}

/** A caller's remaining `tokens` at a moment of the steady clock, in milliseconds. */
class Bucket {
  constructor(
    public tokens: number,
    public at: number,
  ) {}
}

/** Token buckets of one size, one for each caller. */
export class TokenBuckets {
  private readonly buckets = new Map<number, Bucket>()

  /** Returns the bucket of a caller, refilled up to now. */
  of(caller: number, { perMs, burst }: BucketSize, now: number): Bucket {
    const bucket = this.buckets.get(caller)
    if (bucket) {
      bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) * perMs)
      bucket.at = now
      return bucket
    }
    if (this.buckets.size >= CAPACITY) this.makeRoom(perMs, burst, now)
    const made = new Bucket(burst, now)
    this.buckets.set(caller, made)
    return made
  }

  /** Returns the bucket of a caller as it was last used; undefined if it is full. */
  find(caller: number): Bucket | undefined {
    return this.buckets.get(caller)
  }

  /** Drops full buckets, and the oldest if that is not enough. */
  private makeRoom(perMs: number, burst: number, now: number): void {
    for (const [caller, { tokens, at }] of this.buckets)
      if (tokens + (now - at) * perMs >= burst) this.buckets.delete(caller)
    for (const caller of this.buckets.keys()) {
      if (this.buckets.size < CAPACITY * 0.9) return
      this.buckets.delete(caller)
    }
  }
}
