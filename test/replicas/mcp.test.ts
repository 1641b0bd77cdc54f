import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Tools } from '../mcp/scene'
import { postgresMissing } from '../support/postgres'
import { type TwoReplicas, twoReplicas } from '../support/replicas'
import type { Message, Person, World } from '../support/world'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('MCP with two replicas', () => {
  let replicas: TwoReplicas
  let one: World
  let other: World
  let ann: Person
  let bob: Person
  beforeAll(async () => {
    replicas = await twoReplicas()
    ;({ one, other } = replicas)
    await one.channel('general')
    ann = await one.agent('ann', { channels: { general: 'member' } })
    bob = await other.agent('bob', { channels: { general: 'member' } })
  })
  afterAll(() => replicas[Symbol.asyncDispose]())

  /** A client whose requests go to the replicas in turns, as behind a balancer that knows no sessions. */
  async function alternating(token: string): Promise<Tools & { readonly asked: readonly string[] }> {
    const asked: string[] = []
    const client = new Client({ name: 'test', version: '1' })
    const transport = new StreamableHTTPClientTransport(new URL('http://balancer.invalid/mcp'), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
      fetch: (_, init) => {
        const { url } = asked.length % 2 === 0 ? one : other
        asked.push(url)
        return fetch(`${url}/mcp`, init)
      },
    })
    await client.connect(transport)
    return Object.assign(new Tools(client), { asked })
  }

  test('a client whose requests go to both in turns notices nothing', async () => {
    await using tools = await alternating(ann.secret)
    const ids: unknown[] = []
    for (const body of ['1', '2', '3', '4'])
      ids.push((await tools.done('synapse_post', { channel: 'general', body })).id)
    for (const _ of [1, 2]) {
      const { messages } = await tools.done('synapse_check', { channel: 'general' })
      expect((messages as Message[]).map(({ id }) => id)).toEqual(ids as string[])
    }
    const resource = 'task:shared'
    const { claim } = await tools.done('synapse_claim', { action: 'acquire', resource })
    const { epoch } = claim as { epoch: number }
    expect((await tools.done('synapse_claim', { action: 'renew', resource, epoch })).claim).toMatchObject({
      epoch,
    })
    expect(new Set(tools.asked).size).toBe(2)
  })

  test('a wait at one replica ends by a message that the other one took, and so does the inbox', async () => {
    const connect = (w: World) => Tools.connect(w.url, ann.secret)
    for (const [waiting, posting] of [
      [one, bob],
      [other, bob],
    ] as const) {
      await using tools = await connect(waiting)
      let found: Message | undefined
      const wait = tools
        .done('synapse_await', { channel: 'general', from: 'bob', timeout: 25 })
        .then(({ message }) => (found = message as Message))
      while (!found) await posting.posts('general', '@ann ready')
      await wait
      expect(found.body).toBe('@ann ready')
      const { items, cursor } = await tools.done('synapse_inbox', { wait: 25 })
      expect((items as unknown[]).length).toBeGreaterThan(0)
      await tools.done('synapse_inbox', { ack_cursor: cursor })
    }
  })

  test('a token that one replica revoked is refused by the other at once', async () => {
    const cat = await one.agent('cat', { channels: { general: 'member' } })
    await using tools = await Tools.connect(other.url, cat.secret)
    await one.revokes(cat)
    expect(await tools.call('synapse_status').catch((error: unknown) => String(error))).toContain(
      'Invalid token',
    )
  })
})
