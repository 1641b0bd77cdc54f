/**
 * Pins entries of caches. An entry loaded for a judgement stays in memory until the judgement ends, whatever the size
 * of the cache; otherwise loading one entry could evict another that is about to be used.
 */
export class Pins {
  private added = 0
  private readonly held = new Set<{ readonly since: number }>()

  /** Pins every entry added from now on, until disposed. */
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

  /** The number of newest entries that are pinned. */
  get count(): number {
    let since = this.added
    for (const pin of this.held) since = Math.min(since, pin.since)
    return this.added - since
  }
}

/** A map of bounded weight. It evicts the oldest entries first, but no pinned ones. */
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

  /** Adjusts the weight after an entry has grown or shrunk. */
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

  /** Evicts entries beyond the capacity that are no longer pinned. */
  trim(): void {
    if (this.weight <= this.capacity) return
    const pinned = this.pins.count
    for (const key of this.entries.keys()) {
      if (this.weight <= this.capacity || this.entries.size <= Math.max(pinned, 1)) return
      this.delete(key)
    }
  }
}
