import { Database } from 'bun:sqlite'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { answerLength, getRequest, httpLoad, type LoadResult, postRequest } from './lib/http-load'
import { Latencies } from './lib/latencies'
import { seedMessages } from './lib/seed'
import { startSynapse } from './lib/synapse'
import { ms, perSecond, type Workload } from './lib/workload'

const ITEMS = 100_000
const POLLS = 200
const MOST_POLL_MILLISECONDS = 10
const MOST_ACK_MILLISECONDS = 20
/** What the posts of others may take longer while items are marked. */
const MOST_RATIO = 1.3
const WRITERS = 8

/** Gives an account an open item for every message, and takes all of the log as known to projections. */
function seedItems(home: string, handle: string, head: number): void {
  const db = new Database(join(home, 'synapse.db'), { strict: true })
  db.run(
    `INSERT INTO inbox (account_id, seq, message_seq, channel_id, reasons)
     SELECT accounts.id, messages.seq, messages.seq, messages.channel_id, 2 FROM messages, accounts WHERE handle = ?`,
    [handle],
  )
  for (const name of ['search', 'implied_acks', 'awaited', 'webhooks'])
    db.run('INSERT INTO projections VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = ?', [
      name,
      head,
      head,
    ])
  db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  db.close()
}

const posts = (port: number, tokens: readonly string[], text: string, seconds: number): Promise<LoadResult> =>
  httpLoad({
    port,
    connections: WRITERS,
    seconds,
    warmupSeconds: 1,
    request: (c) =>
      postRequest(
        '/v1/messages',
        JSON.stringify({ channel: 'room', body: text }),
        `Authorization: Bearer ${tokens[c % tokens.length]}\r\n`,
      ),
  })

/** I1: an account with many items reads its inbox, and acknowledges all of them at once while others post. */
export const inbox: Workload = {
  id: 'I1',
  title: `the inbox of an account with ${ITEMS} items`,
  run: async ({ quick }) => {
    const items = quick ? ITEMS / 10 : ITEMS
    const first = await startSynapse({ keepHome: true })
    const { home } = first
    const poster = await first.agent('poster', ['room'])
    const reader = await first.agent('reader', ['room'])
    await first[Symbol.asyncDispose]()
    seedItems(home, 'reader', seedMessages(home, items))
    try {
      await using server = await startSynapse({ home, keepHome: true })
      const url = `http://127.0.0.1:${server.port}/v1`
      const headers = { authorization: `Bearer ${reader}`, 'content-type': 'application/json' }
      const polls = new Latencies()
      let shown = 0
      for (let i = -10; i < POLLS; i++) {
        const started = performance.now()
        const body = (await (await fetch(`${url}/inbox`, { headers })).json()) as { items: unknown[] }
        shown = body.items.length
        if (i >= 0) polls.add(performance.now() - started)
      }
      const seconds = quick ? 4 : 10
      const quiet = await posts(server.port, [poster], 'x'.repeat(256), seconds)
      const loaded = posts(server.port, [poster], 'x'.repeat(256), seconds)
      await Bun.sleep(1500)
      const started = performance.now()
      const acked = await fetch(`${url}/inbox/ack`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ cursor: 'now' }),
      })
      await acked.text()
      const ackMs = performance.now() - started
      const busy = await loaded
      const [p50, p95 = Number.NaN] = polls.quantiles(0.5, 0.95)
      const [quietP99 = Number.NaN] = quiet.latencies.quantiles(0.99)
      const [busyP99 = Number.NaN] = busy.latencies.quantiles(0.99)
      return [
        {
          workload: 'I1',
          shape: `GET /v1/inbox, ${items} items`,
          measured: `p50 ${ms(p50)} p95 ${ms(p95)} ms, ${shown} items`,
          goal: `p95 ≤ ${MOST_POLL_MILLISECONDS} ms`,
          met: p95 <= MOST_POLL_MILLISECONDS && shown === 50,
          data: { p50, p95, shown },
        },
        {
          workload: 'I1',
          shape: `one acknowledgement of ${items} items, while ${WRITERS} writers post`,
          measured: `${ms(ackMs)} ms; posts p99 ${ms(busyP99)} ms, ${perSecond(busy.perSecond)}`,
          baseline: `posts without it: p99 ${ms(quietP99)} ms, ${perSecond(quiet.perSecond)}`,
          ratio: busyP99 / quietP99,
          goal: `≤ ${MOST_ACK_MILLISECONDS} ms, posts p99 ≤ ${MOST_RATIO} × without it`,
          met: acked.ok && ackMs <= MOST_ACK_MILLISECONDS && busyP99 <= MOST_RATIO * quietP99,
          data: { ackMs, busyP99, quietP99, status: acked.status },
        },
      ]
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}

const NAMED = 10

/** I2: posts that notify ten accounts each, beside posts that notify nobody. */
export const mentions: Workload = {
  id: 'I2',
  title: `posts that mention ${NAMED} accounts`,
  run: async ({ quick }) => {
    await using server = await startSynapse()
    const tokens: string[] = []
    for (let i = 0; i <= NAMED; i++) tokens.push(await server.agent(`agent-${i}`, ['room']))
    const names = tokens.slice(1).map((_, i) => `@agent-${i + 1}`)
    const text = names.join(' ')
    const sender = tokens.slice(0, 1)
    const seconds = quick ? 2 : 6
    const plain: number[] = []
    const naming: LoadResult[] = []
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      plain.push((await posts(server.port, sender, 'x'.repeat(text.length), seconds)).perSecond)
      naming.push(await posts(server.port, sender, text, seconds))
    }
    const best = naming.toSorted((one, other) => other.perSecond - one.perSecond)[naming.length >> 1]
    if (!best) throw new Error('nothing was measured')
    const base = plain.toSorted((one, other) => other - one)[plain.length >> 1] ?? Number.NaN
    const [p50, p99] = best.latencies.quantiles(0.5, 0.99)
    const isClean = Object.keys(best.statuses).every((status) => status === '201')
    return [
      {
        workload: 'I2',
        shape: `${WRITERS} writers, ${NAMED} mentions in each post`,
        measured: `${perSecond(best.perSecond)}, p50 ${ms(p50)} p99 ${ms(p99)} ms`,
        baseline: `without mentions: ${perSecond(base)}`,
        ratio: best.perSecond / base,
        goal: '–',
        met: isClean,
        data: { perSecond: best.perSecond, plain: base, p50, p99, statuses: best.statuses },
      },
    ]
  },
}

const WAITERS = 1000
/** Requests that a credential may hold at once. */
const HELD = 8
const ROUNDS = 200
const MOST_WAKE_MILLISECONDS = 10

/** I3: many requests wait, each for another channel, and one of the channels is posted to. */
export const waiting: Workload = {
  id: 'I3',
  title: `${WAITERS} long polls on as many channels, of which one is posted to`,
  run: async ({ quick }) => {
    const waiters = quick ? WAITERS / 5 : WAITERS
    await using server = await startSynapse()
    const polls: { readonly channel: string; readonly token: string }[] = []
    for (let i = 0; i < waiters; i += HELD) {
      const slugs = Array.from({ length: HELD }, (_, j) => `c${i + j}`)
      const token = await server.agent(`waiter-${i}`, slugs)
      for (const channel of slugs) polls.push({ channel, token })
    }
    const own = polls[0]
    if (!own) throw new Error('nobody waits')
    const poster = await server.agent('poster', [own.channel])
    const post = async () => {
      const started = performance.now()
      await ask(
        server.port,
        postRequest(
          '/v1/messages',
          JSON.stringify({ channel: own.channel, body: 'x' }),
          `Authorization: Bearer ${poster}\r\n`,
        ),
      )
      return performance.now() - started
    }
    const alone = new Latencies()
    for (let i = 0; i < ROUNDS; i++) alone.add(await post())
    let woken = 0
    const others = polls.slice(1).map(async ({ channel, token }) => {
      await ask(server.port, getRequest(`/v1/messages?channel=${channel}&wait=60`, token))
      woken++
    })
    await Bun.sleep(1000)
    const wakes = new Latencies()
    const posted = new Latencies()
    const began = performance.now()
    for (let i = 0; i < ROUNDS && performance.now() - began < 50_000; i++) {
      const since = await headOf(server.port, own)
      const path = `/v1/messages?channel=${own.channel}&since=${since}&wait=60`
      const answer = ask(server.port, getRequest(path, own.token))
      await Bun.sleep(5)
      const started = performance.now()
      posted.add(await post())
      await answer
      wakes.add(performance.now() - started)
    }
    const early = woken
    const [p50, p99 = Number.NaN] = wakes.quantiles(0.5, 0.99)
    const [postP99] = posted.quantiles(0.99)
    const [aloneP99] = alone.quantiles(0.99)
    // The server ends first, and with it those who still wait.
    await server[Symbol.asyncDispose]()
    await Promise.allSettled(others)
    return [
      {
        workload: 'I3',
        shape: `${polls.length} long polls on as many channels`,
        measured: `answered after p50 ${ms(p50)} p99 ${ms(p99)} ms; the post p99 ${ms(postP99)} ms; ${early} others woken`,
        baseline: `the post while nobody waits: p99 ${ms(aloneP99)} ms`,
        goal: `p99 ≤ ${MOST_WAKE_MILLISECONDS} ms, no others woken`,
        met: p99 <= MOST_WAKE_MILLISECONDS && early === 0,
        data: { p50, p99, postP99, aloneP99, early },
      },
    ]
  },
}

async function headOf(port: number, { channel, token }: { channel: string; token: string }): Promise<string> {
  const answer = await ask(port, getRequest(`/v1/messages?channel=${channel}&order=desc&limit=1`, token))
  return (JSON.parse(answer) as { position: string }).position
}

/** Sends a request over a connection of its own, because the runtime's client limits those of a process. */
async function ask(port: number, request: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      open: (socket) => void socket.write(request),
      data: (socket, bytes) => {
        text += bytes.toString('latin1')
        const end = answerLength(text)
        if (end === undefined || text.length < end) return
        if (!/^HTTP\/1.1 20[01]/.test(text)) reject(new Error(text.slice(0, 200)))
        else resolve(text.slice(text.indexOf('\r\n\r\n') + 4))
        socket.end()
      },
      close: () => reject(new Error('the connection was closed')),
      error: (_, error) => reject(error),
    },
  })
  return promise
}
