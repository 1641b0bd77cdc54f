import { answerLength, getRequest, postRequest } from './lib/http-load'
import { Latencies } from './lib/latencies'
import { type Synapse, startSynapse } from './lib/synapse'
import { thinSocket } from './lib/websocket-load'
import { ms, type Workload } from './lib/workload'
import { openWriters } from './lib/writers'

const POSTS_PER_SECOND = 200
const MOST_MILLISECONDS = 25
const PATIENCE_MILLISECONDS = 15_000
/** Readers of each channel. */
const READERS = { websocket: 14, sse: 4, poll: 2 } as const
/** Channels that one request of an administrator may name. */
const MOST_AT_ONCE = 50
/** A credential may have 8 long-polls. */
const CHANNELS_OF_POLLER = 4
const PADDING = 'x'.repeat(200)

type Transport = keyof typeof READERS

/** Readers are handed each message once: the time it was due, in milliseconds. */
type OnMessage = (due: number) => void

interface Reader {
  readonly port: number
  readonly token: string
  readonly channel: string
  readonly since: string
  readonly onMessage: OnMessage
}

/** W4: many channels at once, read in all three ways. */
export const transports: Workload = {
  id: 'W4',
  title: '500 channels × 20 readers over WebSocket, SSE and long-poll',
  run: async ({ quick }) => {
    const channels = quick ? 50 : 500
    const seconds = quick ? 5 : 30
    await using server = await startSynapse()
    const slugs = Array.from({ length: channels }, (_, i) => `room-${i}`)
    const token = await inAll(server, 'reader', slugs)
    const pollers: string[] = []
    for (let i = 0; i < channels; i += CHANNELS_OF_POLLER)
      pollers.push(await server.agent(`poller-${i}`, slugs.slice(i, i + CHANNELS_OF_POLLER)))
    const writer = await inAll(server, 'writer', slugs)
    const { head_cursor: since } = await server.admin<{ head_cursor: string }>('GET', '/v1/server')

    const latencies = { websocket: new Latencies(), sse: new Latencies(), poll: new Latencies() }
    const open: Promise<Closing>[] = []
    for (const [index, channel] of slugs.entries())
      for (const [transport, start] of Object.entries(starts) as [Transport, typeof starts.sse][])
        for (let i = 0; i < READERS[transport]; i++) {
          const onMessage = (due: number) => latencies[transport].add(performance.now() - due)
          const own = transport === 'poll' ? (pollers[Math.floor(index / CHANNELS_OF_POLLER)] ?? '') : token
          open.push(start({ port: server.port, token: own, channel, since, onMessage }))
          if (open.length % 100 === 0) await Promise.all(open.slice(-100))
        }
    const readers = await Promise.all(open)
    await Bun.sleep(2000)

    const cpu = server.cpuSeconds()
    const writers = await openWriters(server.port, 8)
    const started = performance.now()
    const posts = seconds * POSTS_PER_SECOND
    for (let i = 0; i < posts; i++) {
      const due = started + (i * 1000) / POSTS_PER_SECOND
      const wait = due - performance.now()
      if (wait > 0.5) await Bun.sleep(wait)
      const body = JSON.stringify({ channel: slugs[i % channels], body: `#${due.toFixed(3)}#${PADDING}` })
      writers.send(postRequest('/v1/messages', body, `Authorization: Bearer ${writer}\r\n`))
    }
    await writers.finish()
    const missing = () =>
      Object.entries(latencies).reduce((sum, [transport, { count }]) => {
        return sum + posts * READERS[transport as Transport] - count
      }, 0)
    const patience = performance.now() + PATIENCE_MILLISECONDS
    while (missing() > 0 && performance.now() < patience) await Bun.sleep(20)
    const core = ((server.cpuSeconds() - cpu) / seconds) * 100
    for (const close of readers) close()
    const quantiles = Object.entries(latencies).map(([transport, of]) => {
      const [p50 = Number.NaN, p99 = Number.NaN] = of.quantiles(0.5, 0.99)
      return { transport, p50, p99 }
    })
    const each = quantiles.map(({ transport, p50, p99 }) => `${transport} p50 ${ms(p50)} p99 ${ms(p99)}`)
    return [
      {
        workload: 'W4',
        shape: `${channels} channels × 20 readers, ${POSTS_PER_SECOND} posts/s × ${seconds} s`,
        measured: `${each.join(', ')} ms; ${missing()} lost; server ${core.toFixed(0)} % of a core`,
        goal: `p99 ≤ ${MOST_MILLISECONDS} ms each, 0 lost`,
        met: missing() === 0 && quantiles.every(({ p99 }) => p99 <= MOST_MILLISECONDS),
        data: { quantiles, missing: missing(), core },
      },
    ]
  },
}

/** Makes an agent that is in more channels than one request may name; answers its token. */
async function inAll(server: Synapse, handle: string, slugs: readonly string[]): Promise<string> {
  await server.agent(handle, slugs.slice(0, MOST_AT_ONCE))
  const known = new Set(
    (await server.admin<{ slug: string }[]>('GET', '/v1/admin/channels')).map(({ slug }) => slug),
  )
  for (const slug of slugs.slice(MOST_AT_ONCE)) {
    if (!known.has(slug)) await server.admin('POST', '/v1/admin/channels', { slug, name: slug })
    await server.admin('POST', '/v1/admin/memberships', { account_handle: handle, channel_slug: slug })
  }
  const scopes = ['channel:*:read', 'channel:*:post']
  return (
    await server.admin<{ token: string }>('POST', '/v1/admin/tokens', { account_handle: handle, scopes })
  ).token
}

type Closing = () => void

const starts: Readonly<Record<Transport, (reader: Reader) => Promise<Closing>>> = {
  websocket: async ({ port, token, channel, since, onMessage }) => {
    const socket = thinSocket({
      port,
      path: '/v1/ws',
      headers: `Authorization: Bearer ${token}\r\n`,
      onFrame: (bytes, start, end) => {
        const mark = bytes.indexOf('"body":"#', start)
        if (mark < 0 || mark > end) return
        onMessage(Number.parseFloat(bytes.toString('latin1', mark + 9, mark + 29)))
      },
    })
    await socket.open
    socket.send(JSON.stringify({ type: 'subscribe', channels: [channel], types: ['message.created'], since }))
    return () => socket.close()
  },

  sse: async ({ port, token, channel, since, onMessage }) => {
    let rest = ''
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, bytes) => {
          rest += bytes.toString('latin1')
          for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
            dueIn(rest.slice(0, end), onMessage)
            rest = rest.slice(end + 2)
          }
        },
      },
    })
    const path = `/v1/events?channel=${channel}&type=message.created&since=${since}`
    socket.write(getRequest(path, token).replace('\r\n\r\n', '\r\nAccept: text/event-stream\r\n\r\n'))
    return () => socket.end()
  },

  poll: async ({ port, token, channel, since, onMessage }) => {
    let rest = ''
    const ask = (from: string) =>
      getRequest(`/v1/messages?channel=${channel}&wait=50&exclude_self=false&since=${from}`, token)
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (connection, bytes) => {
          rest += bytes.toString('latin1')
          const end = answerLength(rest)
          if (end === undefined || rest.length < end) return
          const answer = rest.slice(0, end)
          rest = rest.slice(end)
          dueIn(answer, onMessage)
          const [, position] = /"position":"([^"]+)"/.exec(answer) ?? []
          if (position === undefined) throw new Error(`a long-poll was refused: ${answer}`)
          connection.write(ask(position))
        },
      },
    })
    socket.write(ask(since))
    return () => socket.end()
  },
}

/** Finds the messages in an answer. */
function dueIn(text: string, onMessage: OnMessage): void {
  for (const [, due] of text.matchAll(/"body":"#([\d.]+)#/g)) onMessage(Number(due))
}
