import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { LiveSocket, until } from '../support/sockets'
import {
  type Fields,
  HOUR,
  MINUTE,
  type Person,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { codeOf, issuesOf } from './refusals'

interface Presence {
  readonly handle: string
  readonly state: string
  readonly note: string | null
  readonly since: string | null
  readonly expires_at: string | null
  readonly last_seen_at: string | null
  readonly reachable: {
    readonly stream: boolean
    readonly webhook: string
    readonly last_read_at: string | null
    readonly read_interval_s: number | null
  }
  readonly instances: readonly {
    readonly instance: string
    readonly state: string
    readonly note: string | null
  }[]
}

let w: World
let room: Room
let watcher: Person
let names = 0

beforeAll(async () => {
  w = await world()
  room = await w.channel('room')
  watcher = await w.agent('watcher', { channels: { room: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const fresh = (residency?: string): Promise<Person> => make(`agent-${++names}`, residency)
async function make(handle: string, residency?: string): Promise<Person> {
  const agent = await w.agent(handle, { channels: { room: 'member' } })
  if (residency) await w.operator.patch(`/v1/admin/accounts/${agent.id}`, { residency })
  return agent
}
const says = async (who: Person, state: string, more: Fields = {}): Promise<Presence> => {
  const { status, body, text } = await who.put<Presence>('/v1/presence', { state, ...more })
  expect(status, text).toBe(200)
  return body
}
const seen = async ({ handle }: Person): Promise<Presence | undefined> =>
  (await watcher.get<{ presence: Presence[] }>(`/v1/presence?handle=${handle}`)).body.presence[0]
const stamp = () => new Date(w.clock.now() / 1000).toISOString().replace('Z', '000Z')
/** Lets the sweeper run: it is woken by every commit. */
const swept = () => watcher.posts(room, 'a commit')

describe('what an account says of itself', () => {
  test('a presence has every key', async () => {
    const ann = await fresh()
    const body = await says(ann, 'working', { note: 'reading the diff' })
    const at = stamp()
    const expires_at = new Date(w.clock.now() / 1000 + 120 * SECOND).toISOString().replace('Z', '000Z')
    expect<unknown>(body).toEqual({
      handle: ann.handle,
      kind: 'agent',
      state: 'working',
      note: 'reading the diff',
      since: at,
      expires_at,
      last_seen_at: at,
      residency: 'episodic',
      reachable: { stream: false, webhook: 'off', last_read_at: null, read_interval_s: null },
      instances: [{ instance: ann.tokenId, state: 'working', note: 'reading the diff', expires_at }],
    })
    expect(await seen(ann)).toEqual(body)
  })

  test('a state expires at its time, even before the expiry is announced', async () => {
    const ann = await fresh()
    await says(ann, 'blocked', { ttl_s: 15 })
    w.clock.advance(15 * SECOND - 1)
    expect(await seen(ann)).toMatchObject({ state: 'blocked' })
    w.clock.advance(1)
    expect(await seen(ann)).toMatchObject({ state: 'episodic', since: null, expires_at: null, instances: [] })
  })

  test('a renewal keeps since, another state begins anew', async () => {
    const ann = await fresh()
    const { since } = await says(ann, 'working')
    w.clock.advance(30 * SECOND)
    expect(await says(ann, 'working', { note: 'more' })).toMatchObject({ since, note: 'more' })
    expect((await says(ann, 'waiting')).since).toBe(stamp())
  })

  test('of several instances the first of blocked, waiting, working, idle counts, with its note', async () => {
    const ann = await fresh()
    const state = async (instance: string, word: string) =>
      (await says(ann, word, { instance, note: `note of ${instance}` })).state
    expect(await state('a', 'idle')).toBe('idle')
    expect(await state('b', 'working')).toBe('working')
    expect(await state('c', 'waiting')).toBe('waiting')
    expect(await state('d', 'blocked')).toBe('blocked')
    expect(await seen(ann)).toMatchObject({ note: 'note of d', instances: [{}, {}, {}, {}] })
    expect(await says(ann, 'offline', { instance: 'd' })).toMatchObject({
      state: 'waiting',
      note: 'note of c',
    })
    expect((await ann.delete('/v1/presence?instance=c')).status).toBe(204)
    expect((await seen(ann))?.state).toBe('working')
    expect((await ann.delete('/v1/presence')).status).toBe(204)
    expect(await seen(ann)).toMatchObject({ state: 'episodic', instances: [] })
  })

  test('an account has at most 32 instances', async () => {
    const ann = await fresh()
    for (let i = 0; i < 32; i++) await says(ann, 'idle', { instance: `i${i}`, ttl_s: i === 0 ? 15 : 120 })
    expect(codeOf(await ann.put('/v1/presence', { state: 'idle', instance: 'more' }))).toBe(
      '403 quota_exceeded',
    )
    await says(ann, 'working', { instance: 'i5' })
    w.clock.advance(16 * SECOND)
    await says(ann, 'idle', { instance: 'more' })
  })

  test('a request with a value out of bounds is refused', async () => {
    const ann = await fresh()
    const put = (body: Fields) => ann.put('/v1/presence', body)
    for (const ttl_s of [14, 3601])
      expect(issuesOf(await put({ state: 'idle', ttl_s }))[0]).toContain('ttl_s')
    expect(issuesOf(await put({ state: 'asleep' }))[0]).toContain('body.state')
    expect(issuesOf(await put({}))[0]).toContain('body.state')
    expect(issuesOf(await put({ state: 'idle', note: 'x'.repeat(501) }))[0]).toContain('note')
    for (const query of ['', '?channel=room&handle=watcher'])
      expect(issuesOf(await ann.get(`/v1/presence${query}`))).toEqual(['value_error query.channel'])
  })

  test('a lease survives a restart', async () => {
    const ann = await fresh()
    const said = await says(ann, 'waiting', { note: 'for a decision' })
    await w.restart()
    expect(await seen(ann)).toMatchObject({ state: 'waiting', note: 'for a decision', since: said.since })
  })
})

describe('what the server observes', () => {
  test('a read makes an account idle for a minute, or for three of its usual intervals', async () => {
    const ann = await fresh('continuous')
    expect((await seen(ann))?.state).toBe('offline')
    await ann.reads(room)
    expect(await seen(ann)).toMatchObject({
      state: 'idle',
      reachable: { last_read_at: stamp(), read_interval_s: null },
    })
    w.clock.advance(59 * SECOND)
    expect((await seen(ann))?.state).toBe('idle')
    w.clock.advance(SECOND)
    expect((await seen(ann))?.state).toBe('offline')
    await ann.reads(room)
    expect((await seen(ann))?.reachable.read_interval_s).toBe(60)
    w.clock.advance(179 * SECOND)
    expect((await seen(ann))?.state).toBe('idle')
    w.clock.advance(SECOND)
    expect((await seen(ann))?.state).toBe('offline')
  })

  test('requests that only write are no reads', async () => {
    const ann = await fresh('continuous')
    await ann.posts(room, 'hello')
    expect(await seen(ann)).toMatchObject({ state: 'offline', reachable: { last_read_at: null } })
  })

  test('reads are known after a restart', async () => {
    const ann = await fresh('continuous')
    await ann.reads(room)
    w.clock.advance(40 * SECOND)
    await ann.reads(room)
    await w.restart()
    expect(await seen(ann)).toMatchObject({ state: 'idle', reachable: { read_interval_s: 40 } })
  })

  test('an open stream makes an account idle, and is shown', async () => {
    const ann = await fresh('continuous')
    const socket = await LiveSocket.open(w.url, ann.credential)
    await socket.next('hello')
    w.clock.advance(HOUR)
    expect(await seen(ann)).toMatchObject({ state: 'idle', reachable: { stream: true } })
    socket.close()
    await until('the socket to be gone', async () => {
      // Over Postgres, streams are shared with other processes every ten seconds.
      w.clock.advance(10 * SECOND)
      await swept()
      const { state, reachable } = (await seen(ann)) ?? {}
      return state === 'offline' && reachable?.stream === false
    })
  })

  test('an episodic account is called so for a day after it was seen, a continuous one is offline', async () => {
    const [visitor, resident] = [await fresh('episodic'), await fresh('continuous')]
    for (const who of [visitor, resident]) await who.posts(room, 'hello')
    w.clock.advance(23 * HOUR)
    expect((await seen(visitor))?.state).toBe('episodic')
    expect((await seen(resident))?.state).toBe('offline')
    w.clock.advance(HOUR)
    expect((await seen(visitor))?.state).toBe('offline')
  })

  test('archiving ends what an account said, and erasing deletes what was observed of it', async () => {
    const [archived, erased] = [await fresh(), await fresh()]
    for (const who of [archived, erased]) {
      await who.reads(room)
      await says(who, 'working')
    }
    await w.archives(archived)
    await w.operator.post(`/v1/admin/accounts/${erased.id}/erase`, {
      confirm: erased.handle,
      mode: 'anonymize',
    })
    expect(await seen(archived)).toMatchObject({ state: 'offline', instances: [] })
    const left = await w.sql(
      `SELECT 1 FROM presence JOIN accounts ON accounts.id = account_id WHERE archived_at IS NOT NULL
       UNION ALL SELECT 1 FROM observations JOIN accounts ON accounts.id = account_id WHERE erased_at IS NOT NULL`,
    )
    expect(left).toEqual([])
  })
})

describe('who sees presence', () => {
  test('the readers of a channel see its members, by handle', async () => {
    const pair = await w.channel(`pair-${++names}`)
    const [one, two] = [await fresh(), await fresh()]
    for (const who of [one, two]) await w.joins(who, pair)
    await says(one, 'working')
    const { body } = await two.get<{ presence: Presence[] }>(`/v1/presence?channel=${pair.slug}`)
    expect(body.presence.map(({ handle, state }) => [handle, state])).toEqual(
      [
        [one.handle, 'working'],
        [two.handle, 'idle'],
      ].toSorted(),
    )
    expect(codeOf(await watcher.get(`/v1/presence?channel=${pair.slug}`))).toBe('403 not_a_member')
    expect(codeOf(await watcher.get('/v1/presence?channel=nowhere'))).toBe('404 channel_not_found')
  })

  test('accounts that share no channel with the caller are not found', async () => {
    const stranger = await w.agent(`stranger-${++names}`)
    expect(codeOf(await watcher.get(`/v1/presence?handle=${stranger.handle}`))).toBe('404 account_not_found')
    expect(codeOf(await watcher.get('/v1/presence?handle=nobody'))).toBe('404 account_not_found')
  })

  test('the lists of members and of accounts show it, and so does the profile', async () => {
    const ann = await fresh()
    const said = await says(ann, 'blocked', { note: 'no access' })
    const members = await watcher.get<{ members: { handle: string; presence: Presence }[] }>(
      '/v1/channels/room/members',
    )
    expect(members.body.members.find(({ handle }) => handle === ann.handle)?.presence).toEqual(said)
    const accounts = await watcher.get<{ accounts: { presence: Presence }[] }>(`/v1/accounts?q=${ann.handle}`)
    expect(accounts.body.accounts[0]?.presence).toEqual(said)
    const profile = await watcher.get<{ presence: Presence }>(`/v1/accounts/${ann.handle}`)
    expect(profile.body.presence).toEqual(said)
    const all = await w.operator.get<{ handle: string; presence: Presence }[]>('/v1/admin/accounts')
    expect(all.body.find(({ handle }) => handle === ann.handle)?.presence).toEqual(said)
  })
})

describe('frames', () => {
  /** A socket of the watcher, and the frames about one account that it has got. */
  const watching = async (who: Person) => {
    const socket = await LiveSocket.open(w.url, watcher.credential)
    await socket.subscribe(['*'])
    const about = () =>
      socket.frames
        .filter(({ type }) => type.startsWith('presence.'))
        .map(({ type, presence }) => ({ type, ...(presence as Presence) }))
        .filter(({ handle }) => handle === who.handle)
        .map(({ type, state, note }) => [type, state, note])
    return { socket, about, [Symbol.dispose]: () => socket.close() }
  }
  const arrives = async (about: () => unknown[], count: number) => {
    await until(`${count} frames`, () => {
      // A second must pass between two frames.
      w.clock.advance(SECOND)
      return about().length >= count
    })
  }

  test('accounts that share a channel get a frame when an account comes, changes and goes', async () => {
    const ann = await fresh('continuous')
    const stranger = await w.agent(`stranger-${++names}`)
    using far = await LiveSocket.open(w.url, stranger.credential)
    await far.subscribe(['*'])
    using near = await watching(ann)
    await says(ann, 'working', { note: 'one', ttl_s: 3600 })
    await arrives(near.about, 1)
    await says(ann, 'waiting', { note: 'two', ttl_s: 3600 })
    await arrives(near.about, 2)
    await ann.delete('/v1/presence')
    await arrives(near.about, 3)
    expect(near.about()).toEqual([
      ['presence.online', 'working', 'one'],
      ['presence.updated', 'waiting', 'two'],
      ['presence.offline', 'offline', null],
    ])
    await far.ask({ type: 'ping' })
    expect(JSON.stringify(far.frames)).not.toContain(ann.handle)
  })

  test('a renewal that changes nothing sends no frame', async () => {
    const ann = await fresh('continuous')
    using near = await watching(ann)
    await says(ann, 'working', { note: 'one', ttl_s: 3600 })
    await arrives(near.about, 1)
    await says(ann, 'working', { note: 'one', ttl_s: 3000 })
    await says(ann, 'blocked', { note: 'last', ttl_s: 3600 })
    await arrives(near.about, 2)
    expect(near.about().map(([, state]) => state)).toEqual(['working', 'blocked'])
  })

  test('there is at most one frame a second about an account, with its last state', async () => {
    const ann = await fresh('continuous')
    using near = await watching(ann)
    await says(ann, 'idle', { ttl_s: 3600 })
    await until('the first', () => near.about().length === 1)
    for (let i = 0; i < 20; i++)
      await says(ann, i % 2 === 0 ? 'working' : 'blocked', { note: String(i), ttl_s: 3600 })
    expect(near.about()).toHaveLength(1)
    await arrives(near.about, 2)
    expect(near.about().at(-1)).toEqual(['presence.updated', 'blocked', '19'])
  })

  test('an expired lease sends a frame', async () => {
    const ann = await fresh('continuous')
    using near = await watching(ann)
    await says(ann, 'working', { ttl_s: 3600 })
    await arrives(near.about, 1)
    w.clock.advance(HOUR)
    await swept()
    await arrives(near.about, 2)
    expect(near.about().at(-1)).toEqual(['presence.offline', 'offline', null])
  })

  test('a stream that opens or closes sends a frame', async () => {
    const ann = await fresh('continuous')
    using near = await watching(ann)
    const socket = await LiveSocket.open(w.url, ann.credential)
    await socket.next('hello')
    await arrives(near.about, 1)
    w.clock.advance(2 * MINUTE)
    socket.close()
    await arrives(near.about, 2)
    expect(near.about()).toEqual([
      ['presence.online', 'idle', null],
      ['presence.offline', 'offline', null],
    ])
  })

  test('a socket for named channels gets the presence of their members alone', async () => {
    const ann = await fresh('continuous')
    const other = await w.channel(`other-${++names}`)
    await w.joins(watcher, other)
    using elsewhere = await LiveSocket.open(w.url, watcher.credential)
    await elsewhere.subscribe([other.slug])
    using here = await LiveSocket.open(w.url, watcher.credential)
    await here.subscribe([room.slug])
    await says(ann, 'working')
    expect(await here.next('presence.online')).toMatchObject({
      channel: null,
      presence: { handle: ann.handle },
      actor: { handle: ann.handle, kind: 'agent' },
    })
    await elsewhere.ask({ type: 'ping' })
    expect(JSON.stringify(elsewhere.frames)).not.toContain(ann.handle)
  })

  test('a socket can say what its account does', async () => {
    const ann = await fresh()
    using socket = await LiveSocket.open(w.url, ann.credential)
    const answer = await socket.ask({
      type: 'presence',
      state: 'working',
      note: 'over the socket',
      ttl_s: 60,
    })
    expect(answer).toMatchObject({
      type: 'presence',
      presence: { state: 'working', note: 'over the socket' },
    })
    expect(await seen(ann)).toMatchObject({ state: 'working', instances: [{ instance: ann.tokenId }] })
    socket.say({ type: 'presence', id: 7, state: 'asleep' })
    expect(await socket.next('error')).toMatchObject({ id: 7, code: 'invalid_frame' })
  })
})

describe('@here', () => {
  test('it stands for members with a live lease or an open stream', async () => {
    const [leased, streaming, reading, away] = [await fresh(), await fresh(), await fresh(), await fresh()]
    const outside = await w.agent(`outside-${++names}`)
    await says(outside, 'working')
    await says(leased, 'idle', { ttl_s: 15 })
    await reading.reads(room)
    using socket = await LiveSocket.open(w.url, streaming.credential)
    await socket.next('hello')
    const named = async () => {
      const { mentioned_handles } = await watcher.posts(room, 'Anyone @here?')
      const all = [leased, streaming, reading, away, outside].map(({ handle }) => handle)
      return mentioned_handles.filter((handle) => all.includes(handle)).toSorted()
    }
    expect(await named()).toEqual([leased.handle, streaming.handle].toSorted())
    w.clock.advance(15 * SECOND)
    expect(await named()).toEqual([streaming.handle])
  })
})
