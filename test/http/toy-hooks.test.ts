import { expect, setDefaultTimeout, test } from 'bun:test'
import { until } from '../support/sockets'
import { toyHooks } from '../support/toy-surface/hooks'
import { world } from '../support/world'

setDefaultTimeout(120_000)

interface Told {
  readonly seq: number
  readonly type: string
  readonly by: string
  readonly body?: string
}

/** Records every call. While it is stuck it records nothing and does not answer. */
function receiving() {
  const told: Told[] = []
  const stuck = Promise.withResolvers<void>()
  const state = { isStuck: false }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const body = await request.json()
      if (state.isStuck) {
        stuck.resolve()
        await new Promise(() => {})
      }
      // The toy sends nothing else.
      told.push(body as Told)
      return new Response(null, { status: 204 })
    },
  })
  return {
    told,
    state,
    stuck: stuck.promise,
    url: `http://127.0.0.1:${server.port}/`,
    [Symbol.dispose]: () => void server.stop(true),
  }
}

const LOOPBACK = { SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.1' }

test('a surface delivers its own events through the outbox and messages by a projection, and continues after a restart', async () => {
  using receiver = receiving()
  await using w = await world({ surfaces: [toyHooks(receiver.url)], settings: LOOPBACK })
  const room = await w.channel('general')
  const ann = await w.agent('ann', { channels: { general: 'member' } })
  const ring = async () => (await ann.post<{ seq: number }>('/hooks/ring')).body.seq
  const rung = await ring()
  await until('the call for the event', () => receiver.told.length === 1)
  const posted = await ann.posts(room, 'hi')
  await until('the call for the message', () => receiver.told.length === 2)
  expect(receiver.told).toEqual([
    { seq: rung, type: 'account.updated', by: 'ann' },
    { seq: posted.seq, type: 'message.created', by: 'ann', body: 'hi' },
  ])
  receiver.state.isStuck = true
  const late = await ring()
  await receiver.stuck
  await w.stop()
  receiver.state.isStuck = false
  await w.restart()
  const later = await ring()
  await until('both calls', () => receiver.told.length === 4)
  expect(receiver.told.slice(2).map(({ seq }) => seq)).toEqual([late, later])
  await until('an empty outbox', async () => (await w.sql('SELECT 1 FROM outbox')).length === 0)
})

test('a receiver in a private network is not called unless webhooks.allow_targets allows it', async () => {
  using receiver = receiving()
  await using w = await world({ surfaces: [toyHooks(receiver.url)] })
  const ann = await w.agent('ann')
  await ann.post('/hooks/ring')
  await until('the attempt is logged', () => w.log.includes('is not in the public internet'))
  expect(receiver.told).toEqual([])
  expect(await w.sql('SELECT 1 FROM outbox')).toHaveLength(1)
})
