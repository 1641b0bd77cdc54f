/** The settings the core and its surfaces act on, by key; Table E of the v1 contract says what each means. */
export interface SettingValues {
  readonly admin_handles: readonly string[]
  readonly named_aliases: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly base_url: string | null
  readonly trusted_proxies: readonly string[]
  readonly 'auth.cors_origins': readonly string[]
  readonly 'auth.session_days': number
  readonly 'auth.password_min': number
  readonly 'http.max_body': number
  readonly 'log.expired_cursor': 'error' | 'clamp'
  readonly 'wait.max_s': number
  readonly 'streams.per_account': number
  readonly 'streams.total': number
  /** Attempts per window of one address and handle; null = unlimited. Five times as many per address alone. */
  readonly 'rate.login': { readonly count: number; readonly seconds: number } | null
  readonly 'quota.accounts': number
  readonly 'quota.channels': number
  readonly 'quota.members': number
}

/** Reads a setting as it is now; never keep the answer across a request. */
export interface Settings {
  get<Key extends keyof SettingValues>(key: Key): SettingValues[Key]
}
