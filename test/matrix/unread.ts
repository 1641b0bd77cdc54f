// What is unread in rooms, as clients see it, and what they do about it.
import type { World } from '../support/world'
import { type Acting, roomPath } from './acting'
import { type MatrixClient, signIn, V3 } from './homeserver'

interface Unread {
  readonly notification_count: number
  readonly highlight_count: number
}

interface Joined {
  readonly unread_notifications: Unread
  readonly unread_thread_notifications?: Readonly<Record<string, Unread>>
  readonly timeline: { readonly events: readonly { readonly event_id: string }[] }
}

export interface Synced {
  readonly next_batch: string
  readonly rooms: { readonly join?: Readonly<Record<string, Joined>> }
}

const APART = encodeURIComponent(
  JSON.stringify({ room: { timeline: { unread_thread_notifications: true } } }),
)

let people = 0

export async function synced(client: MatrixClient, query = ''): Promise<Synced> {
  const { body, status, text } = await client.get<Synced>(`${V3}/sync?${query}`)
  if (status !== 200) throw new Error(text)
  return body
}

/** Notifications and highlights of a room, as a new client sees them. */
export async function unread(client: MatrixClient, room: string): Promise<readonly [number, number]> {
  const found = (await synced(client)).rooms.join?.[room]?.unread_notifications
  return [found?.notification_count ?? -1, found?.highlight_count ?? -1]
}

/** The same, in the main timeline and by threads. */
export async function unreadApart(client: MatrixClient, room: string) {
  const found = (await synced(client, `filter=${APART}`)).rooms.join?.[room]
  const counts = (one: Unread | undefined) => [one?.notification_count ?? -1, one?.highlight_count ?? -1]
  return {
    main: counts(found?.unread_notifications),
    threads: Object.fromEntries(
      Object.entries(found?.unread_thread_notifications ?? {}).map(([root, one]) => [root, counts(one)]),
    ),
  }
}

/** Two people in a room of the first one, who has read nothing. */
export async function pair(w: Pick<World, 'guest' | 'human'>, rooms: Acting) {
  const ada = await signIn(w, await w.human(`ada${people++}`))
  const bob = await signIn(w, await w.human(`bob${people++}`))
  const room = await rooms.newRoom(ada, { invite: [bob.userId] })
  await bob.post(`${V3}/join/${encodeURIComponent(room)}`, {})
  return { ada, bob, room }
}

export const say = (rooms: Acting, by: MatrixClient, room: string, body = 'hello', more: object = {}) =>
  rooms.send(by, room, { msgtype: 'm.text', body, ...more })
export const inThread = (root: string) => ({ 'm.relates_to': { rel_type: 'm.thread', event_id: root } })
export const naming = (...users: MatrixClient[]) => ({
  'm.mentions': { user_ids: users.map(({ userId }) => userId) },
})

export async function receipt(
  by: MatrixClient,
  room: string,
  event: string,
  type = 'm.read',
  thread?: string,
) {
  const { status, text } = await by.post(
    `${roomPath(room)}/receipt/${type}/${encodeURIComponent(event)}`,
    thread === undefined ? {} : { thread_id: thread },
  )
  if (status !== 200) throw new Error(text)
}
