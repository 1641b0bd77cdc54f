import { expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { EventStream, LiveSocket, until } from '../support/sockets'
import { Cluster } from './cluster'
import { caddyMissing, startProxy } from './documented-proxy'

setDefaultTimeout(120_000)

test.skipIf(postgresMissing || caddyMissing)(
  'behind the documented proxy three replicas share one address, and one of them may die',
  async () => {
    const database = await (await sharedPostgres()).createDatabase()
    await using cluster = await Cluster.start({ database })
    await cluster.server(0).room('plans')
    const token = await cluster.server(0).agent('ann', 'plans')
    await using proxy = await startProxy(cluster.servers.map(({ url }) => url))
    const bearer = { authorization: `Bearer ${token}` }

    using socket = await LiveSocket.open(proxy.url, bearer)
    await socket.subscribe(['plans'])
    using stream = await EventStream.open(proxy.url, bearer, { query: '?channels=plans' })
    const post = async (n: number) => {
      const answer = await fetch(`${proxy.url}/v1/messages`, {
        method: 'POST',
        headers: { ...bearer, 'content-type': 'application/json', 'idempotency-key': `key-${n}` },
        body: JSON.stringify({ channel: 'plans', body: `message ${n}` }),
      })
      await answer.body?.cancel()
      return answer.status
    }
    for (let n = 0; n < 12; n++) expect(await post(n)).toBe(201)
    await until('all on the socket', () => socket.events.length === 12)
    await until('all on the stream', () => stream.events.length === 12)

    await cluster.kill(1)
    const failed: number[] = []
    for (let n = 12; n < 60; n++)
      await until(`message ${n}`, async () => {
        const status = await post(n)
        if (status !== 201) failed.push(status)
        return status === 201
      })
    // A request on its way to the dead server may fail with 502; its retry key makes repeating it safe.
    expect(failed.length, `${failed}`).toBeLessThan(5)
    const log = await cluster.log()
    expect(log.filter(({ type }) => type === 'message.created')).toHaveLength(60)
  },
)
