import type { SettingChange } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Reads } from '../kernel/ports'
import type { LogEvent } from '../log/events'
import type { SettingRegistry, Settings, SettingValues } from './settings'

/**
 * The settings as of the last committed change. Every change comes here as its event, local commits and those of other
 * processes alike, before anybody else hears of it: the next look-up sees it.
 */
export class LiveSettings implements Settings {
  private values: SettingValues

  private constructor(
    readonly registry: SettingRegistry,
    /** The newest change of each key, whether this program knows the key or not. */
    private readonly newest: Map<string, SettingChange>,
  ) {
    this.values = this.evaluate()
  }

  static async open(reads: Pick<Reads, 'settingChanges'>, registry: SettingRegistry): Promise<LiveSettings> {
    const changes = await reads.settingChanges('newest')
    return new LiveSettings(registry, new Map(changes.map((change) => [change.key, change])))
  }

  get<Key extends keyof SettingValues>(key: Key): SettingValues[Key] {
    return this.values[key]
  }

  /** Takes a change over. What is known already changes nothing. */
  apply(event: LogEvent): void {
    if (event.about !== 'setting') return
    const { setting, seq, at, actor } = event
    if (seq <= (this.newest.get(setting.key)?.seq ?? 0)) return
    this.newest.set(setting.key, { ...setting, seq, at, actorId: actor?.id ?? null })
    this.values = this.evaluate()
  }

  /** Reads what is set: it may have changed without an event that this program knows. */
  async reload(reads: Pick<Reads, 'settingChanges'>): Promise<void> {
    for (const change of await reads.settingChanges('newest'))
      if (change.seq > (this.newest.get(change.key)?.seq ?? 0)) this.newest.set(change.key, change)
    this.values = this.evaluate()
  }

  /** The newest change of a key, if it was ever changed. */
  changeOf(key: string): SettingChange | undefined {
    return this.newest.get(key)
  }

  /** What was set for a key, in JSON; undefined while the environment or the default counts. */
  setValue(key: string): unknown {
    const text = this.newest.get(key)?.value ?? null
    if (text === null) return undefined
    try {
      return this.registry.check(key, JSON.parse(text))
    } catch (error) {
      // Another version of this program has set it.
      if (error instanceof AppError || error instanceof SyntaxError) return undefined
      throw error
    }
  }

  /** Keys that were set to something that this program does not take. Their initial values count. */
  get ignored(): string[] {
    return [...this.newest.values()]
      .filter(({ key, value }) => value !== null && this.setValue(key) === undefined)
      .map(({ key }) => key)
  }

  private evaluate(): SettingValues {
    const set = new Map<string, unknown>()
    for (const key of this.newest.keys()) {
      const value = this.setValue(key)
      if (value !== undefined) set.set(key, value)
    }
    return this.registry.valuesWith(set)
  }
}
