import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { Crowd } from '../support/crowd'
import { type PostgresServer, postgresMissing, startPostgres } from '../support/postgres'
import { EventStream, LiveSocket, until } from '../support/sockets'
import { type World, world } from '../support/world'

// Postgres is stopped and started under load, by the real clock.
setDefaultTimeout(120_000)

const ROOMS = ['alpha', 'beta'] as const
const WRITERS = 8

/** A server with a Postgres of its own. */
async function open() {
  const server = await startPostgres()
  try {
    const settings = {
      SYNAPSE_DATABASE_URL: await server.createDatabase(),
      SYNAPSE_LOG_LEVEL: 'warning',
      SYNAPSE_STREAMS_PER_ACCOUNT: '100',
    }
    const w: World<typeof systemClock> = await world({ settings, clock: systemClock })
    return {
      server,
      w,
      async [Symbol.asyncDispose]() {
        await w[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

type Place = Awaited<ReturnType<typeof open>>

/** Eight writers and eight readers of all kinds, until `trouble` is over and everything was read. */
async function crowdIn({ w }: Place, trouble: (crowd: Crowd) => Promise<void>): Promise<Crowd> {
  for (const slug of ROOMS) await w.channel(slug)
  const member = { alpha: 'member', beta: 'member' } as const
  const writers = []
  for (let i = 0; i < WRITERS; i++) writers.push(await w.agent(`writer-${i}`, { channels: member }))
  const bob = await w.agent('bob', { channels: member })
  const crowd = new Crowd(() => w.url, undefined, { changes: true })
  await crowd.follow({ account: 'bob', credential: bob.credential, rooms: ROOMS })
  for (const [i, writer] of writers.entries())
    void crowd.write(writer.handle, writer, ROOMS[i % 2] ?? 'alpha')
  await crowd.during(trouble(crowd))
  await crowd.end()
  const { seed, wrong } = await crowd.judge(await w.storedLog(), bob.credential)
  expect({ seed, wrong: wrong.slice(0, 20) }).toEqual({ seed, wrong: [] })
  return crowd
}

const readiness = async (w: World<typeof systemClock>) => {
  const { status, body } = await w.guest.get<{ checks: { db: string } }>('/readyz')
  return { status, db: body.checks.db }
}
const isReady = async (w: World<typeof systemClock>) => (await readiness(w)).status === 200

/** Ends every connection of this program at the server. */
function terminateAll(server: PostgresServer) {
  return server.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'synapse%'",
  )
}

describe.skipIf(postgresMissing)('while Postgres is down', () => {
  test('requests get 503 with a time to retry, the server is not ready, and streams stay open', async () => {
    await using place = await open()
    const { server, w } = place
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const before = await ann.posts('general', 'before')
    const { body: health } = await w.guest.get<{ boot_id: string }>('/v1/health')
    expect(await readiness(w)).toEqual({ status: 200, db: 'ok' })
    using socket = await LiveSocket.open(w.url, ann.credential)
    await socket.subscribe(['general'])
    using stream = await EventStream.open(w.url, ann.credential, { query: '?type=message.created' })

    for (const mode of ['fast', 'immediate'] as const) {
      await server.stop(mode)
      for (const answer of [
        await ann.post('/v1/messages', { channel: 'general', body: 'nobody takes it' }),
        await ann.get('/v1/messages?channel=general'),
        await ann.get('/v1/auth/me'),
        await w.operator.post('/v1/admin/channels', { slug: 'other', name: 'Other' }),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([503, 'unavailable'])
        expect(answer.headers.get('retry-after')).toBe(String(Number(answer.body.retry_after)))
      }
      await until('the server to know', async () => !(await isReady(w)))
      expect(await readiness(w)).toEqual({ status: 503, db: 'fail' })
      expect((await w.guest.get('/healthz')).status).toBe(200)
      await server.start()
      await until('readiness', () => isReady(w), 10_000)
      expect((await ann.posts('general', `after ${mode}`)).body).toBe(`after ${mode}`)
    }
    expect((await w.guest.get<{ boot_id: string }>('/v1/health')).body.boot_id).toBe(health.boot_id)
    expect(await ann.hears('general', { since: before.cursor })).toEqual(['after fast', 'after immediate'])
    for (const opened of [socket, stream]) await until('both', () => opened.events.length === 2)
    expect(socket.end).toBeUndefined()
    // Neither the log nor an error contains the password.
    const { password } = new URL(w.config.databaseUrl)
    await w.stop()
    expect(w.log).not.toContain(password)
    expect(w.log).not.toContain('nobody takes it')
  })
})

describe.skipIf(postgresMissing)('outages of Postgres', () => {
  const modes = [['fast'], ['immediate']] as const
  test.each(modes)(
    'no acknowledged message is lost or repeated when Postgres is restarted under load: %s',
    async (mode) => {
      await using place = await open()
      const { server, w } = place
      const crowd = await crowdIn(place, async (those) => {
        for (let i = 0; i < 3; i++) {
          await those.progress()
          await server.stop(mode)
          await until('the server to know', async () => !(await isReady(w)))
          await server.start()
          await until('readiness', () => isReady(w), 10_000)
        }
        await those.progress()
      })
      expect(crowd.posts).toBeGreaterThan(200)
    },
  )

  test('no acknowledged message is lost or repeated when its connections are terminated again and again', async () => {
    await using place = await open()
    await crowdIn(place, async (those) => {
      for (let i = 0; i < 10; i++) {
        await those.progress()
        expect((await terminateAll(place.server)).length).toBeGreaterThan(1)
      }
      await those.progress()
    })
    await until('readiness', () => isReady(place.w), 10_000)
  })
})
