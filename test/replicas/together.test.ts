import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Bus } from '../../src/hub'
import { openPostgresBus, openRedisBus } from '../../src/hub'
import { addressOf } from '../../src/store/postgres/address'
import { connectorOf } from '../../src/store/postgres/connect'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { redisMissing, startRedis } from '../support/redis'
import { EventStream, LiveSocket, until } from '../support/sockets'
import { Cluster } from './cluster'

setDefaultTimeout(120_000)

interface Posted {
  readonly id: string
  readonly seq: number
  readonly cursor: string
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe.skipIf(postgresMissing)('three replicas act as one server', () => {
  let cluster: Cluster
  let ann: string
  beforeAll(async () => {
    cluster = await Cluster.start({ database: await (await sharedPostgres()).createDatabase() })
    for (const slug of ['plans', 'other']) await cluster.server(0).room(slug)
    ann = await cluster.server(1).agent('ann', 'plans', 'other')
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  const as = (i: number, token = ann) => cluster.server(i).as(token)
  const post = async (i: number, body: string, channel = 'plans', token = ann): Promise<Posted> => {
    const answer = await as(i, token).post<Posted>('/v1/messages', { channel, body })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer.body
  }

  /** Another token of an account, with these scopes. */
  const tokenOf = async (account_handle: string, ...scopes: string[]) => {
    const { operator } = cluster.server(0)
    return (await operator.post<{ token: string }>('/v1/admin/tokens', { account_handle, scopes })).body.token
  }

  test('everything created through one replica is on all of them at once', async () => {
    await cluster.server(2).room('made')
    const token = await cluster.server(0).agent('maker', 'made')
    expect((await as(1, token).post('/v1/messages', { channel: 'made', body: 'hello' })).status).toBe(201)
    const page = await as(2, token).get<{ messages: { body: string }[] }>('/v1/messages?channel=made')
    expect(page.body.messages.map(({ body }) => body)).toEqual(['hello'])
  })

  test('a client that writes through one replica can read it through any other', async () => {
    for (let n = 0; n < 30; n++) {
      const { seq } = await post(n % 3, `own ${n}`)
      const page = await as((n + 1) % 3).get<{ messages: Posted[] }>(
        '/v1/messages?channel=plans&order=desc&limit=1',
      )
      expect(page.body.messages[0]?.seq).toBe(seq)
    }
  })

  test('a changed name and a reply show on all replicas', async () => {
    const root = await post(0, 'before the change')
    type Messages = { messages: { seq: number; sender_display_name: string; reply_count: number }[] }
    type Events = { events: { seq: number; message?: { sender_display_name: string } }[] }
    const read = async (i: number) => {
      const since = `channel=plans&since=${root.cursor.replaceAll('=', '')}`
      const page = await as(i).get<Messages>('/v1/messages?channel=plans&order=desc&limit=5')
      const events = await as(i).get<Events>(`/v1/events?${since}`)
      return {
        root: page.body.messages.find(({ seq }) => seq === root.seq),
        told: events.body.events.map(({ message }) => message?.sender_display_name),
      }
    }
    await post(0, 'told')
    for (const i of [0, 1, 2]) await read(i)
    for (const [by, name] of ['Ann One', 'Ann Two', 'Ann Three'].entries()) {
      expect((await as(by).patch('/v1/me', { display_name: name })).status).toBe(200)
      await as(by).post('/v1/messages', { channel: 'plans', body: name, reply_to: root.id })
      for (const i of [0, 1, 2]) {
        const { root: shown, told } = await read(i)
        expect(shown).toMatchObject({ sender_display_name: name, reply_count: by + 1 })
        expect(new Set(told)).toEqual(new Set([name]))
      }
    }
  })

  test('a post on one replica reaches sockets, streams and long polls of the others, in one order', async () => {
    const { cursor } = await post(0, 'before')
    using socket = await LiveSocket.open(cluster.server(1).url, bearer(ann))
    await socket.subscribe(['plans'])
    using stream = await EventStream.open(cluster.server(2).url, bearer(ann), { query: '?channels=plans' })
    const held = as(1).get<{ messages: Posted[] }>(`/v1/messages?channel=plans&since=${cursor}&wait=10`)
    await Bun.sleep(50)
    const posted: number[] = []
    for (let n = 0; n < 20; n++) posted.push((await post(n % 3, `live ${n}`)).seq)
    expect((await held).body.messages[0]?.seq).toBe(posted[0])
    await until('all on the socket', () => socket.events.length >= 20)
    await until('all on the stream', () => stream.events.length >= 20)
    expect(socket.events.map(({ seq }) => seq)).toEqual(posted)
    expect(stream.events.map(({ seq }) => seq)).toEqual(posted)
  })

  test('an event is identical on every replica', async () => {
    using there = await LiveSocket.open(cluster.server(0).url, bearer(ann))
    using elsewhere = await LiveSocket.open(cluster.server(1).url, bearer(ann))
    for (const socket of [there, elsewhere]) await socket.subscribe(['plans'])
    const { seq } = await post(0, 'the same, @ann')
    for (const socket of [there, elsewhere])
      await until('the event', () => socket.events.some((e) => e.seq === seq))
    const text = (socket: LiveSocket) => socket.texts.find((frame) => frame.includes(`"seq":${seq},`))
    expect(text(elsewhere)).toBe(text(there) ?? '')
  })

  test('a cursor of one replica is valid on all of them, even before its event has arrived there', async () => {
    for (let n = 0; n < 20; n++) {
      const { cursor } = await post(0, `cursor ${n}`)
      const events = as(1 + (n % 2)).get<{ events: unknown[] }>(`/v1/events?channels=plans&since=${cursor}`)
      expect((await events).body.events).toEqual([])
    }
  })

  test('a token revoked through one replica is refused on all of them, and its streams end within a second', async () => {
    const { body } = await cluster
      .server(0)
      .operator.post<{ token: string }>('/v1/admin/onboard', { handle: 'bob', channels: ['plans'] })
    const bob = bearer(body.token)
    for (const i of [0, 1, 2]) expect((await as(i, body.token).get('/v1/auth/me')).status).toBe(200)
    const tokens = await cluster.server(0).operator.get<{ id: string }[]>('/v1/admin/tokens?account=bob')
    using socket = await LiveSocket.open(cluster.server(1).url, bob)
    await socket.subscribe(['plans'])
    const revoked = await cluster.server(2).operator.post(`/v1/admin/tokens/${tokens.body[0]?.id}/revoke`)
    expect(revoked.status).toBeLessThan(300)
    for (const i of [0, 1, 2]) {
      expect((await as(i, body.token).post('/v1/messages', { channel: 'plans', body: 'late' })).status).toBe(
        401,
      )
      expect((await as(i, body.token).get('/v1/messages?channel=plans')).status).toBe(401)
    }
    expect(await socket.closedWithin(1000)).toBeDefined()
  })

  test('a rotated token and its streams end on all replicas when the grace period is over', async () => {
    const { body } = await cluster
      .server(0)
      .operator.post<{ token: string }>('/v1/admin/onboard', { handle: 'ivy', channels: ['plans'] })
    for (const i of [0, 1, 2]) expect((await as(i, body.token).get('/v1/auth/me')).status).toBe(200)
    using socket = await LiveSocket.open(cluster.server(1).url, bearer(body.token))
    const rotated = await as(2, body.token).post<{ token: string }>('/v1/auth/rotate', { grace_s: 1 })
    for (const i of [0, 1, 2]) expect((await as(i, rotated.body.token).get('/v1/auth/me')).status).toBe(200)
    expect(await socket.closedWithin(4000)).toMatchObject({ reason: 'expired' })
    for (const i of [0, 1, 2]) expect((await as(i, body.token).get('/v1/auth/me')).status).toBe(401)
  })

  test('impersonation works through any replica until the token is revoked through one', async () => {
    const { operator } = cluster.server(0)
    await operator.post('/v1/admin/accounts', { kind: 'agent', handle: 'bridge' })
    const issued = await operator.post<{ id: string; token: string }>('/v1/admin/tokens', {
      account_handle: 'bridge',
      scopes: ['channel:*:read', 'channel:*:post'],
      actors: ['ann'],
    })
    const claim = { 'x-synapse-actor': 'ann' }
    using socket = await LiveSocket.open(cluster.server(1).url, bearer(issued.body.token), { headers: claim })
    await socket.subscribe(['plans'])
    const sent = { channel: 'plans', body: 'in her name' }
    for (const i of [0, 1, 2])
      expect((await as(i, issued.body.token).post('/v1/messages', sent, claim)).status).toBe(201)
    await cluster.server(2).operator.post(`/v1/admin/tokens/${issued.body.id}/revoke`)
    for (const i of [0, 1, 2])
      expect((await as(i, issued.body.token).post('/v1/messages', sent, claim)).status).toBe(401)
    expect(await socket.closedWithin(1000)).toBeDefined()
  })

  test('a pairing code is redeemed once over all replicas, which share the limit of ten attempts', async () => {
    const { operator } = cluster.server(0)
    const made = { device: 'phone', account_handle: 'ann' }
    const { body } = await operator.post<{ code: string; typed_code: string }>('/v1/admin/devices', made)
    const redeem = (i: number, code: string) => as(i).post<{ code?: string }>('/v1/pair/redeem', { code })
    const answers = await Promise.all([0, 1, 2].map((i) => redeem(i, i === 1 ? body.typed_code : body.code)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 410, 410])
    const more = await Promise.all(Array.from({ length: 9 }, (_, n) => redeem(n % 3, 'AAAA-AAAAAAAA')))
    expect(more.map(({ status }) => status).sort()).toEqual([...Array(7).fill(404), 429, 429])
  })

  test('a retry key is valid on all replicas', async () => {
    const request = { channel: 'plans', body: 'once', client_msg_id: 'the-same' }
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => as(n % 3).post<Posted>('/v1/messages', request)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(201))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
  })

  test('many writers through all replicas make one log without a gap', async () => {
    const bodies = Array.from({ length: 300 }, (_, n) => `crowd ${n}`)
    await Promise.all(bodies.map((body, n) => post(n % 3, body, n % 2 ? 'plans' : 'other')))
    const log = await cluster.log()
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, i) => i + 1))
  })

  test('a setting changed through one replica applies on all of them with the next request', async () => {
    for (const [n, seconds] of [11, 12, 13, 14, 15, 16].entries()) {
      const { status } = await cluster.server(n % 3).operator.put('/v1/config/wait.max_s', { value: seconds })
      expect(status).toBe(200)
      for (const other of [1, 2, 0]) {
        const { body } = await as((n + other) % 3).get<{ limits: { wait_seconds: number } }>('/v1/server')
        expect(body.limits.wait_seconds).toBe(seconds)
      }
    }
    await cluster.server(0).operator.delete('/v1/config/wait.max_s')
    const [one, other] = [cluster.server(1), cluster.server(2)]
    await one.operator.put('/v1/config/quota.channels', { value: 1 })
    expect((await other.operator.post('/v1/admin/channels', { slug: 'much', name: 'much' })).status).toBe(403)
    await other.operator.delete('/v1/config/quota.channels')
    expect((await one.operator.post('/v1/admin/channels', { slug: 'much', name: 'much' })).status).toBe(201)
  })

  test('rights that members of a channel change through one replica hold on all of them', async () => {
    const { operator } = cluster.server(0)
    await cluster.server(0).room('club')
    const chief = await cluster.server(0).agent('chief', 'club')
    await cluster.server(1).agent('joan', 'plans')
    const joan = await tokenOf('joan', 'channel:*:read')
    const channels = await operator.get<{ id: string; slug: string }[]>('/v1/admin/channels')
    const club = channels.body.find(({ slug }) => slug === 'club')
    type Bodies = { messages: { body: string }[] }
    const heard = async (i: number) => {
      const { status, body } = await as(i, joan).get<Bodies>('/v1/messages?channel=club')
      return status === 200 ? body.messages.map((message) => message.body) : status
    }
    for (const i of [0, 1, 2]) expect(await heard(i)).toBe(403)
    await post(0, 'early', 'club', chief)
    expect((await as(1, joan).post('/v1/channels/club/join')).status).toBe(200)
    for (const i of [0, 1, 2]) expect(await heard(i)).toEqual(['early'])
    for (const [i, history] of ['joined', null, 'joined'].entries()) {
      const { status } = await cluster
        .server(i)
        .operator.patch(`/v1/admin/channels/${club?.id}`, { settings: { history } })
      expect(status).toBe(200)
      for (const other of [1, 2, 0]) expect(await heard((i + other) % 3)).toEqual(history ? [] : ['early'])
    }
    expect((await as(2, joan).post('/v1/channels/club/leave')).status).toBe(204)
    for (const i of [0, 1, 2]) expect(await heard(i)).toBe(403)
  })

  test('a direct channel opened through one replica is heard on the others from its first message', async () => {
    await cluster.server(1).agent('kay', 'plans')
    const kay = await tokenOf('kay', 'channel:*:read')
    const eye = await tokenOf('kay', 'channel:*:read', 'inbox:*:read')
    const talker = await tokenOf('ann', 'dm:*:*')
    using socket = await LiveSocket.open(cluster.server(1).url, bearer(kay))
    await socket.subscribe(['*'], { types: ['message.*'] })
    using observer = await LiveSocket.open(cluster.server(2).url, bearer(eye))
    await observer.subscribe(['*'])
    const opened = await Promise.all(
      [0, 1, 2].map((i) => as(i, talker).post<{ slug: string }>('/v1/dms', { handle: 'kay' })),
    )
    expect(opened.map(({ status }) => status).sort()).toEqual([200, 200, 201])
    const { slug = '' } = opened[0]?.body ?? {}
    const { seq } = await post(0, 'hello kay', slug, talker)
    expect(await socket.next('message.created')).toMatchObject({ seq, channel: slug })
    await cluster.server(0).room('fresh')
    await observer.arrivals.next(
      (frame) => frame.type === 'channel.created' && frame.channel === 'fresh',
      'it',
    )
  })

  test('simultaneous writes through all replicas all succeed, without a deadlock', async () => {
    const acts = Array.from({ length: 60 }, (_, n) =>
      n % 2
        ? cluster
            .server(n % 3)
            .operator.post('/v1/admin/onboard', { handle: `new-${n % 5}`, channels: ['plans', 'other'] })
        : post(n % 3, `among acts ${n}`).then(() => ({ status: 201 })),
    )
    expect((await Promise.all(acts)).map(({ status }) => status)).toEqual(Array(60).fill(201))
  })
})

test.skipIf(postgresMissing)(
  'the number of attempts at a password does not grow with the number of replicas',
  async () => {
    await using cluster = await Cluster.start({
      database: await (await sharedPostgres()).createDatabase(),
      size: 2,
      settings: { SYNAPSE_RATE_LOGIN: '4/300' },
    })
    const statuses: number[] = []
    for (let n = 0; n < 8; n++) {
      const request = { handle: 'nobody', password: 'wrong' }
      statuses.push(
        (
          await cluster
            .server(n % 2)
            .as('')
            .post('/v1/auth/login', request)
        ).status,
      )
    }
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429, 429, 429])
  },
)

describe.skipIf(postgresMissing)('the bus', () => {
  const buses: [string, (listener: (topic: string, text: string) => void, url: string) => Bus][] = [
    ['postgres', (listener, url) => openPostgresBus(connectorOf(addressOf(url), false), listener, () => {})],
    ...(redisMissing
      ? []
      : ([['redis', (listener, url) => openRedisBus(url, listener, () => {})]] as [
          string,
          (listener: (topic: string, text: string) => void, url: string) => Bus,
        ][])),
  ]

  test.each(buses)(
    'the bus over %s carries hints and short texts to all other replicas, each once',
    async (name, open) => {
      await using redis = name === 'redis' ? await startRedis() : undefined
      const url = redis?.url ?? (await (await sharedPostgres()).createDatabase())
      const heard: string[][] = [[], [], []]
      const members = heard.map((texts) => open((topic, text) => texts.push(`${topic} ${text}`), url))
      try {
        await until('everybody to listen', () => {
          for (const member of members.slice(0, 2)) member.send('live', 'is anybody there?')
          return heard.every((texts) => texts.length > 0)
        })
        const long = 'ü'.repeat(3950)
        members[1]?.send('live', long)
        members[1]?.send('log', '41')
        members[1]?.send('log', '42')
        await until('the last', () => heard[2]?.includes('log 42') && heard[0]?.includes('log 42'))
        await until(
          'the long one',
          () => heard[2]?.includes(`live ${long}`) && heard[0]?.includes(`live ${long}`),
        )
        // The last of the questions may arrive late.
        const told = heard.map((texts) => texts.filter((text) => text !== 'live is anybody there?'))
        expect(told[1]).toEqual([])
        expect(told[0]?.filter((text) => text.startsWith('live'))).toHaveLength(1)
        expect(() => members[1]?.send('live', 'x'.repeat(7901))).toThrow(RangeError)
      } finally {
        for (const member of members) await member.close()
      }
    },
  )

  test('a bus that does not answer delays events of other replicas by a second and loses none', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    await using cluster = await Cluster.start({ database, size: 2, bus: 'redis://127.0.0.1:1' })
    await cluster.server(0).room('plans')
    const token = await cluster.server(0).agent('ann', 'plans')
    using socket = await LiveSocket.open(cluster.server(1).url, bearer(token))
    await socket.subscribe(['plans'])
    for (let n = 0; n < 5; n++)
      await cluster
        .server(0)
        .as(token)
        .post('/v1/messages', { channel: 'plans', body: `${n}` })
    await until('the messages', () => socket.events.length === 5, 10_000)
    expect(socket.events.map(({ message }) => (message as unknown as { body: string }).body)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
    ])
  })
})
