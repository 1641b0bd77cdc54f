import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type EventPage, LiveSocket, until } from '../support/sockets'
import {
  DAY,
  type Fields,
  MINUTE,
  type Person,
  READ_AND_POST,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { codeOf, expectRefusal, issuesOf, leavesNoTrace } from './refusals'

interface Claim {
  readonly id: string
  readonly resource: string
  readonly channel: string | null
  readonly message_id: string | null
  readonly holder: string
  readonly instance: string
  readonly note: string | null
  readonly epoch: number
  readonly acquired_at: string
  readonly renewed_at: string
  readonly expires_at: string
  readonly released_at: string | null
  readonly outcome: string | null
}
interface Claims {
  readonly claims: Claim[]
  readonly next_cursor: string | null
}
interface Conflict {
  readonly code: string
  readonly detail: string
  readonly claim: Claim | null
  readonly retry_after?: number
}

let w: World
let room: Room
let den: Room
let ann: Person
let bob: Person
let names = 0

beforeAll(async () => {
  w = await world()
  room = await w.channel('room')
  den = await w.channel('den', { kind: 'private' })
  ann = await w.agent('ann', { channels: { room: 'member' } })
  bob = await w.agent('bob', { channels: { room: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

/** A resource that no other test uses. */
const fresh = (kind = 'task') => `${kind}:thing-${++names}`
const claims = <Body = Claim>(who: Person, resource: string, more: Fields = {}) =>
  who.post<Body>('/v1/claims', { resource, ...more })
const acquired = async (who: Person, resource = fresh(), more: Fields = {}): Promise<Claim> => {
  const { status, body, text } = await claims(who, resource, more)
  expect(status, text).toBe(201)
  return body
}
const renews = <Body = Claim>(who: Person, { id, epoch }: Claim, more: Fields = {}) =>
  who.post<Body>(`/v1/claims/${id}/renew`, { epoch, ...more })
const releases = <Body = Claim>(who: Person, { id }: Claim, more: Fields = {}) =>
  who.post<Body>(`/v1/claims/${id}/release`, more)
const listed = async (who: Person, query: string): Promise<Claim[]> =>
  (await who.get<Claims>(`/v1/claims?${query}`)).body.claims
/** Events of claims so far, oldest first. */
const eventsOf = async ({ epoch }: Claim, who: Person = ann) => {
  const { body } = await who.get<EventPage>('/v1/events?since=oldest&type=claim.*&limit=500')
  return body.events
    .map(
      (event) =>
        event as unknown as { type: string; claim: Claim; forced?: boolean; seq: number; actor: unknown },
    )
    .filter(({ claim }) => claim.epoch === epoch)
}
/** Lets the sweeper run: it is woken by every commit. */
const swept = async () => {
  await bob.posts(room, 'a commit')
}
/** A second credential of an account. */
const another = async (who: Person, scopes = READ_AND_POST) => {
  const { body } = await w.operator.post<{ token: string; id: string }>('/v1/admin/tokens', {
    account_handle: who.handle,
    scopes,
  })
  return Object.assign(w.bearer(body.token), { tokenId: body.id }) as unknown as Person
}

describe('claiming', () => {
  test('a claim has every key, the id of the token as its instance, and 300 seconds', async () => {
    const resource = fresh()
    const claim = await acquired(ann, resource)
    const now = w.clock.now()
    const at = (seconds: number) => new Date(now / 1000 + seconds * 1000).toISOString().replace('Z', '000Z')
    expect<unknown>(claim).toEqual({
      id: expect.any(String),
      resource,
      channel: null,
      message_id: null,
      holder: 'ann',
      holder_kind: 'agent',
      instance: ann.tokenId,
      note: null,
      epoch: expect.any(Number),
      acquired_at: at(0),
      renewed_at: at(0),
      expires_at: at(300),
      released_at: null,
      outcome: null,
    })
    expect((await bob.get<Claim>(`/v1/claims/${claim.id}`)).body).toEqual(claim)
  })

  test('the epoch is the seq of the event, and grows with every acquisition of the resource', async () => {
    const resource = fresh()
    const first = await acquired(ann, resource)
    expect(await eventsOf(first)).toMatchObject([
      { type: 'claim.acquired', seq: first.epoch, channel: null, actor: { handle: 'ann' } },
    ])
    await releases(ann, first)
    const second = await acquired(bob, resource)
    expect(second.epoch).toBeGreaterThan(first.epoch)
    w.clock.advance(301 * SECOND)
    const third = await acquired(ann, resource)
    expect(third.epoch).toBeGreaterThan(second.epoch)
  })

  test('another account is refused, with the holder and the time that is left', async () => {
    const claim = await acquired(ann, fresh(), { ttl_s: 60, note: 'refactoring' })
    w.clock.advance(20 * SECOND + 1)
    await leavesNoTrace(w, async () => {
      const refused = await claims<Conflict>(bob, claim.resource)
      expectRefusal(refused, 409, {
        detail: 'ann holds this claim',
        code: 'claim_held',
        claim,
        retry_after: 40,
      })
    })
  })

  test('the same instance renews what it holds: 200, the same epoch, no event', async () => {
    const resource = fresh()
    const claim = await acquired(ann, resource, { note: 'first' })
    w.clock.advance(10 * SECOND)
    const again = await claims(ann, resource, { ttl_s: 30 })
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({ id: claim.id, epoch: claim.epoch, note: 'first' })
    expect(again.body.acquired_at).toBe(claim.acquired_at)
    expect(Date.parse(again.body.expires_at) - Date.parse(again.body.renewed_at)).toBe(30 * SECOND)
    expect(await eventsOf(claim)).toHaveLength(1)
  })

  test('two instances of one account do not both win, by token or by name', async () => {
    const resource = fresh()
    await acquired(ann, resource)
    const other = await another(ann)
    expect(codeOf(await claims(other, resource))).toBe('409 claim_held')
    const named = await acquired(ann, fresh(), { instance: 'worker-1' })
    expect(codeOf(await claims(ann, named.resource, { instance: 'worker-2' }))).toBe('409 claim_held')
    expect((await claims(other, named.resource, { instance: 'worker-1' })).status).toBe(200)
  })

  test('a person who is signed in claims as the instance browser', async () => {
    const eve = await w.human('eve', { channels: { room: 'member' } })
    expect(await acquired(eve)).toMatchObject({ holder: 'eve', holder_kind: 'human', instance: 'browser' })
  })

  test('claims of different channels do not conflict, nor one of a channel with one of none', async () => {
    const resource = fresh()
    const other = await w.channel('other-room')
    await w.joins(bob, other)
    await acquired(ann, resource)
    expect(await acquired(ann, resource, { channel: 'room' })).toMatchObject({ channel: 'room' })
    await acquired(bob, resource, { channel: 'other-room' })
    expect(codeOf(await claims(bob, resource, { channel: 'room' }))).toBe('409 claim_held')
  })

  test('different spellings of a path are one resource', async () => {
    const name = `dir-${++names}`
    const claim = await acquired(ann, `file:./${name}//a.ts`)
    expect(claim.resource).toBe(`file:${name}/a.ts`)
    expect(codeOf(await claims(bob, `file:${name}\\a.ts`))).toBe('409 claim_held')
    await acquired(bob, `file:${name}/A.ts`)
  })

  test('a directory conflicts with everything at or below it, and the other way round', async () => {
    const name = `dir-${++names}`
    const file = await acquired(ann, `file:${name}/lib/a.ts`)
    for (const path of [`${name}/`, `${name}/lib/`, `${name}/lib/a.ts/`])
      expect(codeOf(await claims(bob, `file:${path}`))).toBe('409 claim_held')
    for (const path of [`${name}/lib/b.ts`, `${name}/lib`, `${name}/li/`, `${name}-2/`])
      await acquired(bob, `file:${path}`)
    await releases(ann, file)
    const whole = await acquired(ann, `file:${name}/src/`)
    for (const path of ['src', 'src/', 'src/x', 'src/deep/er/x.ts', 'src/deep/'])
      expect(await claims<Conflict>(bob, `file:${name}/${path}`)).toMatchObject({
        status: 409,
        body: { claim: { id: whole.id } },
      })
    // A directory does not conflict with other claims of its holder.
    await acquired(ann, `file:${name}/src/mine.ts`)
  })

  test('names that contain special characters of patterns are compared as they are', async () => {
    const name = `d_${++names}`
    await acquired(ann, `file:${name}/%/`)
    await acquired(bob, `file:${name}/x/`)
    await acquired(bob, `file:${name.replace('_', '-')}/%/a`)
    expect(codeOf(await claims(bob, `file:${name}/%/a`))).toBe('409 claim_held')
  })

  test('a claim of a message belongs to its channel', async () => {
    const { id } = await ann.posts(room, 'please')
    const claim = await acquired(bob, `message:${id.toUpperCase()}`)
    expect(claim).toMatchObject({ resource: `message:${id}`, channel: 'room', message_id: id })
    expect(codeOf(await claims(ann, `message:${id}`, { channel: 'room' }))).toBe('409 claim_held')
    expect(codeOf(await claims(ann, `message:${id}`, { channel: 'den' }))).toBe('400 invalid_resource')
    const other = await ann.posts(room, 'another')
    expect(codeOf(await claims(ann, `message:${id}`, { message_id: other.id }))).toBe('400 invalid_resource')
    expect(await acquired(ann, fresh(), { message_id: other.id })).toMatchObject({ message_id: other.id })
  })

  test('messages that the caller cannot read, deleted and unknown ones are not found', async () => {
    const cat = await w.agent('cat', { channels: { den: 'member', room: 'member' } })
    const secret = await cat.posts(den, 'secret')
    const gone = await cat.posts(room, 'gone')
    await cat.delete(`/v1/messages/${gone.id}`)
    for (const id of [secret.id, gone.id, '0190f6a1-0000-7000-8000-000000000001']) {
      expect(codeOf(await claims(ann, `message:${id}`))).toBe('404 message_not_found')
      expect(codeOf(await claims(ann, fresh(), { message_id: id }))).toBe('404 message_not_found')
    }
    expect(codeOf(await claims(ann, fresh(), { message_id: 'x' }))).toBe('400 invalid_id')
  })

  test('a request with a value out of bounds is refused', async () => {
    const resource = fresh()
    for (const ttl_s of [9, 86_401, 1.5])
      expect(issuesOf(await claims(ann, resource, { ttl_s }))[0]).toContain('body.ttl_s')
    expect(issuesOf(await claims(ann, resource, { note: 'x'.repeat(501) }))[0]).toContain('body.note')
    expect(issuesOf(await claims(ann, resource, { instance: '' }))[0]).toContain('body.instance')
    expect(issuesOf(await ann.post('/v1/claims', {}))[0]).toContain('body.resource')
    expect(codeOf(await claims(ann, 'no kind'))).toBe('400 invalid_resource')
    expect(codeOf(await claims(ann, 'file:../up'))).toBe('400 invalid_resource')
  })

  test('a repeated request with a retry key gets the first answer', async () => {
    const resource = fresh()
    const key = { 'idempotency-key': `claim-${names}` }
    const first = await ann.post<Claim>('/v1/claims', { resource }, key)
    const second = await ann.post<Claim>('/v1/claims', { resource }, key)
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('idempotent-replayed')).toBe('true')
  })
})

describe('who may claim', () => {
  test('a token needs a scope to post, for a channel the one there', async () => {
    const reader = await another(ann, ['channel:*:read'])
    expectRefusal(await claims(reader, fresh()), 403, {
      detail: 'Insufficient scope',
      code: 'missing_scope',
      gate: 'scope',
      required_scope: 'channel:*:post',
    })
    expect(codeOf(await claims(reader, fresh(), { channel: 'room' }))).toBe('403 missing_scope')
    const direct = await another(ann, ['dm:bob:post'])
    await acquired(direct)
    expect(codeOf(await claims(direct, fresh(), { channel: 'room' }))).toBe('403 missing_scope')
  })

  test('the access checks of posting apply in a channel', async () => {
    const closed = await w.channel('closed')
    await w.joins(ann, closed)
    await w.archives(closed)
    const public_ = await w.channel('elsewhere')
    const quiet = await w.channel('quiet')
    await w.joins(ann, quiet, 'read_only')
    const refusals: [string, string][] = [
      ['nowhere', '404 channel_not_found'],
      [den.slug, '404 channel_not_found'],
      [closed.slug, '404 channel_archived'],
      [public_.slug, '403 not_a_member'],
      [quiet.slug, '403 read_only_role'],
    ]
    for (const [channel, code] of refusals) {
      const resource = fresh()
      await leavesNoTrace(w, async () => {
        expect(codeOf(await claims(ann, resource, { channel }))).toBe(code)
      })
    }
    const { id } = await bob.posts(room, 'read only')
    const mute = await w.agent('mute', { channels: { room: 'read_only' } })
    expect(codeOf(await claims(mute, `message:${id}`))).toBe('403 read_only_role')
  })

  test('an account has at most claims.per_account live claims', async () => {
    const few = await w.agent('few', { channels: { room: 'member' } })
    await w.operator.put('/v1/config/claims.per_account', { value: 2 })
    try {
      const one = await acquired(few)
      const two = await acquired(few, fresh(), { ttl_s: 10 })
      expectRefusal(await claims(few, fresh()), 403, {
        detail: expect.stringContaining('claims.per_account'),
        code: 'quota_exceeded',
        quota: 'claims.per_account',
        limit: 2,
      })
      expect((await claims(few, one.resource)).status).toBe(200)
      w.clock.advance(11 * SECOND)
      await acquired(few)
      await releases(few, one)
      await acquired(few, two.resource)
    } finally {
      await w.operator.delete('/v1/config/claims.per_account')
    }
  })

  test('the operator has no account and claims nothing', async () => {
    expect(codeOf(await w.operator.post('/v1/claims', { resource: fresh() }))).toBe(
      '403 operator_has_no_account',
    )
  })
})

describe('renewing', () => {
  test('a renewal lasts as long as before, or as it says, and may change the note', async () => {
    const claim = await acquired(ann, fresh(), { ttl_s: 40, note: 'a' })
    w.clock.advance(30 * SECOND)
    const once = await renews(ann, claim)
    expect(once.status).toBe(200)
    expect(Date.parse(once.body.expires_at) - Date.parse(claim.expires_at)).toBe(30 * SECOND)
    const twice = await renews(ann, claim, { ttl_s: 600, note: 'b' })
    expect(twice.body).toMatchObject({ note: 'b', epoch: claim.epoch })
    expect(Date.parse(twice.body.expires_at) - Date.parse(twice.body.renewed_at)).toBe(600 * SECOND)
    w.clock.advance(500 * SECOND)
    expect((await renews(ann, claim)).status).toBe(200)
    expect((await eventsOf(claim)).map(({ type }) => type)).toEqual(['claim.acquired'])
  })

  test('a renewal of an ended claim, or with another epoch, is refused with claim_lost and the present claim', async () => {
    const claim = await acquired(ann, fresh(), { ttl_s: 10 })
    expect(await renews<Conflict>(ann, { ...claim, epoch: claim.epoch - 1 })).toMatchObject({
      status: 409,
      body: { code: 'claim_lost', claim: { id: claim.id, epoch: claim.epoch } },
    })
    expect(codeOf(await renews(bob, { ...claim, epoch: claim.epoch + 1 }))).toBe('409 claim_lost')
    w.clock.advance(10 * SECOND)
    // Validity is decided by time: its expiry was not announced yet.
    expect(await renews<Conflict>(ann, claim)).toMatchObject({
      status: 409,
      body: { code: 'claim_lost', claim: null },
    })
    const next = await acquired(bob, claim.resource)
    for (const who of [ann, bob])
      expect(await renews<Conflict>(who, claim)).toMatchObject({
        status: 409,
        body: { code: 'claim_lost', claim: { id: next.id, holder: 'bob' } },
      })
  })

  test('only the instance that holds it renews it', async () => {
    const claim = await acquired(ann)
    const other = await another(ann)
    for (const who of [bob, other]) expect(codeOf(await renews(who, claim))).toBe('403 not_holder')
    expect(codeOf(await renews(ann, claim, { instance: 'else' }))).toBe('403 not_holder')
    const named = await acquired(ann, fresh(), { instance: 'worker-1' })
    expect((await renews(ann, named)).status).toBe(200)
    expect((await renews(other, named, { instance: 'worker-1' })).status).toBe(200)
    expect(codeOf(await renews(other, named))).toBe('403 not_holder')
    expect(codeOf(await renews(ann, named, { instance: 'worker-2' }))).toBe('403 not_holder')
  })

  test('a holder who has lost the right to post cannot renew', async () => {
    const dan = await w.agent('dan', { channels: { room: 'member' } })
    const claim = await acquired(dan, fresh(), { channel: 'room' })
    await w.operator.patch(`/v1/admin/memberships/${dan.id}/${room.id}`, { role: 'read_only' })
    expect(codeOf(await renews(dan, claim))).toBe('403 read_only_role')
    await w.leaves(dan, room)
    expect(codeOf(await renews(dan, claim))).toBe('404 claim_not_found')
  })

  test('unknown claims are not found, and invalid ids are told apart', async () => {
    const unknown = '0190f6a1-0000-7000-8000-000000000001'
    for (const path of ['renew', 'release'])
      for (const [id, code] of [
        [unknown, '404 claim_not_found'],
        ['x', '400 invalid_id'],
      ])
        expect(codeOf(await ann.post(`/v1/claims/${id}/${path}`, { epoch: 1 }))).toBe(code ?? '')
    expect(codeOf(await ann.get(`/v1/claims/${unknown}`))).toBe('404 claim_not_found')
    expect(codeOf(await ann.delete(`/v1/claims/${unknown}`))).toBe('404 claim_not_found')
  })
})

describe('releasing', () => {
  test.each(['done', 'declined', 'failed'])('a claim is released with the outcome %s', async (outcome) => {
    const claim = await acquired(ann)
    const { status, body } = await releases(ann, claim, { epoch: claim.epoch, outcome, note: 'so it is' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: claim.id, outcome, note: 'so it is', released_at: expect.any(String) })
    expect(await eventsOf(claim)).toMatchObject([
      { type: 'claim.acquired', claim: { outcome } },
      { type: 'claim.released', forced: false, claim: { outcome }, actor: { handle: 'ann' } },
    ])
    await acquired(bob, claim.resource)
  })

  test('a claim that was released or has expired cannot be released', async () => {
    const claim = await acquired(ann)
    expect(codeOf(await releases(ann, claim, { epoch: claim.epoch - 1 }))).toBe('409 claim_lost')
    expect((await ann.delete(`/v1/claims/${claim.id}?epoch=${claim.epoch}`)).status).toBe(204)
    expect(codeOf(await releases(ann, claim))).toBe('409 claim_lost')
    expect(codeOf(await ann.delete(`/v1/claims/${claim.id}`))).toBe('409 claim_lost')
    const short = await acquired(ann, fresh(), { ttl_s: 10 })
    w.clock.advance(10 * SECOND)
    expect(codeOf(await releases(ann, short))).toBe('409 claim_lost')
  })

  test('others do not release it, admins of the channel and system admins do by force', async () => {
    const boss = await w.agent('boss', { channels: { room: 'admin' }, scopes: ['channel:*:*'] })
    const ops = await w.agent('ops', { channels: {}, scopes: ['admin:*'] })
    const inRoom = await acquired(ann, fresh(), { channel: 'room' })
    const nowhere = await acquired(ann)
    const other = await another(ann)
    const weak = await another(boss)
    for (const who of [bob, other]) expect(codeOf(await releases(who, inRoom))).toBe('403 not_holder')
    expect(codeOf(await releases(weak, inRoom))).toBe('403 missing_scope')
    expect(codeOf(await releases(boss, nowhere))).toBe('403 not_holder')
    expect((await releases(boss, inRoom, { note: 'gone home' })).body).toMatchObject({ note: 'gone home' })
    expect((await releases(ops, nowhere)).status).toBe(200)
    for (const [claim, handle] of [
      [inRoom, 'boss'],
      [nowhere, 'ops'],
    ] as const)
      expect((await eventsOf(claim)).at(-1)).toMatchObject({
        type: 'claim.released',
        forced: true,
        actor: { handle },
      })
    const { body } = await w.operator.get<{ entries: { target_id: string; action: string }[] }>(
      '/v1/admin/audit?action=claim.force_release',
    )
    expect(body.entries.map(({ target_id }) => target_id)).toEqual([nowhere.id, inRoom.id])
  })
})

describe('the end of claims', () => {
  test('the end of a claim that has expired is announced, once', async () => {
    const claim = await acquired(ann, fresh(), { ttl_s: 10 })
    w.clock.advance(10 * SECOND)
    await swept()
    await until('claim.expired', async () => (await eventsOf(claim)).length === 2)
    const [, expired] = await eventsOf(claim)
    expect(expired).toMatchObject({
      type: 'claim.expired',
      actor: null,
      claim: { id: claim.id, released_at: null, outcome: null },
    })
    await acquired(bob, claim.resource)
    expect(await eventsOf(claim)).toHaveLength(2)
  })

  test('claim.expired comes before the next claim.acquired of the resource, also of a directory', async () => {
    const name = `dir-${++names}`
    const one = await acquired(ann, `file:${name}/a`, { ttl_s: 10 })
    const two = await acquired(bob, `file:${name}/b/c`, { ttl_s: 10 })
    w.clock.advance(11 * SECOND)
    const whole = await acquired(ann, `file:${name}/`)
    for (const claim of [one, two]) {
      const [, expired] = await eventsOf(claim)
      expect(expired).toMatchObject({ type: 'claim.expired' })
      expect(expired?.seq).toBeLessThan(whole.epoch)
    }
  })

  test('archiving an account ends its claims', async () => {
    const gone = await w.agent('gone', { channels: { room: 'member' } })
    const [live, expired] = [await acquired(gone), await acquired(gone, fresh(), { ttl_s: 10 })]
    const inRoom = await acquired(gone, fresh(), { channel: 'room' })
    w.clock.advance(20 * SECOND)
    await w.archives(gone)
    for (const claim of [live, inRoom])
      expect((await eventsOf(claim)).at(-1)).toMatchObject({
        type: 'claim.released',
        forced: true,
        actor: null,
      })
    expect((await eventsOf(expired)).at(-1)).toMatchObject({ type: 'claim.expired' })
    await acquired(ann, live.resource)
  })

  test('erasing an account ends its claims and deletes them', async () => {
    const gone = await w.agent('vanishing', { channels: { room: 'member' } })
    const claim = await acquired(gone, fresh(), { note: 'private words' })
    await releases(gone, await acquired(gone))
    using socket = await LiveSocket.open(w.url, ann.credential)
    await socket.subscribe(['*'])
    const erased = await w.operator.post(`/v1/admin/accounts/${gone.id}/erase`, {
      confirm: 'vanishing',
      mode: 'anonymize',
    })
    expect(erased.status, erased.text).toBe(200)
    const event = await socket.next('claim.released')
    expect(JSON.stringify(event)).not.toContain('vanishing')
    expect(
      await w.sql(
        'SELECT epoch FROM claims WHERE account_id NOT IN (SELECT id FROM accounts WHERE erased_at IS NULL)',
      ),
    ).toEqual([])
    expect(codeOf(await ann.get(`/v1/claims/${claim.id}`))).toBe('404 claim_not_found')
    await acquired(ann, claim.resource)
  })

  test('purging messages deletes their claims', async () => {
    const attic = await w.channel('attic')
    await w.joins(ann, attic)
    const { id } = await ann.posts(attic, 'old')
    const claim = await acquired(ann, `message:${id}`)
    await w.operator.post(`/v1/admin/channels/${attic.id}/purge`, { keep: 0 })
    expect(codeOf(await ann.get(`/v1/claims/${claim.id}`))).toBe('404 claim_not_found')
  })

  test('ended claims are kept for 30 days', async () => {
    const claim = await acquired(ann)
    await releases(ann, claim)
    await swept()
    w.clock.advance(29 * DAY)
    await swept()
    expect((await ann.get(`/v1/claims/${claim.id}`)).status).toBe(200)
    w.clock.advance(DAY)
    await until('the claim to go', async () => {
      // The job runs every ten minutes.
      w.clock.advance(10 * MINUTE)
      await swept()
      return (await ann.get(`/v1/claims/${claim.id}`)).status === 404
    })
    // Its events have no claim to show, and are left out.
    expect(await eventsOf(claim)).toEqual([])
  })
})

describe('who sees claims', () => {
  test('claims of a channel are for its readers, claims of none for everyone', async () => {
    const insider = await w.agent('insider', { channels: { den: 'member' } })
    const secret = await acquired(insider, fresh(), { channel: 'den' })
    const open = await acquired(insider)
    const stranger = await w.agent('stranger')
    for (const who of [ann, stranger]) {
      expect(codeOf(await who.get(`/v1/claims/${secret.id}`))).toBe('404 claim_not_found')
      expect(codeOf(await renews(who, secret))).toBe('404 claim_not_found')
      expect(codeOf(await releases(who, secret))).toBe('404 claim_not_found')
      expect(await eventsOf(secret, who)).toEqual([])
      expect((await listed(who, 'holder=insider')).map(({ id }) => id)).toEqual([open.id])
      expect(await eventsOf(open, who)).toHaveLength(1)
    }
    const mate = await w.agent('mate', { channels: { den: 'member' } })
    expect(await eventsOf(secret, mate)).toHaveLength(1)
    expect((await listed(mate, 'holder=insider')).map(({ id }) => id)).toEqual([open.id, secret.id])
  })

  test('a holder who may post and not read sees and releases its own claims there', async () => {
    const writer = await w.agent('writer', { channels: { den: 'member' }, scopes: ['channel:den:post'] })
    const claim = await acquired(writer, fresh(), { channel: 'den' })
    expect((await writer.get(`/v1/claims/${claim.id}`)).status).toBe(200)
    expect((await listed(writer, 'holder=writer')).map(({ id }) => id)).toEqual([claim.id])
    expect((await renews(writer, claim)).status).toBe(200)
    expect((await releases(writer, claim)).status).toBe(200)
  })

  test('in an archived channel claims cannot be seen, and run out by time', async () => {
    const shut = await w.channel('shut')
    await w.joins(ann, shut)
    const claim = await acquired(ann, fresh(), { channel: 'shut' })
    await w.archives(shut)
    expect(codeOf(await renews(ann, claim))).toBe('404 claim_not_found')
    expect(codeOf(await ann.get(`/v1/claims/${claim.id}`))).toBe('404 claim_not_found')
    await w.operator.post(`/v1/admin/channels/${shut.id}/unarchive`)
    expect((await renews(ann, claim)).status).toBe(200)
    await w.archives(shut)
    w.clock.advance(301 * SECOND)
    await swept()
    await w.operator.post(`/v1/admin/channels/${shut.id}/unarchive`)
    await until('claim.expired', async () => (await eventsOf(claim)).length === 2)
  })

  test('sockets get the events, and a renewal as a frame without a place in the log', async () => {
    const resource = fresh()
    using everything = await LiveSocket.open(w.url, bob.credential)
    await everything.subscribe(['*'])
    using other = await LiveSocket.open(w.url, bob.credential)
    await other.subscribe(['room'])
    const claim = await acquired(ann, resource, { channel: 'room' })
    const { body } = await renews(ann, claim, { note: 'more' })
    await releases(ann, claim)
    for (const socket of [everything, other]) {
      expect((await socket.next('claim.acquired')).claim).toEqual(claim)
      const frame = await socket.next('claim.renewed')
      expect(frame).toEqual({
        type: 'claim.renewed',
        channel: 'room',
        claim: body,
        at: expect.any(String),
        actor: { handle: 'ann', kind: 'agent' },
      })
      expect(await socket.next('claim.released')).toMatchObject({ forced: false })
    }
  })

  test('the frame of a claim without a channel goes to everyone who is subscribed to everything', async () => {
    const stranger = await w.agent('far-stranger')
    using socket = await LiveSocket.open(w.url, stranger.credential)
    await socket.subscribe(['*'])
    const claim = await acquired(ann)
    await renews(ann, claim)
    expect(await socket.next('claim.renewed')).toMatchObject({ channel: null, claim: { id: claim.id } })
  })
})

describe('lists', () => {
  test('live claims are listed, newest first, with every filter', async () => {
    const name = `list-${++names}`
    const lister = await w.agent('lister', { channels: { room: 'member' } })
    const a = await acquired(lister, `file:${name}/a`)
    const b = await acquired(lister, `file:${name}/b`, { channel: 'room' })
    const c = await acquired(ann, `file:${name}/c`, { ttl_s: 10 })
    const ids = async (query: string) => (await listed(bob, query)).map(({ id }) => id)
    const prefix = `prefix=file:${name}/`
    expect(await ids(prefix)).toEqual([c.id, b.id, a.id])
    expect(await ids('holder=LISTER')).toEqual([b.id, a.id])
    expect(await ids('holder=nobody')).toEqual([])
    expect(await ids(`${prefix}&channel=room`)).toEqual([b.id])
    expect(await ids(`resource=file:./${name}//a`)).toEqual([a.id])
    await releases(lister, a)
    w.clock.advance(11 * SECOND)
    expect(await ids(prefix)).toEqual([b.id])
    expect(await ids(`${prefix}&include=ended`)).toEqual([c.id, b.id, a.id])
    expect(codeOf(await bob.get('/v1/claims?channel=den'))).toBe('404 channel_not_found')
    expect(codeOf(await bob.get('/v1/claims?resource=nothing'))).toBe('400 invalid_resource')
    expect(codeOf(await bob.get('/v1/claims?cursor=x'))).toBe('400 invalid_cursor')
  })

  test('pages follow each other without gaps or repeats', async () => {
    const name = `page-${++names}`
    const all: string[] = []
    for (let i = 0; i < 7; i++) all.unshift((await acquired(ann, `task:${name}-${i}`)).id)
    const found: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await bob.get<Claims>(`/v1/claims?prefix=task:${name}&limit=3${cursor}`)
      found.push(...body.claims.map(({ id }) => id))
      if (body.next_cursor === null) break
      cursor = `&cursor=${body.next_cursor}`
    }
    expect(found).toEqual(all)
  })

  test('an export contains the claims of the account that its credential reads', async () => {
    const exporter = await w.agent('exporter', { channels: { room: 'member', den: 'member' } })
    const here = await acquired(exporter, fresh(), { channel: 'room' })
    const there = await acquired(exporter, fresh(), { channel: 'den' })
    const plain = await acquired(exporter)
    const narrow = await another(exporter, ['channel:room:read'])
    const idsOf = async (who: Person) =>
      (await who.get('/v1/me/export')).text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; id: string })
        .filter(({ type }) => type === 'claim')
        .map(({ id }) => id)
    expect(await idsOf(exporter)).toEqual([here.id, there.id, plain.id])
    w.clock.advance(2 * MINUTE)
    expect(await idsOf(narrow)).toEqual([here.id, plain.id])
  })
})
