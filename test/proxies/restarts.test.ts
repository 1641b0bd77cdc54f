import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Chance } from '../support/chance'
import { Crowd } from '../support/crowd'
import { bodyOf, Ledger, logOf } from '../support/ledger'
import { overLongPolls, overMultiplexed, overPolls, overStream } from '../support/readers'
import { Site } from '../support/site'
import { Fronts, ways } from './fronts'
import { ask, dial } from './session'

// A server is stopped, killed and started under load.
setDefaultTimeout(120_000)

const ROOM = 'room'
const here = ways.filter(({ isThere }) => isThere)

test.skipIf(here.length === 0)(
  'a restart of the server behind any proxy loses and repeats no message, and readers continue where they were',
  async () => {
    await using fronts = new Fronts()
    await using site = new Site()
    const settings = {
      SYNAPSE_PORT: fronts.port,
      SYNAPSE_LOG_LEVEL: 'warning',
      SYNAPSE_STREAMS_PER_ACCOUNT: '100',
    }
    let server = await site.serveWith(settings)
    await server.room(ROOM)
    const token = await server.agent('bob', ROOM)
    const { body: start } = await server.as(token).get<{ head_cursor: string }>('/v1/server')
    await fronts.start()

    const chance = new Chance()
    const ledger = new Ledger()
    ledger.members(ROOM, 'bob')
    const credential = { authorization: `Bearer ${token}` }
    let isOver = false
    const once: Promise<void>[] = []
    const crowds = here.map((way) => {
      const url = () => fronts.at(way.name).origin
      const via = fronts.via(way)
      const crowd = new Crowd(url, chance, { ledger, ...(via === undefined ? {} : { via }) })
      const name = `${way.name.replaceAll(' ', '-')}-${way.protocol}`
      const facts = { account: 'bob', credential, rooms: [ROOM], from: start.head_cursor }
      for (const session of [overMultiplexed, overStream, overLongPolls, overPolls])
        void crowd.read(
          {
            ...facts,
            name: `${name}-${session.name}`,
            selection: { channels: '*', types: ['message.created'] },
          },
          session,
        )
      void crowd.write(`${name}-keyed`, crowd.speaker(credential), ROOM)
      // The HTTP/2 client itself repeats requests that HAProxy breaks off.
      if (way.protocol === 'http1.1') once.push(postOnce(crowd, credential, `${name}-once`, () => isOver))
      return crowd
    })
    const progress = () => Promise.all(crowds.map((crowd) => crowd.progress(20)))
    for (const end of ['stop', 'kill'] as const) {
      await progress()
      await server[end]()
      const asked = here.map(async (way) => ({
        way,
        ...(await fronts.caller(way, token).get('/v1/auth/me')),
      }))
      // HAProxy queues requests that it cannot deliver.
      const atOnce = asked.filter((_, i) => here[i]?.name !== 'HAProxy')
      for (const { way, status } of await Promise.all(atOnce)) expect(status, way.name).toBe(502)
      server = await site.serveWith(settings)
      for (const { way, status } of await Promise.all(asked))
        if (way.name === 'HAProxy') expect([200, 503]).toContain(status)
    }
    await progress()
    isOver = true
    await Promise.all([...once, ...crowds.map((crowd) => crowd.end())])
    const verdict = await crowds[0]?.judge(logOf(site.paths.database), credential)
    expect({ seed: chance.seed, wrong: verdict?.wrong.slice(0, 20) }).toEqual({
      seed: chance.seed,
      wrong: [],
    })
    expect(await server.stop()).toBe(0)
  },
)

describe('retries by proxies', () => {
  const stack = new AsyncDisposableStack()
  let fronts: Fronts
  let posts = 0

  beforeAll(async () => {
    fronts = stack.use(new Fronts())
    // This server answers, keeps the connection open, and disconnects once it has read a post.
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
    test.skipIf(!way.isThere)(`a post is not sent again by ${way.name} over ${way.protocol}`, async () => {
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
        // On a connection that it has answered on, HAProxy disconnects instead and leaves the retry to the client.
        expect([502, ...(way.name === 'HAProxy' ? [undefined] : [])]).toContain(await answers('POST'))
        expect(posts).toBe(before + 1)
      }
      session?.destroy()
    })
})

/** Sends posts without a retry key, each once, whatever the outcome. */
async function postOnce(
  crowd: Crowd,
  credential: Record<string, string>,
  name: string,
  isOver: () => boolean,
): Promise<void> {
  const who = crowd.speaker(credential)
  for (let n = 0; !isOver(); n++) {
    const key = `${name}-${n}`
    crowd.ledger.attempted(key, ROOM)
    const answer = await who
      .fetch<{ id: string; channel: string; cursor: string }>('/v1/messages', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ channel: ROOM, body: bodyOf(key) }),
        // A new connection, so that the client has no reason to repeat it either.
        keepalive: false,
      })
      .catch(() => undefined)
    if (answer?.status === 201) crowd.ledger.acked(key, answer.body)
    else await Bun.sleep(20)
  }
}
