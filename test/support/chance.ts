/** Pseudo-random numbers that repeat with the same seed. */
export class Chance {
  private state: number

  constructor(readonly seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000)) {
    this.state = seed
  }

  /** A whole number from 0 up to, but not including, `below` (mulberry32, public domain). */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
