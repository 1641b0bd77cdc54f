import type { TextStorage } from './types'

type Area = 'outbox' | 'draft'

/**
 * What stays over a reload, for one account. Each thing has a key of its own, so that several tabs do not overwrite each other.
 * A storage that is full or refused loses nothing that is on the screen.
 */
export class Keep {
  constructor(
    private readonly storage: TextStorage,
    private readonly account: string,
  ) {}

  get<Value>(area: Area, name: string): Value | undefined {
    return this.read(this.key(area, name))
  }

  set(area: Area, name: string, value: unknown): void {
    try {
      this.storage.setItem(this.key(area, name), JSON.stringify(value))
    } catch {
      // Full: it is still on the screen.
    }
  }

  remove(area: Area, name: string): void {
    this.storage.removeItem(this.key(area, name))
  }

  list<Value>(area: Area): Value[] {
    return this.keys(area).flatMap((key) => this.read<Value>(key) ?? [])
  }

  names(area: Area): string[] {
    return this.keys(area).map((key) => key.slice(this.key(area, '').length))
  }

  /** Removes everything of this account. */
  clear(): void {
    for (const area of ['outbox', 'draft'] as const)
      for (const key of this.keys(area)) this.storage.removeItem(key)
  }

  private key(area: Area, name: string): string {
    return `synapse.${area}.${this.account}.${name}`
  }

  private keys(area: Area): string[] {
    const { storage } = this
    const prefix = this.key(area, '')
    return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '').filter((key) =>
      key.startsWith(prefix),
    )
  }

  private read<Value>(key: string): Value | undefined {
    try {
      const text = this.storage.getItem(key)
      return text === null ? undefined : (JSON.parse(text) as Value)
    } catch {
      return
    }
  }
}
