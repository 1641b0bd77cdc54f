// What people do in rooms over Matrix, and what it leaves in the store.
import type { World } from '../support/world'
import { type MatrixClient, SERVER_NAME, V3 } from './homeserver'

export const id = (handle: string) => `@${handle}:${SERVER_NAME}`

/** The path of a room. */
export const roomPath = (room: string) => `${V3}/rooms/${encodeURIComponent(room)}`

let transactions = 0

/** A transaction id that no test has used. */
export const nextTransaction = () => `t${transactions++}`

export type Acting = ReturnType<typeof acting>

export function acting(w: Pick<World, 'sql'>) {
  return {
    async newRoom(by: MatrixClient, body: object = {}): Promise<string> {
      const { status, body: made, text } = await by.post<{ room_id: string }>(`${V3}/createRoom`, body)
      if (status !== 200) throw new Error(text)
      return made.room_id
    },

    async send(by: MatrixClient, room: string, content: object, type = 'm.room.message'): Promise<string> {
      const path = `${roomPath(room)}/send/${type}/${nextTransaction()}`
      const { status, body, text } = await by.put<{ event_id: string }>(path, content)
      if (status !== 200) throw new Error(text)
      return body.event_id
    },

    redact(by: MatrixClient, room: string, event: string) {
      const path = `${roomPath(room)}/redact/${encodeURIComponent(event)}/${nextTransaction()}`
      return by.put<{ event_id: string }>(path, { reason: 'wrong' })
    },

    async channelOf(room: string) {
      const [found] = await w.sql<{ slug: string; kind: string; name: string }>(
        'SELECT c.slug, c.kind, c.name FROM channels c JOIN matrix_rooms r ON r.channel_id = c.id WHERE r.room_id = ?',
        room,
      )
      if (!found) throw new Error('the room has no channel')
      return found
    },

    async rolesIn(room: string): Promise<Record<string, string>> {
      const rows = await w.sql<{ handle: string; role: string }>(
        `SELECT a.handle, m.role FROM memberships m JOIN matrix_rooms r ON r.channel_id = m.channel_id
         JOIN accounts a ON a.id = m.account_id WHERE r.room_id = ?`,
        room,
      )
      return Object.fromEntries(rows.map(({ handle, role }) => [handle, role]))
    },

    async eventsIn(room: string) {
      const rows = await w.sql<{ json: string; event_id: string; redacted_by: unknown }>(
        `SELECT e.json, e.event_id, e.redacted_by FROM matrix_events e
         JOIN matrix_rooms r ON r.channel_id = e.channel_id WHERE r.room_id = ? ORDER BY e.pos`,
        room,
      )
      return rows.map(({ json, event_id, redacted_by }) => ({
        id: event_id,
        isRedacted: redacted_by !== null,
        ...(JSON.parse(json) as {
          type: string
          sender: string
          state_key?: string
          content: Record<string, unknown>
        }),
      }))
    },
  }
}
