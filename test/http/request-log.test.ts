import { expect, test } from 'bun:test'
import { untilAtRest, warmUp } from '../support/at-rest'
import type { Person } from '../support/person'
import { RawConnection } from '../support/raw-socket'
import { until } from '../support/sockets'
import { SECOND, type World, world } from '../support/world'

/** Makes a read, a refusal and a long poll, and a post that takes long by the clock. */
async function visit(w: World): Promise<void> {
  await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  await warmUp(ann)
  expect((await ann.get('/v1/channels')).status).toBe(200)
  expect((await w.bearer('syn_nothing').get('/v1/messages?channel=general')).status).toBe(401)
  await hold(w, ann)
  await postSlowly(w, ann)
  await w.stop()
}

async function hold(w: World, ann: Person): Promise<void> {
  const answer = ann.get('/v1/events?wait=30')
  await untilAtRest(ann)
  w.clock.advance(5 * SECOND)
  await ann.posts('general', 'news')
  expect((await answer).status).toBe(200)
}

async function postSlowly(w: World, ann: Person): Promise<void> {
  using connection = await RawConnection.open(w.url)
  const body = JSON.stringify({ channel: 'general', body: 'slow' })
  connection.write(
    `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ann.secret}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
  )
  await until('the request to have begun', async () => {
    const { body } = await w.operator.get<{ in_flight: number }>('/v1/admin/drain')
    return body.in_flight === 1
  })
  w.clock.advance(2 * SECOND)
  connection.write(body.slice(5))
  await connection.when(() => (connection.buffered.includes('201') ? true : undefined))
}

/** Routes and statuses of the logged requests with a token or with a refusal, in order. */
function logged(w: World): string[] {
  return w.log
    .split('\n')
    .filter((line) => line.includes('"latency_ms":'))
    .map((line) => JSON.parse(line) as { route: string; status: number })
    .filter(({ route }) => !route.includes('/admin/') && !route.includes('/auth/'))
    .map(({ route, status }) => `${route} ${status}`)
}

test('by default only failed requests and slow ones that did not ask to wait are logged', async () => {
  await using w = await world()
  await visit(w)
  expect(logged(w)).toEqual(['GET /v1/messages 401', 'POST /v1/messages 201'])
})

test('every request is logged when log.requests is all', async () => {
  await using w = await world({ settings: { SYNAPSE_LOG_REQUESTS: 'all' } })
  await visit(w)
  expect(logged(w)).toEqual(
    expect.arrayContaining(['GET /v1/channels 200', 'GET /v1/messages 401', 'GET /v1/events 200']),
  )
})
