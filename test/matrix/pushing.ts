// Pushers, and the push gateways that they call.
import { type Received, Receiver } from '../support/receiver'
import type { World } from '../support/world'
import { type Acting, acting } from './acting'
import { homeserver, type MatrixClient, signIn, V3 } from './homeserver'

export const TARGETS = { SYNAPSE_MATRIX_PUSH_TARGETS: '127.0.0.1' }

interface Notification {
  readonly event_id?: string
  readonly room_id?: string
  readonly type?: string
  readonly content?: { readonly body?: string }
  readonly counts: { readonly unread?: number }
  readonly devices: readonly { readonly pushkey: string; readonly app_id: string }[]
}

export const told = (one: Received) => one.body['notification'] as Notification
export const accepts = () => Response.json({ rejected: [] })

export function pusher(url: string, fields: object = {}) {
  return {
    kind: 'http',
    app_id: 'org.example.app',
    pushkey: 'key',
    app_display_name: 'App',
    device_display_name: 'Phone',
    lang: 'en',
    data: { url, custom: 1 },
    ...fields,
  }
}

export async function set(client: MatrixClient, url: string, fields: object = {}) {
  const { status, text } = await client.post(`${V3}/pushers/set`, pusher(url, fields))
  if (status !== 200) throw new Error(text)
}

export const listed = async (client: MatrixClient) =>
  (await client.get<{ pushers: { pushkey: string; app_id: string }[] }>(`${V3}/pushers`)).body.pushers

/** Waits until a receiver has so many requests. */
export async function until(receiver: Receiver, count: number) {
  const end = Date.now() + 20_000
  while (receiver.received.length < count) {
    if (Date.now() > end) throw new Error(`${receiver.received.length} of ${count} requests came`)
    await Bun.sleep(5)
  }
  return receiver.received.map(told)
}

/** Ada, whose phone is told, and Ben, with a room for both. */
export async function scene(w: World, rooms: Acting) {
  const ada = await signIn(w, await w.human('ada'), { device_id: 'PHONE' })
  const ben = await signIn(w, await w.human('ben'))
  const room = await rooms.newRoom(ben, { invite: [ada.userId], name: 'Garden' })
  await ada.post(`${V3}/join/${encodeURIComponent(room)}`, {})
  return { ada, ben, room }
}

/** A server whose push gateway is a receiver, with Ada and Ben in a room. */
export async function pushScene(answer: Receiver['answer'] = accepts) {
  await using undo = new AsyncDisposableStack()
  const w = undo.use(await homeserver(TARGETS))
  const receiver = undo.use(new Receiver())
  receiver.answer = answer
  const rooms = acting(w)
  const people = await scene(w, rooms)
  const opened = undo.move()
  return { w, receiver, rooms, ...people, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
