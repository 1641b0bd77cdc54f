import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'

/**
 * Values by key, each a signal of its own: who reads one value is told of changes of that value alone. Reading inside of a
 * component or `computed` subscribes; `peek` does not.
 */
export class Table<Value> {
  private readonly entries = new Map<string, Signal<Value | undefined>>()
  private readonly changes = signal(0)
  private watchers: Set<string>[] = []

  /** Every value, in the order in which they came. Subscribes to all of them. */
  readonly all: ReadonlySignal<readonly Value[]> = computed(() => {
    this.changes.value
    return [...this.entries.values()].flatMap(({ value }) => (value === undefined ? [] : [value]))
  })

  get(key: string): Value | undefined {
    return this.signalOf(key).value
  }

  peek(key: string): Value | undefined {
    return this.entries.get(key)?.peek()
  }

  /** The signal of a key, also before it has a value. */
  signalOf(key: string): ReadonlySignal<Value | undefined> {
    return this.entry(key)
  }

  /** Every value now, without a subscription. */
  values(): Value[] {
    return [...this.entries.values()].flatMap((entry) => entry.peek() ?? [])
  }

  set(key: string, value: Value): void {
    for (const watcher of this.watchers) watcher.add(key)
    const entry = this.entry(key)
    const isNew = entry.peek() === undefined
    entry.value = value
    if (isNew) this.changes.value = this.changes.peek() + 1
  }

  /** Changes a value that is there. */
  update(key: string, change: (value: Value) => Value): void {
    const value = this.peek(key)
    if (value !== undefined) this.set(key, change(value))
  }

  delete(key: string): void {
    for (const watcher of this.watchers) watcher.add(key)
    const entry = this.entries.get(key)
    if (entry?.peek() === undefined) return
    entry.value = undefined
    this.changes.value = this.changes.peek() + 1
  }

  /** Removes values that nobody shows, with their signals. */
  forget(keys: Iterable<string>): void {
    for (const key of keys) this.entries.delete(key)
    this.changes.value = this.changes.peek() + 1
  }

  clear(): void {
    batch(() => {
      for (const key of [...this.entries.keys()]) this.delete(key)
    })
  }

  /**
   * Notes from now on what events change, so that an answer which was read meanwhile does not take it back. The function that
   * it returns puts the answer in: as the whole content, or as some of it.
   */
  expect(): (values: Iterable<readonly [string, Value]>, isWhole?: boolean) => void {
    const changed = new Set<string>()
    this.watchers.push(changed)
    return (values, isWhole = false) => {
      this.watchers = this.watchers.filter((watcher) => watcher !== changed)
      batch(() => {
        const named = new Set<string>()
        for (const [key, value] of values) {
          named.add(key)
          if (!changed.has(key)) this.set(key, value)
        }
        if (!isWhole) return
        for (const key of [...this.entries.keys()]) if (!named.has(key) && !changed.has(key)) this.delete(key)
      })
    }
  }

  /** Notes the keys of values that change from now on, until it is stopped. */
  watch(): { readonly changed: ReadonlySet<string>; stop(): void } {
    const changed = new Set<string>()
    this.watchers.push(changed)
    const stop = () => {
      this.watchers = this.watchers.filter((watcher) => watcher !== changed)
    }
    return { changed, stop }
  }

  private entry(key: string): Signal<Value | undefined> {
    const known = this.entries.get(key)
    if (known) return known
    const made = signal<Value | undefined>(undefined)
    this.entries.set(key, made)
    return made
  }
}
