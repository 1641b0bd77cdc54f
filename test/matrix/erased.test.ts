// What somebody wrote who deactivated the account with `erase`: only those who were there then still see it.
import { expect, test } from 'bun:test'
import { untilJobsHave } from '../support/impatiently'
import { PASSWORD } from '../support/world'
import { acting, roomPath } from './acting'
import { homeserver, type MatrixClient, signIn, V3 } from './homeserver'

interface Event {
  readonly type: string
  readonly sender: string
  readonly event_id: string
  readonly content: Readonly<Record<string, unknown>>
}

const WORD = 'personal'

test('only those who were in the room then still see it', async () => {
  await using w = await homeserver()
  const s = acting(w)
  const [ada, eve, late] = [
    await signIn(w, await w.human('ada')),
    await signIn(w, await w.human('eve')),
    await signIn(w, await w.human('late')),
  ]
  const room = await s.newRoom(ada, { preset: 'public_chat' })
  await eve.post(`${roomPath(room)}/join`, {})
  const says = (by: MatrixClient, body: string, more: object = {}) =>
    s.send(by, room, { msgtype: 'm.text', body, ...more })
  const said = await says(eve, `${WORD} text`)
  await says(eve, `* ${WORD} edit`, {
    'm.new_content': { msgtype: 'm.text', body: `${WORD} edit` },
    'm.relates_to': { rel_type: 'm.replace', event_id: said },
  })
  const root = await says(ada, 'root')
  await says(eve, `${WORD} reply`, { 'm.relates_to': { rel_type: 'm.thread', event_id: root } })
  await untilJobsHave(w, 'the index', async () => (await searched(ada)) > 0)
  const erase = async (body: object) => eve.post<{ session?: string }>(`${V3}/account/deactivate`, body)
  const { body: asked } = await erase({ erase: true })
  const identifier = { type: 'm.id.user', user: 'eve' }
  const auth = { type: 'm.login.password', identifier, password: PASSWORD, session: asked.session }
  expect((await erase({ erase: true, auth })).status).toBe(200)
  await late.post(`${roomPath(room)}/join`, {})

  const shown = async (by: MatrixClient) => {
    const { body } = await by.get<{ chunk: Event[] }>(`${roomPath(room)}/messages?dir=b&limit=50`)
    const event = `${roomPath(room)}/event/${encodeURIComponent(said)}`
    const { body: synced } = await by.get(`${V3}/sync?filter={"room":{"timeline":{"limit":50}}}`)
    const { body: pdus } = await by.get(
      `${V3}/sync?filter={"room":{"timeline":{"limit":50}},"event_format":"federation"}`,
    )
    const { body: one } = await by.get<Event>(event)
    return {
      one,
      has: [body, synced, pdus, one].map((answer) => JSON.stringify(answer).includes(WORD)),
      body,
    }
  }
  const before = await shown(ada)
  expect(before.has).toEqual([true, true, true, true])
  const after = await shown(late)
  expect(after.has).toEqual([false, false, false, false])
  expect(after.one).toMatchObject({ type: 'm.room.message', sender: eve.userId, event_id: said, content: {} })
  // Who it was stays known, and so does that there was a reply.
  expect(
    after.body.chunk.filter(({ sender, type }) => sender === eve.userId && type === 'm.room.message'),
  ).toHaveLength(3)
  expect([(await searched(ada)) > 0, await searched(late)]).toEqual([true, 0])
})

async function searched(by: MatrixClient): Promise<number> {
  const { body } = await by.post<{ search_categories: { room_events: { count: number } } }>(`${V3}/search`, {
    search_categories: { room_events: { search_term: WORD, keys: ['content.body'] } },
  })
  return body.search_categories.room_events.count
}
