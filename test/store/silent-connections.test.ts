// Connections to Postgres that break without notice, as when a firewall drops them or a machine loses power.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { blackhole } from '../support/blackhole'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { EventStream, until } from '../support/sockets'
import { world } from '../support/world'

// A dead connection is detected by the real clock.
setDefaultTimeout(120_000)

const LINE = /the database did not answer for 5 s: the connections to it are replaced/g

describe.skipIf(postgresMissing)('when every connection to the database breaks without notice', () => {
  test('reads, posts and streams continue over new connections, nothing fails, and the log has one line', async () => {
    const url = await (await sharedPostgres()).createDatabase()
    await using way = await blackhole(Number(new URL(url).port))
    const settings = {
      SYNAPSE_DATABASE_URL: url.replace(/:\d+\//, `:${way.port}/`),
      SYNAPSE_LOG_LEVEL: 'warning',
    }
    await using w = await world({ settings, clock: systemClock })
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    await ann.posts('general', 'before')
    using stream = await EventStream.open(w.url, ann.credential, { query: '?type=message.created' })
    expect(way.swallow()).toBeGreaterThan(3)
    // All of them start before the break is detected.
    const [read, me, posted] = await Promise.all([
      ann.get('/v1/messages?channel=general'),
      ann.get('/v1/auth/me'),
      ann.post('/v1/messages', { channel: 'general', body: 'meanwhile', client_msg_id: 'once' }),
    ])
    expect([read.status, me.status, posted.status]).toEqual([200, 200, 201])
    expect((await ann.posts('general', 'after')).body).toBe('after')
    await until('the stream', () => stream.events.length === 2)
    expect(await ann.hears('general')).toEqual(['before', 'meanwhile', 'after'])
    await until('readiness', async () => (await w.guest.get('/readyz')).status === 200)
    await w.stop()
    expect(w.log.match(LINE)).toHaveLength(1)
    expect(w.log).not.toContain('failed in the background')
  })
})
