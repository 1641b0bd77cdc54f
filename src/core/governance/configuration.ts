import type { Directory } from '../access/directory'
import { type Actor, accountOf } from '../identity/actor'
import type { Account, SettingChange } from '../kernel/entities'
import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import type { Micros } from '../kernel/time'
import { settingEvent } from '../log/events'
import type { Administration } from './administration'
import { entryBy } from './audit'
import type { LiveSettings } from './live-settings'
import type { DeclaredSetting } from './settings'

const READ = 'config:read'
const WRITE = 'config:write'
const MASK = '***'

/** A setting as shown to clients. */
export interface SettingView {
  readonly key: string
  readonly value: unknown
  readonly default: unknown
  readonly source: 'default' | 'env' | 'set'
  /** When it was last set or unset; null if never. */
  readonly updatedAt: Micros | null
  /** Null for the operator, and for a setting that was never changed. */
  readonly updatedBy: Account | null
}

/** A change of a setting as shown to clients. */
export interface SettingChangeView {
  readonly seq: Seq
  readonly key: string
  readonly isUnset: boolean
  readonly value: unknown
  readonly at: Micros
  readonly by: Account | null
}

/** Changes settings at run time, for administrators and for tokens with its scopes. */
export class Configuration {
  constructor(
    private readonly reads: Reads,
    private readonly directory: Directory,
    private readonly administration: Administration,
    private readonly live: LiveSettings,
  ) {}

  /** In declaration order. @throws missing_scope, not_admin */
  async list(actor: Actor): Promise<SettingView[]> {
    this.administration.check(actor, READ)
    return this.view([...this.live.registry.declared.values()])
  }

  /** Changes before a position of the log, newest first. @throws missing_scope, not_admin */
  async history(
    actor: Actor,
    key: string | null,
    page: { before: Seq; limit: number },
  ): Promise<SettingChangeView[]> {
    this.administration.check(actor, READ)
    const changes = await this.reads.settingHistory(key, page)
    const accounts = await this.accountsOf(changes)
    return changes.map(({ seq, value, actorId, at, key }) => ({
      seq,
      key,
      isUnset: value === null,
      value: value === null ? null : this.shown(key, JSON.parse(value)),
      at,
      by: accounts(actorId),
    }))
  }

  /**
   * Sets a value, which is in effect when this resolves. @throws missing_scope, not_admin, setting_unknown,
   * setting_invalid
   */
  async set(actor: Actor, key: string, value: unknown): Promise<SettingView> {
    this.administration.check(actor, WRITE)
    const kept = JSON.stringify(this.live.registry.check(key, value))
    return this.change(actor, key, kept)
  }

  /** Restores the value of the environment or the default. @throws missing_scope, not_admin, setting_unknown */
  async unset(actor: Actor, key: string): Promise<SettingView> {
    this.administration.check(actor, WRITE)
    this.declared(key)
    return this.change(actor, key, null)
  }

  /** Writes the row and its event. Does nothing if the key has that value already. */
  private async change(actor: Actor, key: string, value: string | null): Promise<SettingView> {
    await this.administration.act(
      actor,
      async (tx) => {
        if ((this.live.changeOf(key)?.value ?? null) === value) return
        const by = accountOf(actor)
        const { seq, at } = await tx.append(settingEvent({ key, value }), by)
        await tx.insertSettingChange({ seq, key, value, actorId: by?.id ?? null, at })
        const action = value === null ? 'setting.unset' : 'setting.set'
        await tx.audit(entryBy(actor, action, { type: 'setting', id: key }, { seq }))
      },
      WRITE,
    )
    const [view] = await this.view([this.declared(key)])
    if (!view) throw new Error(`the setting ${key} is not there`)
    return view
  }

  private declared(key: string): DeclaredSetting {
    const declared = this.live.registry.declared.get(key)
    if (declared) return declared
    // Throws the specific error for an unknown key.
    this.live.registry.check(key, null)
    throw new Error(`the setting ${key} was checked and is not there`)
  }

  private async view(settings: readonly DeclaredSetting[]): Promise<SettingView[]> {
    const changes = settings.map(({ key }) => this.live.changeOf(key))
    const accounts = await this.accountsOf(changes.filter((change) => change !== undefined))
    return settings.map(({ key, initial, source, default: fallback }, i) => {
      const set = this.live.setValue(key)
      return {
        key,
        value: this.shown(key, set === undefined ? initial : set),
        default: this.shown(key, fallback),
        source: set === undefined ? source : 'set',
        updatedAt: changes[i]?.at ?? null,
        updatedBy: accounts(changes[i]?.actorId ?? null),
      }
    })
  }

  private async accountsOf(
    changes: readonly SettingChange[],
  ): Promise<(id: number | null) => Account | null> {
    const ids = changes.flatMap(({ actorId }) => actorId ?? [])
    const found = await this.directory.retryUntilLoaded(() => {
      this.directory.requireAccounts(ids)
      return new Map(ids.map((id) => [id, this.directory.account(id)]))
    })
    return (id) => (id === null ? null : (found.get(id) ?? null))
  }

  /** Secret values can be written but not read. */
  private shown(key: string, value: unknown): unknown {
    const isSecret = this.live.registry.declared.get(key)?.isSecret ?? true
    return isSecret && value !== null && value !== undefined ? MASK : value
  }
}
