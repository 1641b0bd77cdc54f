// A world with a homeserver, and the events that its rooms have.
import type { FakeClock } from '../support/fake-clock'
import { type Room, type World, world } from '../support/world'

export const SERVER = 'example.org'

export function homeserverWorld(
  options: Parameters<typeof world<FakeClock>>[0] = {},
): Promise<World<FakeClock>> {
  return world({ ...options, settings: { SYNAPSE_MATRIX_SERVER_NAME: SERVER, ...options.settings } })
}

/** An event of a room, as a test looks at it. */
export interface SeenEvent {
  readonly pos: number
  readonly id: string
  readonly type: string
  readonly key: string | null
  readonly sender: string
  readonly content: Readonly<Record<string, unknown>>
  readonly redactedBy: number | null
  readonly prev: readonly string[]
  readonly auth: readonly string[]
}

interface Row {
  readonly pos: number | string
  readonly event_id: string
  readonly type: string
  readonly state_key: string | null
  readonly sender: string
  readonly json: string
  readonly redacted_by: number | string | null
}

/** Waits until every row of the log is projected. */
export async function settled(w: World<FakeClock>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await Bun.sleep(5)) {
    // Rows are gathered for a while, by the clock of the server.
    w.clock.advance(100)
    const [found] = await w.sql<{ behind: number | string | null }>(
      `SELECT (SELECT max(seq) FROM events) - (SELECT position FROM projections WHERE name = 'matrix') AS behind`,
    )
    if (found?.behind !== null && Number(found?.behind) === 0) return
  }
  throw new Error(`the rooms did not catch up with the log: ${w.log}`)
}

/** All events of the room of a channel, once they are made. */
export async function eventsOf(w: World<FakeClock>, room: Room | string): Promise<SeenEvent[]> {
  await settled(w)
  const slug = typeof room === 'string' ? room : room.slug
  const rows = await w.sql<Row>(
    `SELECT e.* FROM matrix_events e JOIN channels c ON c.id = e.channel_id WHERE c.slug = ? ORDER BY e.pos`,
    slug,
  )
  return rows.map((row) => {
    const pdu = JSON.parse(row.json)
    return {
      ...{ pos: Number(row.pos), id: row.event_id, type: row.type, key: row.state_key, sender: row.sender },
      ...{ content: pdu.content, prev: pdu.prev_events, auth: pdu.auth_events },
      redactedBy: row.redacted_by === null ? null : Number(row.redacted_by),
    }
  })
}

export const user = (handle: string) => `@${handle}:${SERVER}`

/** An event in short: its type with its state key, and its sender. */
export function inShort({ type, key, sender, content }: SeenEvent): string {
  const by = sender.slice(1, sender.indexOf(':'))
  const what = typeof content['membership'] === 'string' ? ` ${content['membership']}` : ''
  return `${type}${key === null || key === '' ? '' : ` ${key.slice(1, key.indexOf(':'))}`}${what} by ${by}`
}
