import type { Database } from 'bun:sqlite'
import { EVENTS_PER_ROW } from '../core/log/marks'
import { hasTable } from './inspect'

/** The events whose ids are recomputed: the newest ones. */
const LOOKED_AT = 1000
/** Of many wrong events, so many are named. */
const NAMED = 3
/** A SHA-256 in base64 without padding. */
const HASH_LENGTH = 43

interface Row {
  readonly event_id: string
  readonly json: string
  readonly version: string
  readonly is_state: number
  readonly is_redacted: number
  readonly channel_id: number
  /** Of the log row that owns it; null if there is none. */
  readonly owner_seq: number | null
  readonly owner_channel: number | null
}

/** What was found among the newest events of Matrix rooms. */
export interface MatrixEventsSeen {
  readonly looked: number
  readonly problems: readonly string[]
}

/**
 * Computes the ids of the newest events of Matrix rooms from their content, and looks for the log rows that own them. The
 * rules of rooms are loaded only for a store that has such events.
 */
export async function examineMatrixEvents(db: Database): Promise<MatrixEventsSeen> {
  if (!hasTable(db, 'matrix_events')) return { looked: 0, problems: [] }
  const rows = db
    .query<Row, [number, number]>(
      `SELECT e.event_id, e.json, r.version, e.state_key IS NOT NULL AS is_state,
        e.redacted_by IS NOT NULL AS is_redacted, e.channel_id,
        l.seq AS owner_seq, l.channel_id AS owner_channel
      FROM matrix_events e JOIN matrix_rooms r ON r.channel_id = e.channel_id
      LEFT JOIN events l ON l.seq = e.pos / ?
      ORDER BY e.id DESC LIMIT ?`,
    )
    .all(EVENTS_PER_ROW, LOOKED_AT)
  if (rows.length === 0) return { looked: 0, problems: [] }
  const { contentHash, eventIdOf, roomVersion } = await import('../core/matrix')
  const sha256 = (text: string, alphabet: 'base64' | 'base64url') =>
    Bun.SHA256.hash(text, alphabet).slice(0, HASH_LENGTH)
  const wrong = rows.filter(({ event_id: id, json, version: name, is_redacted: isRedacted }) => {
    const version = roomVersion(name)
    try {
      const event = JSON.parse(json)
      // The id covers the hash of the content, which a redacted event has no more.
      const isWhole = isRedacted === 1 || contentHash(event, sha256) === event.hashes.sha256
      return version === undefined || !isWhole || eventIdOf(version, event, sha256) !== id
    } catch {
      return true
    }
  })
  // A purge deletes log rows, and keeps state events.
  const misplaced = rows.filter(
    ({ owner_seq: seq, owner_channel: channel, channel_id: own, is_state: isState }) =>
      seq === null ? isState === 0 : channel !== own,
  )
  return {
    looked: rows.length,
    problems: [
      ...said(wrong, rows.length, 'do not have the id that follows from their content'),
      ...said(misplaced, rows.length, 'are at a place of the log that is not theirs'),
    ],
  }
}

function said(found: readonly Row[], of: number, what: string): string[] {
  if (found.length === 0) return []
  const named = found.slice(0, NAMED).map(({ event_id: id }) => id)
  return [`${found.length} of the newest ${of} events of Matrix rooms ${what}: ${named.join(', ')}`]
}
