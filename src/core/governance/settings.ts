/** The settings the core and its surfaces act on, by key; docs/configuration.md says what each means. */
export interface SettingValues {
  readonly 'instance.name': string
  readonly admin_handles: readonly string[]
  readonly named_aliases: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly base_url: string | null
  readonly trusted_proxies: readonly string[]
  readonly strict_actor_header: boolean
  readonly strict_impersonation_enforcement: boolean
  readonly impersonation_allowlist: readonly Impersonation[]
  readonly 'auth.cors_origins': readonly string[]
  readonly 'auth.session_days': number
  readonly 'auth.password_min': number
  readonly 'discovery.mdns_browse': boolean
  readonly 'discovery.mdns_announce': boolean
  readonly 'http.max_body': number
  readonly 'log.expired_cursor': 'error' | 'clamp'
  readonly 'log.requests': 'notable' | 'all'
  readonly 'metrics.enabled': boolean
  readonly 'wait.max_s': number
  readonly 'streams.per_account': number
  readonly 'streams.total': number
  /** Attempts per window of one address and handle; null = unlimited. Five times as many per address alone. */
  readonly 'rate.login': { readonly count: number; readonly seconds: number } | null
  readonly 'rate.post': Rate | null
  readonly 'rate.read': Rate | null
  readonly 'rate.write': Rate | null
  readonly 'rate.search': Rate | null
  readonly 'quota.accounts': number
  readonly 'quota.channels': number
  readonly 'quota.members': number
  readonly 'webhooks.allow_targets': readonly string[]
  readonly 'backup.daily_at': string | null
  readonly 'backup.keep': number
  readonly drain: boolean
}

/** So many requests a minute in the long run, and so many at once. */
export interface Rate {
  readonly perMinute: number
  readonly burst: number
}

/** Who may act as whom: an account by its handle, or one token by its id. `*` in `as` is everybody but admins. */
export interface Impersonation {
  readonly account?: string
  readonly token?: string
  readonly as: readonly string[]
}

/** Reads a setting as it is now; never keep the answer across a request. */
export interface Settings {
  get<Key extends keyof SettingValues>(key: Key): SettingValues[Key]
}

/** A setting that can be changed while the server runs, and what counts while nobody has changed it. */
export interface DeclaredSetting {
  readonly key: string
  /** In JSON, as `default` and every other value. */
  readonly initial: unknown
  /** Where `initial` comes from. */
  readonly source: 'default' | 'env'
  readonly default: unknown
  /** Its value is shown to nobody. */
  readonly isSecret: boolean
}

/** Every setting there is. What each takes is declared outside the core. */
export interface SettingRegistry {
  readonly declared: ReadonlyMap<string, DeclaredSetting>
  /** A new value in the form that is kept. @throws setting_unknown, setting_invalid */
  check(key: string, value: unknown): unknown
  /** What counts when these values, each of which was checked, stand in the place of the initial ones. */
  valuesWith(set: ReadonlyMap<string, unknown>): SettingValues
}
