/**
 * What judgements under way have loaded: it stays in memory until they are over, however much it is, so that none
 * evicts what it is about to use.
 */
export class Pins {
  private added = 0
  private readonly held = new Set<{ readonly since: number }>()

  /** Keeps everything that is added from now on, until it is disposed. */
  hold(): Disposable {
    const pin = { since: this.added }
    this.held.add(pin)
    return {
      [Symbol.dispose]: () => {
        this.held.delete(pin)
      },
    }
  }

  note(): void {
    this.added++
  }

  /** How many of the newest entries stay. */
  get count(): number {
    let since = this.added
    for (const pin of this.held) since = Math.min(since, pin.since)
    return this.added - since
  }
}

/** A map of bounded weight that forgets what was put in first, but nothing that is pinned. */
export class RecentlyUsed<Key, Value> {
  private readonly entries = new Map<Key, Value>()
  private weight = 0

  constructor(
    private readonly capacity: number,
    private readonly pins: Pins,
    private readonly weigh: (value: Value) => number = () => 1,
  ) {}

  get(key: Key): Value | undefined {
    return this.entries.get(key)
  }

  has(key: Key): boolean {
    return this.entries.has(key)
  }

  set(key: Key, value: Value): void {
    this.delete(key)
    this.entries.set(key, value)
    this.weight += this.weigh(value)
    this.pins.note()
    this.trim()
  }

  /** Notes that a value that is kept here has become heavier, or lighter. */
  grow(by: number): void {
    this.weight += by
  }

  delete(key: Key): void {
    const value = this.entries.get(key)
    if (value === undefined) return
    this.weight -= this.weigh(value)
    this.entries.delete(key)
  }

  deleteWhere(matches: (value: Value) => boolean): void {
    for (const [key, value] of this.entries) if (matches(value)) this.delete(key)
  }

  clear(): void {
    this.entries.clear()
    this.weight = 0
  }

  /** Forgets what is beyond the bound and pinned no more. */
  trim(): void {
    if (this.weight <= this.capacity) return
    const pinned = this.pins.count
    for (const key of this.entries.keys()) {
      if (this.weight <= this.capacity || this.entries.size <= Math.max(pinned, 1)) return
      this.delete(key)
    }
  }
}
