// Reports of rooms, events and users to the operators.
import { expect, test } from 'bun:test'
import { HOUR, SECOND, type World } from '../support/world'
import { acting, roomPath } from './acting'
import { homeserver, refused, signIn, V3 } from './homeserver'

interface Row {
  readonly handle: string
  readonly room_id: string | null
  readonly event_id: string | null
  readonly user_id: string | null
  readonly reason: string
}

const reports = (w: World) =>
  w.sql<Row>(
    `SELECT a.handle, r.room_id, r.event_id, r.user_id, r.reason FROM matrix_reports r
     JOIN accounts a ON a.id = r.account_id ORDER BY r.id`,
  )

async function scene() {
  const w = await homeserver()
  const [ada, ben] = [await signIn(w, await w.human('ada')), await signIn(w, await w.human('ben'))]
  const s = acting(w)
  const room = await s.newRoom(ada, {})
  const event = await s.send(ada, room, { msgtype: 'm.text', body: 'rude' })
  return { w, ada, ben, room, event }
}

test('what somebody reports is stored, also what the reporter may not see', async () => {
  const { w, ada, ben, room, event } = await scene()
  await using _ = w
  const about = encodeURIComponent(event)
  const user = `${V3}/users/${encodeURIComponent(ada.userId)}/report`
  for (const [path, body] of [
    [`${roomPath(room)}/report`, { reason: 'a bad room' }],
    [`${roomPath(room)}/report/${about}`, { reason: 'rude', score: -100 }],
    [`${roomPath(room)}/report/${about}`, {}],
    [user, { reason: '' }],
  ] as const)
    expect((await ben.post(path, body)).body).toEqual({})
  const by = { handle: 'ben' }
  expect(await reports(w)).toEqual([
    { ...by, room_id: room, event_id: null, user_id: null, reason: 'a bad room' },
    { ...by, room_id: room, event_id: event, user_id: ada.userId, reason: 'rude' },
    { ...by, room_id: room, event_id: event, user_id: ada.userId, reason: '' },
    { ...by, room_id: null, event_id: null, user_id: ada.userId, reason: '' },
  ])
})

test('what does not exist is answered alike, and not stored', async () => {
  const { w, ben, room, event } = await scene()
  await using _ = w
  for (const path of [
    `${V3}/rooms/!none%3Aexample.org/report`,
    `${V3}/rooms/!none%3Aexample.org/report/${encodeURIComponent(event)}`,
    `${roomPath(room)}/report/%24none`,
    `${V3}/users/%40nobody%3Aexample.org/report`,
    `${V3}/users/%40ada%3Aother.example/report`,
    `${V3}/users/ada/report`,
  ]) {
    const { status, body } = await ben.post(path, { reason: 'x' })
    expect([path, status, body]).toEqual([path, 200, {}])
  }
  expect(await reports(w)).toEqual([])
})

test('a report has a reason of bounded length, and an account a bounded number of reports', async () => {
  const { w, ben, room } = await scene()
  await using _ = w
  const path = `${roomPath(room)}/report`
  expect(refused(await ben.post(path, {}))).toEqual([400, 'M_MISSING_PARAM'])
  expect(refused(await ben.post(path, { reason: 1 }))).toEqual([400, 'M_BAD_JSON'])
  expect(refused(await ben.post(path, { reason: 'x'.repeat(2001) }))).toEqual([400, 'M_INVALID_PARAM'])
  expect((await ben.post(path, { reason: '👍'.repeat(2000) })).status).toBe(200)
  for (let n = 1; n < 50; n++) {
    w.clock.advance(SECOND)
    expect((await ben.post(path, { reason: `${n}` })).status).toBe(200)
  }
  const answer = await ben.post<{ retry_after_ms: number }>(path, { reason: 'one more' })
  expect(refused(answer)).toEqual([429, 'M_LIMIT_EXCEEDED'])
  expect(answer.body.retry_after_ms).toBe(3_600_000)
  w.clock.advance(HOUR)
  expect((await ben.post(path, { reason: 'later' })).status).toBe(200)
})
