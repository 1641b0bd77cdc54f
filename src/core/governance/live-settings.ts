import type { SettingChange } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Reads } from '../kernel/ports'
import type { LogEvent } from '../log/events'
import type { SettingRegistry, Settings, SettingValues } from './settings'

/**
 * The settings as of the last committed change. Changes arrive as events, from this process and others, before all
 * other listeners run, so the next look-up sees them.
 */
export class LiveSettings implements Settings {
  private values: SettingValues

  private constructor(
    readonly registry: SettingRegistry,
    /** The newest change of each key, including keys unknown to this program. */
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

  /** Applies a change. An event that is already known has no effect. */
  apply(event: LogEvent): void {
    if (event.about !== 'setting') return
    const { setting, seq, at, actor } = event
    if (seq <= (this.newest.get(setting.key)?.seq ?? 0)) return
    this.newest.set(setting.key, { ...setting, seq, at, actorId: actor?.id ?? null })
    this.values = this.evaluate()
  }

  /** Reads all settings again. They may have changed in an event of a type unknown to this program. */
  async reload(reads: Pick<Reads, 'settingChanges'>): Promise<void> {
    for (const change of await reads.settingChanges('newest'))
      if (change.seq > (this.newest.get(change.key)?.seq ?? 0)) this.newest.set(change.key, change)
    this.values = this.evaluate()
  }

  /** Returns the newest change of a key, or undefined if it was never changed. */
  changeOf(key: string): SettingChange | undefined {
    return this.newest.get(key)
  }

  /** Returns the value that was set for a key; undefined while the environment or the default applies. */
  setValue(key: string): unknown {
    const text = this.newest.get(key)?.value ?? null
    if (text === null) return undefined
    try {
      return this.registry.check(key, JSON.parse(text))
    } catch (error) {
      // The value was set by another version of this program.
      if (error instanceof AppError || error instanceof SyntaxError) return undefined
      throw error
    }
  }

  /** Keys whose set value this program does not accept. Their initial values apply. */
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
