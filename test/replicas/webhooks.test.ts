import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { Receiver } from '../support/receiver'
import { until } from '../support/sockets'
import { Cluster } from './cluster'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('webhooks with two processes over one Postgres', () => {
  test('each wake is attempted by one process, whichever took the message, and the other goes on when that one dies', async () => {
    using receiver = new Receiver()
    const database = await (await sharedPostgres()).createDatabase()
    await using cluster = await Cluster.start({
      database,
      size: 2,
      settings: { SYNAPSE_WEBHOOKS_PER_MINUTE: '0', SYNAPSE_WEBHOOKS_TIMEOUT_MS: '500' },
    })
    const [one, other] = [cluster.server(0), cluster.server(1)]
    await one.room('general')
    const author = await one.agent('author', 'general')
    await one.agent('bot', 'general')
    const { body } = await other.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
    const bot = body.find(({ handle }) => handle === 'bot')
    const push = { enabled: true, webhook_url: receiver.url }
    expect((await other.operator.patch(`/v1/admin/accounts/${bot?.id}/push`, push)).status).toBe(200)
    const post = async (n: number) => {
      const server = cluster.servers[n % cluster.servers.length]
      const message = { channel: 'general', body: `@bot ${n}` }
      expect((await server?.as(author).post('/v1/messages', message))?.status).toBe(201)
    }
    for (let n = 0; n < 40; n++) await post(n)
    await until('every wake', () => receiver.received.length >= 40, 60_000)
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(ids.length).toBe(new Set(ids).size)
    await cluster.kill(0)
    for (let n = 40; n < 60; n++) await post(n)
    const bodies = () => new Set(receiver.received.map(({ body }) => (body.message as { body: string }).body))
    await until('the wakes of the process that is left', () => bodies().size === 60, 90_000)
  })
})
