// Claims and states that are renewed, and what happens when they cannot be.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect, SynapseError } from '@synapse/client'
import { rejectionOf } from '../home/temporary'
import { until } from '../support/sockets'
import { TestProxy } from './proxy'
import { Room } from './room'

setDefaultTimeout(60_000)

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

const aborted = (signal: AbortSignal) => until('the signal', () => signal.aborted, 30_000)

describe('a claim', () => {
  test('is renewed for longer than it was taken for', async () => {
    const ann = await room.as('ann')
    await using claim = await ann.claim('job:renewed', { ttl: 10 })
    const { expires_at } = claim.claim
    await until('a renewal', () => claim.claim.expires_at > expires_at)
    expect(claim.claim).toMatchObject({ epoch: claim.epoch, released_at: null })
    expect(claim.signal.aborted).toBe(false)
  })

  test('aborts its signal when it was taken away', async () => {
    const [ann, ada] = [await room.as('ann'), await room.as('ada', 'person')]
    const { id } = await ada.request('GET /v1/auth/me')
    const { id: general } = await ada.request('GET /v1/channels/{slug}', { path: { slug: 'general' } })
    await room.server.operator.fetch(`/v1/admin/memberships/${id}/${general}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"role":"admin"}',
    })
    const claim = await ann.claim('job:forced', { ttl: 10, channel: 'general' })
    const device = { device: 'desk', account_handle: 'ada', direct: true }
    const scopes = ['channel:*:admin', 'channel:*:read', 'channel:*:post']
    const { token } = (
      await room.server.operator.post<{ token: string }>('/v1/admin/devices', { ...device, scopes })
    ).body
    const admin = connect({ url: room.url, token })
    await admin.request('POST /v1/claims/{id}/release', { path: { id: claim.id }, body: {} })
    await aborted(claim.signal)
    expect(claim.signal.reason).toMatchObject({ code: 'claim_lost' })
    // Nothing is left to release.
    await claim.release()
  })

  test('aborts its signal before it ends, if the server cannot be reached', async () => {
    await using proxy = await TestProxy.before(room.url)
    const ann = connect({ url: proxy.url, token: await room.token('ann') })
    const claim = await ann.claim('job:cut-off', { ttl: 10 })
    const endsAt = Date.parse(claim.claim.expires_at)
    proxy.requests = 'cuts'
    proxy.cut()
    await aborted(claim.signal)
    expect(claim.signal.reason).toBeInstanceOf(SynapseError)
    expect(Date.now()).toBeLessThan(endsAt + 1000)
  })

  test('is held by one of two programs with the same token', async () => {
    const [one, other] = [await room.as('ann'), await room.as('ann')]
    await using claim = await one.claim('job:shared')
    expect(await rejectionOf(other.claim('job:shared'))).toMatchObject({
      code: 'claim_held',
      body: { claim: { instance: one.instance } },
    })
    // The same program has it again, with the same number.
    const named = connect({ url: room.url, token: await room.token('ann'), instance: one.instance })
    expect((await named.claim('job:shared')).epoch).toBe(claim.epoch)
  })

  test('says how it ended', async () => {
    const ann = await room.as('ann')
    const claim = await ann.claim('job:failed')
    await claim.release({ outcome: 'failed', note: 'no disk' })
    expect(claim.claim).toMatchObject({ outcome: 'failed', note: 'no disk' })
    expect(claim.claim.released_at).toBeString()
    await claim.release({ outcome: 'done' })
    expect(claim.claim.outcome).toBe('failed')
  })
})

describe('a state', () => {
  const shown = async (handle: string) => {
    const ann = await room.as('ann')
    const { presence } = await ann.request('GET /v1/presence', { query: { handle } })
    return presence[0]?.instances.map(({ state, note }) => [state, note])
  }

  test('gives way to a newer one, and comes back after it', async () => {
    const bob = await room.as('bob')
    const outer = await bob.working('the release')
    const inner = await bob.working('waiting for a review', { state: 'waiting' })
    expect(await shown('bob')).toEqual([['waiting', 'waiting for a review']])
    await outer.update('the release, step 2')
    expect(await shown('bob')).toEqual([['waiting', 'waiting for a review']])
    await inner.close()
    expect(await shown('bob')).toEqual([['working', 'the release, step 2']])
    await outer.close()
    await outer.close()
    expect(await shown('bob')).toEqual([])
  })

  test('is renewed for longer than it was said for', async () => {
    const eve = await room.as('eve')
    await using state = await eve.working('long', { ttl: 15 })
    const ends = async () =>
      (await eve.request('GET /v1/presence', { query: { handle: 'eve' } })).presence[0]?.instances[0]
        ?.expires_at
    const first = (await ends()) ?? ''
    await until('a renewal', async () => ((await ends()) ?? '') > first, 30_000)
    await state.update('longer')
    expect(await shown('eve')).toEqual([['working', 'longer']])
  })
})

describe('a question', () => {
  test('that was cancelled throws, with the approval', async () => {
    await room.token('ada', 'person')
    const ann = await room.as('ann')
    const asked = rejectionOf(ann.ask('general', 'Really?', ['yes', 'no']))
    const id = await until('the question', async () => {
      const { approvals } = await ann.request('GET /v1/approvals', { query: { state: 'pending' } })
      return approvals.find(({ question }) => question === 'Really?')?.id
    })
    await ann.request('POST /v1/approvals/{id}/cancel', { path: { id } })
    expect(await asked).toMatchObject({ code: 'approval_cancelled', body: { approval: { id } } })
  })

  test('waits over a restart of the server', async () => {
    const [ann, ada] = [await room.as('ann'), await room.as('ada', 'person')]
    const asked = ann.ask('general', 'Still?', [{ id: 'y', label: 'Yes' }, 'no'], { approvers: ['ada'] })
    const id = await until('the question', async () => {
      const { approvals } = await ada.request('GET /v1/approvals', { query: { state: 'pending' } })
      return approvals.find(({ question }) => question === 'Still?')?.id
    })
    await room.crash()
    await ada.request('POST /v1/approvals/{id}/decide', { path: { id }, body: { option: 'y', note: 'sure' } })
    expect(await asked).toMatchObject({ option: 'y', label: 'Yes', by: 'ada', note: 'sure' })
  })
})

describe('an inbox', () => {
  test('goes on over a restart of the server, and gives again what was not acknowledged', async () => {
    const [ann, bob] = [await room.as('ann'), await room.as('bob')]
    const inbox = bob.inbox({ consumer: 'c1' })
    const first = inbox.next()
    await room.crash()
    await ann.post('general', '@bob one')
    const batch = (await first).value
    expect(batch?.items.map(({ message }) => message.body)).toEqual(['@bob one'])
    const second = inbox.next()
    await ann.post('general', '@bob two')
    expect((await second).value?.items).toHaveLength(1)
    await inbox.close()
    expect(await inbox.next()).toEqual({ done: true, value: undefined })
    const again = (await bob.inbox({ consumer: 'c1' }).next()).value
    expect(again?.items.map(({ message }) => message.body)).toEqual(['@bob one', '@bob two'])
    expect(again?.pending).toBe(2)
    await again?.ack()
  })

  test('tells the sender what failed, and why', async () => {
    const [ann, bob] = [await room.as('ann'), await room.as('bob')]
    const { id } = await ann.post('general', '@bob do it')
    const batch = (await bob.inbox({ consumer: 'c1' }).next()).value
    await batch?.ack({ state: 'failed', note: 'no disk' })
    const { deliveries } = await ann.request('GET /v1/messages/{id}/deliveries', { path: { id } })
    expect(deliveries).toMatchObject([{ state: 'failed', note: 'no disk' }])
    const rest = bob.inbox({ consumer: 'c1', unacked: true })
    const next = rest.next()
    await ann.post('general', '@bob something else')
    expect((await next).value?.items.map(({ message }) => message.body)).toEqual(['@bob something else'])
  })

  test('ends at once when it is closed while it waits', async () => {
    const inbox = (await room.as('eve')).inbox()
    const next = inbox.next()
    await inbox.close()
    expect(await next).toEqual({ done: true, value: undefined })
  })
})
