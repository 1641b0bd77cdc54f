// Every call of @synapse/client, against a real server.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, SynapseError } from '@synapse/client'
import { rejectionOf } from '../home/temporary'
import { freePort } from '../support/supervised'
import { Room } from './room'

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

describe('requests', () => {
  test('a request is typed by its path and returns the answer', async () => {
    const cairn = await room.as('cairn')
    const me = await cairn.request('GET /v1/auth/me')
    expect(me.handle).toBe('cairn')
    const { gates } = await cairn.request('GET /v1/me/access', { query: { channel: 'general' } })
    expect(gates?.membership.ok).toBe(true)
  })

  test('an error says what the server says', async () => {
    const cairn = await room.as('cairn')
    const error = await rejectionOf(cairn.post('nowhere', 'hi'))
    expect(error).toBeInstanceOf(SynapseError)
    expect(error).toMatchObject({ status: 404, code: 'channel_not_found', detail: 'Channel not found' })
  })

  test('a request is repeated for as long as the client is told, and then its last error is thrown', async () => {
    const port = freePort()
    const alone = connect({ url: `http://127.0.0.1:${port}`, token: 'none', patience: 0 })
    let count = 0
    const patient = connect({
      url: `http://127.0.0.1:${port}`,
      token: 'none',
      patience: 1,
      fetch: () => {
        count++
        return Promise.reject(new TypeError('no way'))
      },
    })
    expect(await rejectionOf(alone.request('GET /v1/auth/me'))).toMatchObject({ status: 0, code: 'network' })
    expect(await rejectionOf(patient.request('GET /v1/auth/me'))).toMatchObject({ code: 'network' })
    expect(count).toBe(2)
  })

  test('a post is stored once, and its answer has the id', async () => {
    const cairn = await room.as('cairn')
    const posted = await cairn.post('general', 'hello', { key: 'once' })
    expect(await cairn.post('general', 'hello', { key: 'once' })).toMatchObject({ id: posted.id })
  })

  test('the history of a channel comes backwards, page by page', async () => {
    const ann = await room.as('historian')
    const bodies = Array.from({ length: 230 }, (_, at) => `note ${at}`)
    for (const body of bodies) await ann.post('general', body)
    const read: string[] = []
    for await (const { body, sender_handle } of ann.history('general')) {
      if (sender_handle === 'historian') read.push(body)
    }
    expect(read).toEqual(bodies.toReversed())
  })
})

describe('streams', () => {
  for (const transport of ['sse', 'websocket', 'poll'] as const) {
    test(`a stream over ${transport} carries what is posted after it has begun, and what notifies`, async () => {
      const [ann, bob] = [await room.as('ann'), await room.as('bob')]
      await using stream = bob.stream({ inbox: true, transport })
      await stream.ready()
      await ann.post('general', `@bob over ${transport}`)
      await ann.post('general', 'and more')
      const types: string[] = []
      for await (const event of stream) {
        types.push(event.type)
        if (event.type === 'message.created' && event.message.body === 'and more') break
      }
      expect(types).toEqual(['message.created', 'inbox.item', 'message.created'])
    })
  }
})

test('an inbox is read in batches, which an acknowledgement ends', async () => {
  const [ann, eve] = [await room.as('ann'), await room.as('eve')]
  await ann.post('general', '@eve one')
  await ann.post('general', '@eve two')
  for await (const batch of eve.inbox({ consumer: 'worker-1' })) {
    expect([...batch].map(({ message }) => message.body)).toEqual(['@eve one', '@eve two'])
    await batch.ack()
    break
  }
  const { cursors } = await eve.request('GET /v1/me/cursors')
  expect(cursors.find(({ consumer }) => consumer === 'worker-1')).toMatchObject({ pending: 0 })
})

test('a claim is held by one client until it is released', async () => {
  const [ann, bob] = [await room.as('ann'), await room.as('bob')]
  const claim = await ann.claim('file:src/app.ts', { ttl: 30 })
  expect(await rejectionOf(bob.claim('file:src/app.ts'))).toMatchObject({
    code: 'claim_held',
    body: { claim: { holder: 'ann' } },
  })
  await claim.release({ outcome: 'done' })
  const taken = await bob.claim('file:src/app.ts')
  expect(taken.epoch).toBeGreaterThan(claim.epoch)
  await taken.close()
})

test('a question resolves to the decision of a person', async () => {
  const [ann, ada] = [await room.as('ann'), await room.as('ada', 'person')]
  const asked = ann.ask('general', 'Deploy?', ['yes', 'no'])
  await using stream = ada.stream({ since: 'oldest', types: ['approval.created'] })
  for await (const event of stream) {
    if (event.type !== 'approval.created') continue
    await ada.request('POST /v1/approvals/{id}/decide', {
      path: { id: event.approval.id },
      body: { option: 'yes' },
    })
    break
  }
  expect(await asked).toMatchObject({ option: 'yes', by: 'ada' })
})

test('what a program says that it does is shown until it is closed', async () => {
  const ann = await room.as('ann')
  const shown = async () =>
    (await ann.request('GET /v1/presence', { query: { handle: 'ann' } })).presence[0]?.instances
  const state = await ann.working('reading the diff')
  expect(await shown()).toMatchObject([{ state: 'working', note: 'reading the diff' }])
  await state.close()
  expect(await shown()).toEqual([])
})

test('an answer is found that was posted before the waiting began', async () => {
  const [ann, bob] = [await room.as('ann'), await room.as('bob')]
  const { id } = await ann.post('general', '@bob why?')
  await bob.post('general', 'because', { thread: id })
  expect(await ann.awaitMessage({ thread: id, from: 'bob' })).toMatchObject({ body: 'because' })
  expect(await rejectionOf(ann.awaitMessage({ thread: id, from: 'eve', timeout: 1 }))).toMatchObject({
    code: 'timeout',
  })
})

test('the same waiting goes on after the message that it found', async () => {
  const [ann, bob] = [await room.as('ann'), await room.as('bob')]
  const { id } = await ann.post('general', '@bob list them')
  for (const body of ['one', 'two'])
    await bob.request('POST /v1/messages', { body: { channel: 'general', body } })
  const next = async () => (await ann.awaitMessage({ channel: 'general', from: 'bob' })).body
  expect([await next(), await next()]).toEqual(['one', 'two'])
  await bob.post('general', 'three', { thread: id })
  expect(await next()).toBe('three')
})
