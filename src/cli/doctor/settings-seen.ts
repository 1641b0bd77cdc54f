import type { Diagnosis } from './diagnosis'
import { storeOf } from './quiet-store'

const ANSWER_WITHIN_MS = 3000

/** The last change of a setting. */
interface Change {
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

/** Reads the settings: the changes from the store or the server, the rest from the configuration. */
export async function settingsSeen(diagnosis: Omit<Diagnosis, 'settings'>): Promise<SettingsSeen> {
  const { config, database, state } = diagnosis
  const configured = new Map<string, unknown>(Object.entries(config.settings))
  const isAnswering = state.kind === 'running' && state.answering && state.run.socket !== null
  const changes =
    database !== undefined
      ? changesIn(diagnosis, database)
      : isAnswering
        ? await changesAt(state.run.socket ?? '')
        : new Map<string, Change>()
  return {
    get: (key) => changes.get(key)?.value ?? configured.get(key),
    changedAt: (key) => changes.get(key)?.since,
  }
}

function changesIn(diagnosis: Omit<Diagnosis, 'settings'>, database: string): Map<string, Change> {
  try {
    using db = storeOf(diagnosis, database)
    const rows = db
      .query<{ key: string; value: string | null; at: number }, []>(
        'SELECT key, value, created_at AS at FROM setting_changes ORDER BY seq',
      )
      .all()
    return new Map(
      rows.map(({ key, value, at }) => [
        key,
        // Instants are microseconds. A setting that was unset has its configured value again.
        { value: value === null ? undefined : JSON.parse(value), since: at / 1000 },
      ]),
    )
  } catch {
    // Another check reports a store that cannot be read.
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
        { value, since: at === null ? undefined : Date.parse(at) },
      ]),
    )
  } catch {
    return new Map()
  }
}
