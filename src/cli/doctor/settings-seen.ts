import type { Diagnosis } from './diagnosis'
import { storeOf } from './quiet-store'

const ANSWER_WITHIN_MS = 3000

/** A setting as it was changed last. */
interface Change {
  readonly value: unknown
  /** Milliseconds since 1970; undefined where it was never changed. */
  readonly since: number | undefined
}

/** Reads settings without a request to the server, which may not answer. */
export interface SettingsSeen {
  /** Undefined for a setting that this version has not. */
  get(key: string): unknown
  /** When it was set to what it is. */
  changedAt(key: string): number | undefined
}

/** What was set is kept in the store; what was not has the value that is configured. */
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
        // Instants are microseconds; taken back, a setting has its configured value again.
        { value: value === null ? undefined : JSON.parse(value), since: at / 1000 },
      ]),
    )
  } catch {
    // A store that cannot be read is what another check is for.
    return new Map()
  }
}

/** Of a store that only its server reaches. */
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
