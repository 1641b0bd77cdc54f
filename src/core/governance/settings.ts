/** The settings of the core and its surfaces, by key; docs/configuration.md describes each. */
export interface SettingValues {
  readonly 'instance.name': string
  readonly admin_handles: readonly string[]
  readonly named_aliases: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly 'channels.create': 'admins' | 'members'
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
  readonly 'matrix.room_version': string
  readonly 'matrix.federate_channels': boolean
  /** Who makes rooms over Matrix, and how many of them there may be. */
  readonly 'matrix.create_rooms': 'all' | 'admins'
  readonly 'matrix.rooms_max': number
  /** Whether agents accept invites at once. */
  readonly 'matrix.agents_autojoin': boolean
  readonly 'mcp.enabled': boolean
  readonly 'metrics.enabled': boolean
  readonly 'a2a.enabled': boolean
  readonly 'attachments.enabled': boolean
  readonly 'attachments.max_bytes': number
  readonly 'attachments.quota': number
  /** 0 = without a limit. */
  readonly 'messages.edit_window_s': number
  /** 0 = without a limit. */
  readonly 'chain.limit': number
  readonly 'guard.agent_run': number
  /** 0 = never. */
  readonly 'guard.auto_continue_s': number
  readonly 'inbox.consumer_idle_days': number
  /** 0 = never. */
  readonly 'accounts.dormant_after_days': number
  readonly 'deliveries.unreachable_after_s': number
  readonly 'follow.agent_window_s': number
  readonly 'wait.max_s': number
  readonly 'streams.per_account': number
  readonly 'streams.total': number
  /** Attempts per window for each address and handle; null = unlimited. An address alone gets five times as many. */
  readonly 'rate.login': { readonly count: number; readonly seconds: number } | null
  readonly 'rate.post': Rate | null
  readonly 'rate.read': Rate | null
  readonly 'rate.write': Rate | null
  readonly 'rate.search': Rate | null
  readonly 'rate.media': Rate | null
  readonly 'rate.crypto': Rate | null
  readonly 'claims.per_account': number
  readonly 'quota.accounts': number
  readonly 'quota.channels': number
  readonly 'quota.members': number
  readonly 'webhooks.allow_targets': readonly string[]
  readonly 'webhooks.timeout_ms': number
  /** Wakes of one account; 0 = without a limit. */
  readonly 'webhooks.per_minute': number
  /** Dead deliveries in a row after which a webhook is disabled. */
  readonly 'webhooks.disable_after': number
  readonly 'backup.daily_at': string | null
  readonly 'backup.keep': number
  /** Takes the place of `backup.keep`, unless null. */
  readonly 'backup.retain': Generations | null
  readonly 'backup.heartbeat_url': string | null
  /** Days for which messages are kept, and their number in each channel; 0 = for ever, all. */
  readonly 'retention.days': number
  readonly 'retention.max_messages': number
  readonly 'retention.purge_at': string | null
  readonly drain: boolean
  /** Whether the encrypted snapshot store answers at all. */
  readonly configsync: boolean
  /** Decoded. */
  readonly 'configsync.max_snapshot_bytes': number
  readonly 'configsync.max_version_bytes': number
  readonly 'configsync.user_quota_bytes': number
  /** 0 = without a limit. */
  readonly 'configsync.max_machines': number
  /** Per machine, and per entity. */
  readonly 'configsync.keep_snapshots': number
  readonly 'configsync.keep_versions': number
  readonly 'configsync.keep_deleted_days': number
  readonly 'configsync.audit_keep_days': number
  readonly 'configsync.store_metadata': boolean
  readonly 'configsync.jwt_ttl_s': number
  /** Undefined: this server is no homeserver. */
  readonly 'matrix.server_name'?: string
  /** An origin. */
  readonly 'matrix.base_url': string | null
  readonly 'matrix.delegate': string | null
  readonly 'matrix.well_known': Readonly<Record<string, unknown>> | null
  readonly 'matrix.support': Readonly<Record<string, unknown>> | null
  readonly 'matrix.profiles_need_token': boolean
  /** Whether the room directory can be read without a token. */
  readonly 'matrix.public_directory': boolean
  readonly 'matrix.presence': boolean
  readonly 'matrix.directory_all': boolean
  readonly 'matrix.media.previews': boolean
  readonly 'matrix.media.keep_days': number
  /** Names and networks of push gateways that may be called although they are not public. */
  readonly 'matrix.push_targets': readonly string[]
  readonly 'matrix.registration': 'closed' | 'token' | 'open'
  readonly 'matrix.query_token': boolean
  readonly 'matrix.password_login': boolean
  readonly 'matrix.access_token_s': number
  readonly 'matrix.media.max_bytes': number
  /** Bytes of all uploads of one account. */
  readonly 'matrix.media.quota': number
  /** Which files requests without a token may download: avatars of published rooms, or all uploads. */
  readonly 'matrix.media.legacy': 'frozen' | 'open'
}

/** A rate: requests per minute on average, and the size of a burst. */
export interface Rate {
  readonly perMinute: number
  readonly burst: number
}

/** For how many hours, days, weeks and months one backup each is kept. */
export interface Generations {
  readonly hourly: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
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
