// What is bundled with an event says nothing that its reader may not see.
import { expect, test } from 'bun:test'
import { acting, roomPath } from './acting'
import { homeserver, type MatrixClient, signIn, V3 } from './homeserver'

interface Event {
  readonly event_id: string
  readonly content: { readonly body?: string }
  readonly unsigned: {
    readonly 'm.relations'?: {
      readonly 'm.thread'?: { readonly count: number; readonly latest_event: Event }
      readonly 'm.replace'?: Event
    }
  }
}

const rootFor = async (by: MatrixClient, room: string, root: string) => {
  const { body } = await by.get<{ chunk: Event[] }>(`${roomPath(room)}/messages?dir=b&limit=50`)
  const { body: threads } = await by.get<{ chunk: Event[] }>(
    `/_matrix/client/v1/rooms/${encodeURIComponent(room)}/threads`,
  )
  const found = [body.chunk, threads.chunk].map((events) => events.find(({ event_id }) => event_id === root))
  return {
    texts: JSON.stringify([body, threads]),
    bundles: found.map((event) => event?.unsigned['m.relations']),
  }
}

test('who left is not shown the replies of a thread, and the edits of them, that came later', async () => {
  await using w = await homeserver()
  const [ada, ben] = [await signIn(w, await w.human('ada')), await signIn(w, await w.human('ben'))]
  const s = acting(w)
  const room = await s.newRoom(ada, { preset: 'public_chat' })
  await ben.post(`${roomPath(room)}/join`, {})
  const says = (body: string, relation?: object) =>
    s.send(ada, room, { msgtype: 'm.text', body, ...(relation && { 'm.relates_to': relation }) })
  const edits = (event: string, body: string) =>
    s.send(ada, room, {
      ...{ msgtype: 'm.text', body: `* ${body}`, 'm.new_content': { msgtype: 'm.text', body } },
      'm.relates_to': { rel_type: 'm.replace', event_id: event },
    })
  const [root, lone] = [await says('root'), await says('lone')]
  const thread = { rel_type: 'm.thread', event_id: root }
  const seen = await says('seen', thread)
  await ben.post(`${roomPath(room)}/leave`, {})
  await says('secret reply', thread)
  await edits(seen, 'secret edit')
  await says('secret first', { rel_type: 'm.thread', event_id: lone })
  const { texts, bundles } = await rootFor(ben, room, root)
  expect(texts).not.toContain('secret')
  for (const bundle of bundles) {
    expect(bundle?.['m.thread']?.count).toBe(1)
    expect(bundle?.['m.thread']?.latest_event.event_id).toBe(seen)
  }
  expect((await rootFor(ben, room, lone)).bundles).toEqual([undefined, undefined])
  // Who is there sees all of it.
  const there = await rootFor(ada, room, root)
  for (const bundle of there.bundles) expect(bundle?.['m.thread']?.count).toBe(2)
  expect((await rootFor(ada, room, lone)).bundles[0]?.['m.thread']?.count).toBe(1)
  expect((await ada.get(`${V3}/sync`)).status).toBe(200)
})

test('who came later is not shown what was said before, where history begins with joining', async () => {
  await using w = await homeserver()
  const [ada, ben] = [await signIn(w, await w.human('ada')), await signIn(w, await w.human('ben'))]
  const s = acting(w)
  const room = await s.newRoom(ada, {
    preset: 'public_chat',
    initial_state: [{ type: 'm.room.history_visibility', content: { history_visibility: 'joined' } }],
  })
  const root = await s.send(ada, room, { msgtype: 'm.text', body: 'secret root' })
  const thread = { rel_type: 'm.thread', event_id: root }
  await ben.post(`${roomPath(room)}/join`, {})
  await s.send(ada, room, { msgtype: 'm.text', body: 'open reply', 'm.relates_to': thread })
  const { texts } = await rootFor(ben, room, root)
  expect([texts.includes('secret'), texts.includes('open reply')]).toEqual([false, true])
})
