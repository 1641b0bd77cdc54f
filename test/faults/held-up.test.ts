// Writes that are held up, by another process that locks the database or by a disk that does not answer, hold up
// nothing else.
import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { SlowSync } from '../../bench/lib/slow-sync'
import type { Caller } from '../support/caller'
import { preloadMissing } from '../support/preload'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

test('while another process holds the write lock, posts wait and everything else is answered', async () => {
  await using site = new Site()
  const s = await scene(site)
  expect(await s.post('before')).toBe(201)
  using other = new Database(site.paths.database)
  other.run('BEGIN IMMEDIATE')
  const waiting = watched(s.post('meanwhile'))
  await s.readsGoOn()
  expect(waiting.isAnswered()).toBe(false)
  other.run('ROLLBACK')
  expect(await waiting.status).toBe(201)
  // A lock that stays is not waited for.
  other.run('BEGIN IMMEDIATE')
  expect(await s.post('never')).toBe(503)
  await s.readsGoOn()
  expect(await s.isReady()).toBe(false)
  other.run('ROLLBACK')
  // Nobody posts, and the server finds out by itself.
  await until('the server to be ready', () => s.isReady())
  expect(await s.post('after')).toBe(201)
  expect(await s.bodies()).toEqual(['before', 'meanwhile', 'after'])
  expect(await s.server.stop()).toBe(0)
})

test.skipIf(preloadMissing)(
  'while the disk does not answer, a write in progress waits, others are refused after a while, and reads go on',
  async () => {
    using slow = await SlowSync.make(0)
    if (!slow) throw new Error('there is a compiler, but it made no library')
    await using site = new Site()
    const s = await scene(site, slow.environment)
    expect(await s.post('before')).toBe(201)
    slow.delayBy(17_000)
    const inFlight = watched(s.post('in flight'))
    await until('the post to reach the disk', () => s.readsGoOn().then(() => !inFlight.isAnswered()))
    const queued = watched(s.post('queued'))
    await until('the server to notice', async () => !(await s.isReady()))
    expect(await queued.status).toBe(503)
    expect(inFlight.isAnswered()).toBe(false)
    await s.readsGoOn()
    slow.delayBy(0)
    expect(await inFlight.status).toBe(201)
    expect(await s.post('after')).toBe(201)
    expect(await s.bodies()).toEqual(['before', 'in flight', 'after'])
    expect(await s.isReady()).toBe(true)
    expect(await s.server.stop()).toBe(0)
  },
)

async function scene(site: Site, settings: Readonly<Record<string, string>> = {}) {
  const server = await site.serveWith(settings)
  await server.room('room')
  const agent = server.as(await server.agent('agent', 'room'))
  return {
    server,
    post: async (body: string) => (await agent.post('/v1/messages', { channel: 'room', body })).status,
    isReady: () => isReady(server),
    bodies: () => bodiesIn(agent),
    /** Reads of each kind are answered. */
    readsGoOn: async () => {
      for (const path of ['/v1/messages?channel=room', '/v1/channels', '/v1/events?since=oldest'])
        expect([path, (await agent.get(path)).status]).toEqual([path, 200])
      expect((await server.operator.get('/healthz')).status).toBe(200)
    },
  }
}

async function isReady({ operator }: ServerProcess): Promise<boolean> {
  return (await operator.get('/readyz')).status === 200
}

async function bodiesIn(agent: Caller): Promise<string[]> {
  const { body } = await agent.get<{ messages: { body: string }[] }>('/v1/messages?channel=room')
  return body.messages.map((message) => message.body)
}

function watched(answer: Promise<number>) {
  let isAnswered = false
  const status = answer.finally(() => (isAnswered = true))
  return { status, isAnswered: () => isAnswered }
}
