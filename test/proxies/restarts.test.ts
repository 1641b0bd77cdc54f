import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  Chance,
  everythingReadable,
  overLongPolls,
  overMultiplexed,
  overPolls,
  overStream,
  postUntilAcked,
  Reader,
  type Scene,
  speaker,
} from '../live/crowd'
import { bodyOf, judge, Ledger, logOf } from '../support/ledger'
import { Site } from '../support/process'
import { until } from '../support/sockets'
import { Fronts, type Way, ways } from './fronts'
import { ask, dial } from './session'

// A server is stopped, killed and started under load.
setDefaultTimeout(60_000)

const ROOM = 'room'
const here = ways.filter(({ isThere }) => isThere)

test.skipIf(here.length === 0)(
  'while the server restarts nothing is lost or doubled behind any proxy, and readers go on where they were',
  async () => {
    await using fronts = new Fronts()
    await using site = new Site()
    const settings = {
      SYNAPSE_PORT: fronts.port,
      SYNAPSE_LOG_LEVEL: 'warning',
      SYNAPSE_STREAMS_PER_ACCOUNT: '100',
    }
    let server = await site.start(settings)
    await server.room(ROOM)
    const token = await server.agent('bob', ROOM)
    const { body: start } = await server.as(token).get<{ head_cursor: string }>('/v1/server')
    await fronts.start()

    const crowd = new Crowd(fronts, token, start.head_cursor)
    const failed = Promise.all(here.map((way) => crowd.come(way)))
    failed.catch(() => {})
    for (const end of ['stop', 'kill'] as const) {
      await Promise.race([failed, crowd.progress(20)])
      await server[end]()
      const asked = here.map(async (way) => ({
        way,
        ...(await fronts.caller(way, token).get('/v1/auth/me')),
      }))
      // HAProxy lets requests wait that it could not hand over.
      const atOnce = asked.filter((_, i) => here[i]?.name !== 'HAProxy')
      for (const { way, status } of await Promise.all(atOnce)) expect(status, way.name).toBe(502)
      server = await site.start(settings)
      for (const { way, status } of await Promise.all(asked))
        if (way.name === 'HAProxy') expect([200, 503]).toContain(status)
    }
    await Promise.race([failed, crowd.progress(20)])
    await crowd.leave()
    await failed
    const readable = await everythingReadable(server.as(token))
    const wrong = judge(crowd.ledger.entries, { log: logOf(site.paths.database), readable })
    expect({ seed: crowd.chance.seed, wrong: wrong.slice(0, 20) }).toEqual({
      seed: crowd.chance.seed,
      wrong: [],
    })
    expect(await server.stop()).toBe(0)
  },
)

describe('a post that was sent once', () => {
  const stack = new AsyncDisposableStack()
  let fronts: Fronts
  let posts = 0

  beforeAll(async () => {
    fronts = stack.use(new Fronts())
    // Answers, keeps the connection, and is gone when it has read a post.
    const listener = Bun.listen({
      hostname: '127.0.0.1',
      port: Number(fronts.port),
      socket: {
        data: (socket, bytes) => {
          const text = bytes.toString()
          if (text.startsWith('GET ')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
          if (text.startsWith('POST ')) posts++
          if (text.includes('the whole body')) socket.end()
        },
      },
    })
    stack.defer(() => listener.stop(true))
    await fronts.start()
  })
  afterAll(() => stack.disposeAsync())

  for (const way of ways)
    test.skipIf(!way.isThere)(`is not sent again by ${way.name}, over ${way.protocol}`, async () => {
      const front = fronts.at(way.name)
      const caller = fronts.caller(way, 'token')
      const session = way.protocol === 'http2' ? await dial(front) : undefined
      const body = 'the whole body'
      const answers = async (method: 'GET' | 'POST') => {
        if (session)
          return await ask(session, { ':method': method, ':path': '/' }, method === 'POST' ? body : '')
        const answer = caller.fetch('/', { method, ...(method === 'POST' ? { body } : {}) })
        return await answer.then(
          ({ status }) => status,
          () => undefined,
        )
      }
      for (const _ of [1, 2]) {
        expect(await answers('GET')).toBe(200)
        const before = posts
        // HAProxy breaks off instead, on a connection that it has answered on: trying again is left to the client.
        expect([502, ...(way.name === 'HAProxy' ? [undefined] : [])]).toContain(await answers('POST'))
        expect(posts).toBe(before + 1)
      }
      session?.destroy()
    })
})

/** People at every proxy: some post with retry keys, some without, some read in every way there is. */
class Crowd {
  readonly ledger = new Ledger()
  readonly chance = new Chance()
  private readonly credential: Readonly<Record<string, string>>
  private readonly over = Promise.withResolvers<void>()
  private phase: 'writing' | 'ending' | 'over' = 'writing'
  private readonly writing: Promise<void>[] = []
  private readonly acked = new Map<Way, number>()
  private head = 0

  constructor(
    private readonly fronts: Fronts,
    token: string,
    private readonly from: string,
  ) {
    this.credential = { authorization: `Bearer ${token}` }
    this.ledger.members(ROOM, 'bob')
  }

  /** @throws when somebody there is refused, or does not get on */
  async come(way: Way): Promise<void> {
    const scene: Scene = {
      ledger: this.ledger,
      url: () => this.fronts.at(way.name).origin,
      via: this.fronts.via(way),
      chance: this.chance,
      over: this.over.promise,
      goal: () => (this.phase === 'over' ? this.head : undefined),
    }
    const name = `${way.name.replaceAll(' ', '-')}-${way.protocol}`
    const facts = { account: 'bob', credential: this.credential, rooms: [ROOM], from: this.from }
    const selection = { channels: '*', types: ['message.created'] } as const
    const reading = [overMultiplexed, overStream, overLongPolls, overPolls].map((session, i) =>
      new Reader(scene, { ...facts, name: `${name}-reader-${i}`, selection }).read(session),
    )
    const writing = [this.writeWithKeys(scene, way, name)]
    // The client of HTTP/2 repeats by itself what HAProxy breaks off.
    if (way.protocol === 'http1.1') writing.push(this.writeOnce(scene, name))
    this.writing.push(...writing)
    await Promise.all([...reading, ...writing])
  }

  /** Waits until so many more posts are acknowledged through every proxy. */
  async progress(posts: number): Promise<void> {
    const goals = here.map((way) => [way, (this.acked.get(way) ?? 0) + posts] as const)
    const isThere = () => goals.every(([way, goal]) => (this.acked.get(way) ?? 0) >= goal)
    await until('posts through every proxy', isThere, 30_000)
  }

  /** Ends the writers; the readers go when they have read everything. */
  async leave(): Promise<void> {
    this.phase = 'ending'
    await Promise.all(this.writing)
    this.phase = 'over'
    this.over.resolve()
  }

  private async writeWithKeys(scene: Scene, way: Way, name: string): Promise<void> {
    const who = speaker(scene, this.credential)
    for (let n = 0; this.phase === 'writing'; n++) {
      this.head = Math.max(this.head, await postUntilAcked(scene, who, ROOM, `${name}-keyed-${n}`))
      this.acked.set(way, (this.acked.get(way) ?? 0) + 1)
    }
  }

  /** Tries each post once, whatever comes of it. */
  private async writeOnce(scene: Scene, name: string): Promise<void> {
    const who = speaker(scene, this.credential)
    for (let n = 0; this.phase === 'writing'; n++) {
      const key = `${name}-once-${n}`
      this.ledger.attempted(key, ROOM)
      const request = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ channel: ROOM, body: bodyOf(key) }),
        // A connection of its own, so that the client has no reason to repeat it either.
        keepalive: false,
      }
      const answer = await who
        .fetch<{ id: string; channel: string; cursor: string }>('/v1/messages', request)
        .catch(() => undefined)
      if (answer?.status === 201) this.ledger.acked(key, answer.body)
      else await Bun.sleep(20)
    }
  }
}
