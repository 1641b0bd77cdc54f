import type { Principal } from '../identity/actor'

/** The process and machine around the core, as surfaces see them. The composition root implements it. */
export interface Host {
  readonly vitals: Vitals
  readonly backups: BackupMaker
  readonly process: ServerProcess
  readonly echoKeys: EchoKeys
  /** Servers announced in the local network recently. */
  nearbyServers(): readonly NearbyServer[]
}

/** The state of the process. */
export interface Vitals {
  /** Version of the build. */
  readonly version: string
  readonly bootId: string
  /** Measured with the steady clock, so that setting the calendar does not change it. */
  readonly uptimeSeconds: () => number
  readonly store: 'sqlite' | 'postgres'
  /** DID of this instance. */
  readonly did: string
  /** The readiness checks by name. */
  readonly checks: () => Readonly<Record<'db' | 'migrations' | 'disk', boolean>>
  readonly isStopping: () => boolean
  /** Number of writing requests that are not answered yet. */
  readonly writesInFlight: () => number
  readonly openStreams: () => number
  /** The shared database; absent with SQLite. */
  readonly database?: () => { readonly clock_ahead_ms: number }
  /** The bus between servers; absent without one. */
  readonly bus?: () => BusState
  /** The last successful backup, and the error of a failed one after it; null if there is none. */
  readonly backup: () => {
    readonly last_ok_at: string | null
    readonly last_error: string | null
    /** When the newest backup that was verified was made. */
    readonly last_verified_at: string | null
    /** The last request to `backup.heartbeat_url`, and why it failed. */
    readonly heartbeat: { readonly at: string; readonly problem: string | null } | null
    readonly dated_ahead: readonly string[]
  }
  /** All metrics in Prometheus format. */
  readonly metrics: () => Promise<string>
}

/** The bus by which the servers over one store wake each other, and why it does not work. */
interface BusState {
  readonly kind: 'redis' | 'postgres'
  readonly ok: boolean
  readonly problem: string | null
}

/** Makes and removes backups. A failure is returned with its remedy, not thrown. */
export interface BackupMaker {
  create(
    by: Principal,
    request: { readonly label: string | null; readonly blobs: boolean; readonly passphrase?: string },
  ): Promise<{ readonly made: object } | { readonly failed: BackupFailure }>
  /** Removes the backups that exceed the limits, or says which it would remove. */
  prune(isDryRun: boolean): Promise<{ readonly made: object } | { readonly failed: BackupFailure }>
}

interface BackupFailure {
  readonly kind: string
  readonly problem: string
  readonly remedy: string
}

/** The process that serves the request. */
export interface ServerProcess {
  readonly bootId: string
  /** Requests a graceful shutdown, which begins when the current request is answered. */
  requestStop(): void
}

/** Issues and checks the keys that enable an echo for a minute, on every server with the same instance key. */
export interface EchoKeys {
  issue(): string
  check(token: string): boolean
}

/** A server announced in the local network. An announcement is a hint and proves nothing. */
export interface NearbyServer {
  readonly did: string
  readonly name: string
  readonly url: string
  /** RFC 3339. */
  readonly lastSeen: string
  /** Whether its manifest, signed by this DID, was read at that address. */
  readonly verified: boolean
}
