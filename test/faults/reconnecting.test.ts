// More clients than streams come back at once, while the server restarts again and again.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { Chance } from '../support/chance'
import { Site } from '../support/site'
import { EventStream, until } from '../support/sockets'
import { freePort } from '../support/supervised'

setDefaultTimeout(180_000)

const CLIENTS = 40
const STREAMS = 10
const RESTARTS = 3
const chance = new Chance()

test(`clients beyond the limit of streams are told when to come back, and miss nothing (TEST_SEED=${chance.seed})`, async () => {
  await using site = new Site()
  const settings = {
    SYNAPSE_PORT: `${freePort()}`,
    SYNAPSE_STREAMS_TOTAL: `${STREAMS}`,
    SYNAPSE_STREAMS_PER_ACCOUNT: `${CLIENTS}`,
    SYNAPSE_LOG_LEVEL: 'error',
  }
  let server = await site.serveWith(settings)
  await server.room('general')
  const [writer, reader] = [await server.agent('writer', 'general'), await server.agent('reader', 'general')]
  const { url } = server
  const write = server.as(writer)
  const posted: number[] = []
  const clients = Array.from({ length: CLIENTS }, () => new Client(url, reader))
  let isOver = false
  const writing = (async () => {
    while (!isOver) {
      const message = { channel: 'general', body: `${posted.length}` }
      const answer = await write.post<{ seq: number }>('/v1/messages', message).catch(() => undefined)
      if (answer?.status === 201) posted.push(answer.body.seq)
      await Bun.sleep(20)
    }
  })()
  let last: number | undefined
  const running = clients.map((client) => client.run(() => last))
  for (let restart = 0; restart < RESTARTS; restart++) {
    await Bun.sleep(500)
    const before = posted.length
    await until('messages between two restarts', () => posted.length > before + 1)
    if (restart % 2 === 0) await server.stop()
    else await server.kill()
    server = await site.serveWith(settings)
  }
  await Bun.sleep(500)
  isOver = true
  await writing
  last = posted.at(-1)
  await Promise.all(running)

  expect(posted.length).toBeGreaterThan(RESTARTS)
  for (const { seen } of clients) expect(posted.filter((seq) => !seen.has(seq))).toEqual([])
  expect(clients.some(({ wasRefused }) => wasRefused)).toBe(true)
})

/** Reads for a moment, leaves, and comes back where it was. */
class Client {
  readonly seen = new Set<number>()
  wasRefused = false
  private last = 0
  private cursor = 'oldest'

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** Goes on until it has seen the event that `goal` names. */
  async run(goal: () => number | undefined): Promise<void> {
    for (;;) {
      const seq = goal()
      if (seq !== undefined && this.seen.has(seq)) return
      const opened = await this.open()
      if (opened instanceof EventStream) {
        using stream = opened
        await Promise.race([stream.ended, Bun.sleep(100 + chance.below(300))])
        this.take(stream)
      } else if (opened?.status === 429) {
        expect(await opened.json()).toMatchObject({ code: 'too_many_streams' })
        expect(Number(opened.headers.get('retry-after'))).toBeGreaterThan(0)
        this.wasRefused = true
      } else if (opened) expect(opened.status).toBe(503)
      // Real clients wait for as long as they are told.
      await Bun.sleep(chance.below(200))
    }
  }

  /** Undefined while no server answers. */
  private open(): Promise<EventStream | Response | undefined> {
    const query = `?type=message.created&since=${this.cursor}`
    const credential = { authorization: `Bearer ${this.token}` }
    return EventStream.request(this.url, credential, { query }).catch(() => undefined)
  }

  private take({ events }: EventStream): void {
    for (const { seq, cursor } of events) {
      expect(seq).toBeGreaterThan(this.last)
      this.last = seq
      this.cursor = cursor
      this.seen.add(seq)
    }
  }
}
