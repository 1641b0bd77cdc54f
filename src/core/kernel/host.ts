import type { Principal } from '../identity/actor'

/** What surfaces may ask of the process and the machine around the core. The composition root implements it. */
export interface Host {
  readonly vitals: Vitals
  readonly backups: BackupMaker
  readonly process: ServerProcess
  readonly echoKeys: EchoKeys
  /** Servers that were announced lately in the local network. */
  nearbyServers(): readonly NearbyServer[]
}

/** How the process fares. */
export interface Vitals {
  /** Of the build. */
  readonly version: string
  readonly bootId: string
  /** By the steady clock: a calendar that is set makes no server younger. */
  readonly uptimeSeconds: () => number
  readonly store: 'sqlite' | 'postgres'
  /** Of this instance. */
  readonly did: string
  /** Each check of readiness, by name. */
  readonly checks: () => Readonly<Record<'db' | 'migrations' | 'disk', boolean>>
  readonly isStopping: () => boolean
  /** Requests that change something and are not answered yet. */
  readonly writesInFlight: () => number
  readonly openStreams: () => number
  /** Of a database that several servers share. */
  readonly database?: () => { readonly clock_ahead_ms: number }
  /** Over which several servers wake each other. */
  readonly bus?: () => BusState
  /** When a backup was made last, and why the one after it failed; null where there is nothing to say. */
  readonly backup: () => {
    readonly last_ok_at: string | null
    readonly last_error: string | null
    readonly dated_ahead: readonly string[]
  }
  /** Everything that is counted, as Prometheus reads it. */
  readonly metrics: () => string
}

/** How the servers over one store wake each other, and why they do not. */
interface BusState {
  readonly kind: 'redis' | 'postgres'
  readonly ok: boolean
  readonly problem: string | null
}

/** Makes backups; a failure is an answer, with what can be done about it. */
export interface BackupMaker {
  create(
    by: Principal,
    request: { readonly label: string | null; readonly blobs: boolean; readonly passphrase?: string },
  ): Promise<{ readonly made: object } | { readonly failed: BackupFailure }>
}

interface BackupFailure {
  readonly kind: string
  readonly problem: string
  readonly remedy: string
}

/** The process that answers. */
export interface ServerProcess {
  readonly bootId: string
  /** Asks for its graceful end, which begins when the request is answered. */
  requestStop(): void
}

/** Makes and checks the words that open an echo for a minute, on every server that has the same instance key. */
export interface EchoKeys {
  issue(): string
  check(token: string): boolean
}

/** A server that was announced in the local network: a hint, and no reason to trust it. */
export interface NearbyServer {
  readonly did: string
  readonly name: string
  readonly url: string
  /** RFC 3339. */
  readonly lastSeen: string
  /** Whether its own manifest, signed by this DID, was read at that address. */
  readonly verified: boolean
}
