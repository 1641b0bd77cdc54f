/** The settings of the core and its surfaces, by key; docs/configuration.md describes each. */
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
  /** Attempts per window for each address and handle; null = unlimited. An address alone gets five times as many. */
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

/** A rate: requests per minute on average, and the size of a burst. */
export interface Rate {
  readonly perMinute: number
  readonly burst: number
}

/**
 * Who may act as whom. The rule applies to an account, by handle, or to one token, by id. `*` in `as` means everyone
 * except admins.
 */
export interface Impersonation {
  readonly account?: string
  readonly token?: string
  readonly as: readonly string[]
}

/** Returns the current value of a setting. Do not keep the result across requests. */
export interface Settings {
  get<Key extends keyof SettingValues>(key: Key): SettingValues[Key]
}

/** A setting that can be changed at run time, and its initial value. */
export interface DeclaredSetting {
  readonly key: string
  /** In JSON, like `default` and every other value. */
  readonly initial: unknown
  /** The origin of `initial`. */
  readonly source: 'default' | 'env'
  readonly default: unknown
  /** Whether the value is hidden from everyone. */
  readonly isSecret: boolean
}

/** All settings. Their types are declared outside the core. */
export interface SettingRegistry {
  readonly declared: ReadonlyMap<string, DeclaredSetting>
  /** Validates a new value and returns it in its stored form. @throws setting_unknown, setting_invalid */
  check(key: string, value: unknown): unknown
  /** Returns all values, with these validated ones in place of the initial ones. */
  valuesWith(set: ReadonlyMap<string, unknown>): SettingValues
}
