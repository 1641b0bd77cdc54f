import { openQuiet } from '../../backup'
import type { Config } from '../../config'

const ANSWER_WITHIN_MS = 3000

/** The last change of a setting. */
interface Change {
  /** False if it was unset, so that it has its configured value again. */
  readonly isSet: boolean
  readonly value: unknown
  /** Milliseconds since 1970; undefined if it was never changed. */
  readonly since: number | undefined
}

/** The effective settings. Reading them sends no further request. */
export interface SettingsSeen {
  /** Returns the value; undefined for a setting that this version does not have. */
  get(key: string): unknown
  /** Returns when the setting was changed last. */
  changedAt(key: string): number | undefined
}

/** Where to read the settings. */
export interface SettingsPlace {
  readonly config: Config
  /** The path of the SQLite store; undefined if it does not exist or the store is Postgres. */
  readonly database: string | undefined
  /** Whether a server or a command has the store open. */
  readonly isHeld: boolean
  /** The socket of a server that answers. It is asked if there is no `database`. */
  readonly socket: string | undefined
}

/** Reads the settings: the changes from the store or the server, the rest from the configuration. */
export async function settingsSeen({
  config,
  database,
  isHeld,
  socket,
}: SettingsPlace): Promise<SettingsSeen> {
  const configured = new Map<string, unknown>(Object.entries(config.settings))
  const changes =
    database !== undefined
      ? changesIn(database, isHeld)
      : socket !== undefined
        ? await changesAt(socket)
        : new Map<string, Change>()
  return {
    get: (key) => {
      const change = changes.get(key)
      return change?.isSet ? change.value : configured.get(key)
    },
    changedAt: (key) => changes.get(key)?.since,
  }
}

function changesIn(database: string, isHeld: boolean): Map<string, Change> {
  try {
    using db = openQuiet(database, { isServed: isHeld })
    const rows = db
      .query<{ key: string; value: string | null; at: number }, []>(
        'SELECT key, value, created_at AS at FROM setting_changes ORDER BY seq',
      )
      .all()
    return new Map(
      rows.map(({ key, value, at }) => [
        key,
        // Instants are microseconds.
        { isSet: value !== null, value: value === null ? undefined : JSON.parse(value), since: at / 1000 },
      ]),
    )
  } catch {
    // Doctor reports a store that cannot be read.
    return new Map()
  }
}

/** Asks the server for the changes, for a store that only the server reaches. */
async function changesAt(socket: string): Promise<Map<string, Change>> {
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const response = await fetch('http://localhost/v1/config', { unix: socket, signal })
    // The contract says what the request answers (docs/contract/admin.md#settings).
    const { settings } = (await response.json()) as {
      settings: { key: string; value: unknown; source: string; updated_at: string | null }[]
    }
    return new Map(
      settings.map(({ key, value, updated_at: at }) => [
        key,
        { isSet: true, value, since: at === null ? undefined : Date.parse(at) },
      ]),
    )
  } catch {
    return new Map()
  }
}
