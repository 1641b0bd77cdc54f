import { postsBesideReader } from './growth-postgres'
import { type Grown, overGrown, tokenOf } from './lib/grown-store'
import { HEALTHZ, Probe } from './lib/probe'
import type { Synapse } from './lib/synapse'
import { waitFor } from './lib/wait'
import { thinSocket } from './lib/websocket-load'
import { ms, type Row, type Workload } from './lib/workload'

/** No reader delays another by more, beyond what /healthz waits on this machine while nothing happens. */
const MAX_WAIT_MILLISECONDS = 10
const MAX_LIST_MILLISECONDS = 20
const MAX_SOCKET_KILOBYTES = 30
const PATIENCE_MILLISECONDS = 30_000
const PROBE_MILLISECONDS = 2
/** So long a server may take to come to rest after what was asked before. */
const QUIET_MILLISECONDS = 10_000
/** USAGE_MILLISECONDS of src/jobs/upkeep.ts. */
const NOTE_MILLISECONDS = 30_000

const sizes = (quick: boolean) =>
  quick
    ? {
        channels: 200,
        tokens: 500,
        many: 1000,
        crowd: 5000,
        log: 50_000,
        room: 5000,
        members: 500,
        sockets: [20, 100, 400],
      }
    : {
        channels: 2000,
        tokens: 5000,
        many: 10_000,
        crowd: 50_000,
        log: 4_000_000,
        room: 50_000,
        members: 5000,
        sockets: [50, 500, 2000],
      }
type Sizes = ReturnType<typeof sizes>

/** What one read did: its status, its time, and what else is worth saying. */
interface Done {
  readonly ok: boolean
  readonly text: string
  readonly milliseconds: number
}

type Act = () => Promise<Done>

/** G2: whether what one reads delays another, and what is kept in memory, as a store grows. */
export const growth: Workload = {
  id: 'G2',
  title: 'growth: many channels, many members, a long log',
  run: async ({ quick }) => {
    const size = sizes(quick)
    return [
      ...(await inChannels(size)),
      ...(await inCrowd(size)),
      ...(await inLog(size)),
      ...(await inMembers(size)),
      ...(await postsBesideReader(quick)),
    ]
  },
}

async function inChannels(size: Sizes): Promise<Row[]> {
  const grown: Grown = {
    name: 'channels',
    size: { channels: size.channels, tokens: size.tokens },
    fill: (store) => {
      // One more is where every agent begins.
      const ids = store.channels('c', size.channels - 1)
      store.channels('open', size.channels)
      store.members(ids, [store.readerId])
      store.messages(ids, size.channels * 5)
      store.accounts(size.tokens).forEach((id, i) => {
        store.token(i + 1, id)
      })
    },
  }
  const shape = `${size.channels} channels`
  return await overGrown(grown, async (server) => {
    const startedAt = performance.now()
    const list = await beside(server, `${shape}: GET /v1/channels`, getting(server, '/v1/channels', 5), {
      list: MAX_LIST_MILLISECONDS,
    })
    const all = await everything(server, shape)
    const sockets = await starSockets(server, size)
    const uses = await tokenUses(server, size, startedAt)
    return [list, ...all, sockets, uses]
  })
}

async function inCrowd(size: Sizes): Promise<Row[]> {
  const grown: Grown = {
    name: 'crowd',
    size: { many: size.many, crowd: size.crowd },
    fill: (store) => {
      const ids = store.channels('c', size.many)
      const [crowd = 0] = store.channels('crowd', 1)
      store.members([...ids, crowd], [store.readerId])
      store.members([crowd], store.accounts(size.crowd))
      store.messages([...ids, crowd], size.many * 2)
    },
  }
  const shape = `${size.many} channels, ${size.crowd} members`
  return await overGrown(grown, async (server) => [
    await beside(server, `${shape}: GET /v1/channels`, getting(server, '/v1/channels')),
    ...(await everything(server, shape)),
    await beside(
      server,
      `${shape}: page of the large channel`,
      getting(server, '/v1/messages?channel=crowd0'),
    ),
  ])
}

/** Reads over everything that the reader may read. */
async function everything(server: Synapse, shape: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const path of [
    '/v1/channels?include=discoverable',
    '/v1/messages?channel=*',
    '/v1/events?channel=*&since=oldest',
  ])
    rows.push(await beside(server, `${shape}: GET ${path}`, getting(server, path)))
  rows.push(await beside(server, `${shape}: WebSocket *`, subscribing(server, '*')))
  return rows
}

async function inLog(size: Sizes): Promise<Row[]> {
  const grown: Grown = {
    name: 'log',
    size: { log: size.log, room: size.room },
    fill: (store) => {
      const busy = store.channels('c', 200)
      const [first = 0, second = 0] = store.channels('quiet', 2)
      const [empty = 0] = store.channels('empty', 1)
      const [room = 0] = store.channels('room', 1)
      store.members([...busy, first, second, empty, room], [store.readerId])
      store.messages([first, second], 60)
      store.messages(busy, size.log - size.room)
      store.messages([room], size.room)
    },
  }
  const events = `${size.log} events`
  const room = `${size.room} messages`
  return await overGrown(grown, async (server) => {
    const { epoch, head } = await position(server)
    const since = Buffer.from(`2|${epoch}|${head - size.room}`).toString('base64url')
    const path = `/v1/events?channel=room0&since=${since}`
    return [
      await beside(server, `${room}: SSE, old cursor`, streaming(server, path, size.room)),
      await beside(server, `${room}: WebSocket, old cursor`, subscribing(server, 'room0', since)),
      await beside(server, `${room}: ten SSE of one token`, async () => {
        const all = await Promise.all(Array.from({ length: 10 }, streaming(server, path, size.room)))
        const slowest = Math.max(...all.map(({ milliseconds }) => milliseconds))
        return { ok: all.every(({ ok }) => ok), milliseconds: slowest, text: `all in ${ms(slowest)} ms` }
      }),
      await beside(
        server,
        `${events}: WebSocket, filter without a match`,
        subscribing(server, 'empty0', 'oldest'),
      ),
      await beside(
        server,
        `${events}: first page of two quiet channels`,
        quietPage(server, '/v1/messages?channel=quiet0,quiet1&order=desc&limit=50'),
      ),
    ]
  })
}

async function inMembers(size: Sizes): Promise<Row[]> {
  const grown: Grown = {
    name: 'members',
    size: { members: size.members },
    fill: (store) => {
      const ids = store.channels('c', 100)
      store.members(ids, [store.readerId, ...store.accounts(size.members)])
      store.messages(ids, 1000)
    },
  }
  return await overGrown(grown, async (server) => {
    await getting(server, '/v1/me')()
    const before = server.rss()
    const row = await beside(
      server,
      `100 channels × ${size.members} members: first list and first page`,
      async () => {
        const list = await getting(server, '/v1/channels')()
        const page = await getting(server, '/v1/messages?channel=*')()
        const grownBy = (server.rss() - before) / 2 ** 20
        const milliseconds = list.milliseconds + page.milliseconds
        return {
          ok: list.ok && page.ok && grownBy <= 100,
          milliseconds,
          text: `${ms(milliseconds)} ms, +${grownBy.toFixed(0)} MB RSS`,
        }
      },
    )
    return [{ ...row, goal: `≤ 100 MB, ${row.goal}` }]
  })
}

/**
 * What a socket that reads everything adds to the server's memory. The first ones also bring what a process keeps once
 * (compiled code, buffers, the heap's room to breathe); what a socket costs is what more of them add.
 */
async function starSockets(server: Synapse, { channels, sockets: counts }: Sizes): Promise<Row> {
  const open = async (n: number) => {
    const opened: Awaited<ReturnType<typeof starSocket>['opened']>[] = []
    while (opened.length < n)
      opened.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(50, n - opened.length) }, () => starSocket(server).opened),
        )),
      )
    return opened
  }
  const sockets = await open(5)
  const steps: { to: number; each: number }[] = []
  for (const to of counts) {
    const from = steps.at(-1)?.to ?? 0
    const before = server.rss()
    sockets.push(...(await open(to - from)))
    steps.push({ to, each: (server.rss() - before) / (to - from) / 1024 })
  }
  for (const socket of sockets) socket?.close()
  const refused = sockets.filter((socket) => socket === undefined).length
  const texts = steps.map(({ to, each }, i) => {
    const from = steps[i - 1]?.to
    return `${from === undefined ? `first ${to}` : `${from} to ${to}`}: ${each.toFixed(0)} KB`
  })
  const last = steps.at(-1)?.each ?? Number.NaN
  return {
    workload: 'G2',
    shape: `${channels} channels: sockets on *, RSS each`,
    measured: refused > 0 ? `${refused} refused` : texts.join(', '),
    goal: `≤ ${MAX_SOCKET_KILOBYTES} KB each more`,
    met: refused === 0 && last <= MAX_SOCKET_KILOBYTES,
    data: { steps, refused },
  }
}

function starSocket(server: Synapse) {
  const { promise: opened, resolve } = Promise.withResolvers<{ close(): void } | undefined>()
  const socket = thinSocket({
    port: server.port,
    path: '/v1/ws',
    headers: `Authorization: Bearer ${tokenOf(0)}\r\n`,
    onFrame: (bytes, start, end) => {
      const type = bytes.toString('utf8', start, Math.min(end, start + 24))
      if (type.includes('"subscribed"')) resolve(socket)
      else if (type.includes('"error"')) {
        socket.close()
        resolve(undefined)
      }
    },
  })
  void socket.open.then(() => socket.send('{"type":"subscribe","channels":["*"]}'))
  const patience = Bun.sleep(PATIENCE_MILLISECONDS).then(() => {
    socket.close()
    return undefined
  })
  return { opened: Promise.race([opened, patience]) }
}

/** The time around the note of what tokens were used, which a server makes every 30 s from its start. */
async function tokenUses(server: Synapse, { tokens }: Sizes, startedAt: number): Promise<Row> {
  const untilNote = () => NOTE_MILLISECONDS - ((performance.now() - startedAt) % NOTE_MILLISECONDS)
  // All uses go into one note.
  if (untilNote() < 12_000) await Bun.sleep(untilNote() + 1000)
  const left = Array.from({ length: tokens }, (_, i) => tokenOf(i + 1))
  const use = async () => {
    for (let token = left.pop(); token; token = left.pop())
      await (await fetch(urlOf(server, '/v1/me'), { headers: bearer(token) })).arrayBuffer()
  }
  await Promise.all(Array.from({ length: 8 }, use))
  return await beside(server, `${tokens} active tokens: the note of their uses`, async () => {
    const waited = untilNote() + 1000
    await Bun.sleep(waited)
    return { ok: true, milliseconds: waited, text: 'noted' }
  })
}

/** Runs it beside a probe of /healthz. Met when it worked and the probe did not wait. */
async function beside(server: Synapse, shape: string, act: Act, goals: { list?: number } = {}): Promise<Row> {
  process.stderr.write(`    ${shape}\n`)
  using probe = new Probe({
    port: server.port,
    questions: [HEALTHZ],
    everyMilliseconds: PROBE_MILLISECONDS,
  })
  const taken = async (patience: number) => (await probe.take(patience))?.waits[HEALTHZ.name]
  const first = await taken(QUIET_MILLISECONDS)
  await Bun.sleep(300)
  const idle = first && (await taken(QUIET_MILLISECONDS))
  const goal = `${goals.list === undefined ? '' : `≤ ${goals.list} ms, `}no wait > ${MAX_WAIT_MILLISECONDS} ms beyond idle`
  const row = { workload: 'G2', shape, goal }
  if (!idle) return { ...row, measured: 'not tried: the server still stands still', met: false, data: {} }
  const done = await act()
  const longPolls = await taken(PATIENCE_MILLISECONDS)
  const isSoonEnough = goals.list === undefined || done.milliseconds <= goals.list
  const waited = longPolls
    ? `waits ${ms(longPolls.worst)}, p99 ${ms(longPolls.p99)} ms`
    : 'is not answered any more'
  return {
    ...row,
    measured: `${done.text}; /healthz ${waited}`,
    baseline: `idle: ${ms(idle.worst)}, p99 ${ms(idle.p99)} ms`,
    met:
      done.ok &&
      isSoonEnough &&
      longPolls !== undefined &&
      longPolls.worst <= MAX_WAIT_MILLISECONDS + idle.worst,
    data: { ...done, longPolls, idle },
  }
}

/** A GET; with `times` more than one the median of so many, the first one apart. */
function getting(server: Synapse, path: string, times = 1): Act {
  return async () => {
    const taken: number[] = []
    let failure: string | undefined
    for (let i = 0; i < times; i++) {
      const started = performance.now()
      failure = await get(server, path).then(
        async (response) => {
          await response.arrayBuffer()
          return response.ok ? undefined : String(response.status)
        },
        () => 'no answer',
      )
      taken.push(performance.now() - started)
      if (failure !== undefined) break
    }
    const [first = Number.NaN, ...later] = taken
    const median = later.sort((a, b) => a - b)[Math.floor(later.length / 2)] ?? first
    const text =
      times > 1 && failure === undefined ? `first ${ms(first)}, then ${ms(median)} ms` : `${ms(first)} ms`
    return {
      ok: failure === undefined,
      milliseconds: median,
      text: failure ? `${failure} after ${text}` : text,
    }
  }
}

const EVENT = '\nevent: message.created'

/** An SSE stream, until so many events came. */
function streaming(server: Synapse, path: string, events: number): Act {
  return async () => {
    const started = performance.now()
    let seen = 0
    // Chunks end anywhere: what may be the beginning of the next event is looked at again with the next one.
    let rest: Uint8Array = new Uint8Array()
    let failure: string | undefined
    try {
      const response = await get(server, path, { accept: 'text/event-stream' })
      if (!response.ok || !response.body) failure = `${response.status},`
      else
        for await (const bytes of response.body) {
          const known = Buffer.concat([rest, bytes])
          seen += count(known, EVENT)
          rest = known.subarray(Math.max(0, known.length - EVENT.length + 1))
          if (seen >= events) break
        }
    } catch {
      failure = 'cut off,'
    }
    const milliseconds = performance.now() - started
    const ok = seen >= events
    return {
      ok,
      milliseconds,
      text: ok
        ? `${ms(milliseconds)} ms`
        : `${failure ?? ''} ${seen} events in ${ms(milliseconds)} ms`.trim(),
    }
  }
}

function count(buffer: Buffer, text: string): number {
  let found = 0
  for (let at = buffer.indexOf(text); at >= 0; at = buffer.indexOf(text, at + text.length)) found++
  return found
}

/** A socket that subscribes; with a cursor, until the server says that the past is over. */
function subscribing(server: Synapse, channel: string, since?: string): Act {
  return async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const started = performance.now()
    const end = since === undefined ? '"subscribed"' : '"position"'
    const socket = thinSocket({
      port: server.port,
      path: '/v1/ws',
      headers: `Authorization: Bearer ${tokenOf(0)}\r\n`,
      onFrame: (bytes, start, stop) => {
        const text = bytes.toString('utf8', start, Math.min(stop, start + 200))
        if (text.startsWith(`{"type":${end}`)) resolve('')
        else if (text.startsWith('{"type":"error"')) resolve(/"code":"(\w+)"/.exec(text)?.[1] ?? 'error')
      },
      onClose: () => resolve('closed'),
    })
    await socket.open
    socket.send(JSON.stringify({ type: 'subscribe', channels: [channel], ...(since && { since }) }))
    const failure = await Promise.race([promise, Bun.sleep(PATIENCE_MILLISECONDS).then(() => 'no answer')])
    const milliseconds = performance.now() - started
    socket.close()
    return {
      ok: failure === '',
      milliseconds,
      text: failure === '' ? `${ms(milliseconds)} ms` : `${failure} after ${ms(milliseconds)} ms`,
    }
  }
}

/** Pages until one is full, as a client does that wants to show something. */
function quietPage(server: Synapse, first: string): Act {
  return async () => {
    const started = performance.now()
    let path = first
    let requests = 0
    let messages = 0
    while (messages < 50 && performance.now() - started < PATIENCE_MILLISECONDS) {
      requests++
      const page = (await (await get(server, path)).json()) as {
        messages: unknown[]
        next_cursor: string | null
        has_more: boolean
      }
      messages += page.messages.length
      if (!page.has_more || page.next_cursor === null) break
      path = `${first}&before=${page.next_cursor}`
    }
    const milliseconds = performance.now() - started
    return {
      ok: messages >= 50 && requests === 1,
      milliseconds,
      text: `${messages} messages by ${requests} requests in ${ms(milliseconds)} ms`,
    }
  }
}

async function position(server: Synapse): Promise<{ epoch: string; head: number }> {
  return await waitFor('the head of the log', async () => {
    const { cursor } = (await (await get(server, '/v1/events')).json()) as { cursor: string }
    const [, epoch = '', seq] = Buffer.from(cursor, 'base64url').toString().split('|')
    return { epoch, head: Number(seq) }
  })
}

function get(server: Synapse, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(urlOf(server, path), {
    headers: { ...bearer(tokenOf(0)), ...headers },
    signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
  })
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function urlOf(server: Synapse, path: string): string {
  return `http://127.0.0.1:${server.port}${path}`
}
