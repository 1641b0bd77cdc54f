import { connect, type Fetch } from '@synapse/client'
import { type Synapse, startSynapse } from './lib/synapse'
import { perSecond, type Workload } from './lib/workload'

const WRITERS = 16
const RESTART_EVERY_MILLISECONDS = 2000

/** R3: a program follows a channel with @synapse/client, while others post with it and the server is restarted. */
export const client: Workload = {
  id: 'R3',
  title: 'a stream of @synapse/client over restarts of the server',
  run: async ({ quick }) => {
    const events = quick ? 5000 : 50_000
    const ours = await follow(events)
    const { seconds, restarts, connections, lost, doubled, cpu } = ours
    const raw = await replay(events)
    return [
      {
        workload: 'R3',
        shape: `${events} events, ${WRITERS} writers, a restart every ${RESTART_EVERY_MILLISECONDS / 1000} s`,
        measured: `${seconds.toFixed(1)} s, ${restarts} restarts, ${connections} connections; ${lost} lost, ${doubled} doubled; CPU of both clients ${cpu.toFixed(1)} s; replay ${perSecond(events / raw.client)}`,
        baseline: `replay ${perSecond(events / raw.bytes)} (the same bytes, not parsed)`,
        ratio: raw.bytes / raw.client,
        goal: '0 lost, 0 doubled',
        met: lost === 0 && doubled === 0 && restarts > 0,
        data: { ...ours, raw },
      },
    ]
  },
}

async function follow(events: number) {
  let server = await startSynapse()
  try {
    const tokens = {
      writer: await server.agent('writer', ['room']),
      reader: await server.agent('reader', ['room']),
    }
    // A restarted server has another port.
    const fetchThere: Fetch = (url, init) =>
      fetch(url.replace('http://server', `http://127.0.0.1:${server.port}`), init)
    const url = 'http://server'
    const [writer, reader] = [
      connect({ url, token: tokens.writer, fetch: fetchThere }),
      connect({ url, token: tokens.reader, fetch: fetchThere }),
    ]
    let connections = 0
    const stream = reader.stream({
      types: ['message.created'],
      onStatus: (status) => {
        if (status === 'open') connections++
      },
    })
    await stream.ready()
    const started = performance.now()
    const cpu = process.cpuUsage()
    let isOver = false
    let restarts = 0
    const restarting = (async () => {
      for (;;) {
        await Bun.sleep(RESTART_EVERY_MILLISECONDS)
        if (isOver) return
        server = await server.restart()
        restarts++
      }
    })()
    let left = events
    const posted: number[] = []
    const write = async () => {
      while (left-- > 0) posted.push((await writer.post('room', 'x'.repeat(200))).seq)
    }
    const writing = Promise.all(Array.from({ length: WRITERS }, write)).then(() => writer.post('room', 'end'))
    const seen: number[] = []
    for await (const event of stream) {
      if (event.type !== 'message.created') continue
      if (event.message.body === 'end') break
      seen.push(event.seq)
    }
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (performance.now() - started) / 1000
    isOver = true
    await writing
    await restarting
    const known = new Set(seen)
    return {
      seconds,
      restarts,
      connections,
      lost: posted.filter((seq) => !known.has(seq)).length,
      doubled: seen.length - known.size,
      cpu: (user + system) / 1e6,
    }
  } finally {
    await server[Symbol.asyncDispose]()
  }
}

/** Seconds to read the past of a channel: with the client, and as bytes. */
async function replay(events: number): Promise<{ client: number; bytes: number }> {
  await using server: Synapse = await startSynapse()
  const url = `http://127.0.0.1:${server.port}`
  const writer = connect({ url, token: await server.agent('writer', ['room']) })
  const token = await server.agent('reader', ['room'])
  let left = events
  const write = async () => {
    while (left-- > 0) await writer.post('room', 'x'.repeat(200))
  }
  const { cursor: since } = await writer.post('room', 'start')
  await Promise.all(Array.from({ length: WRITERS }, write))
  await writer.post('room', 'end')

  const started = performance.now()
  for await (const event of connect({ url, token }).stream({ types: ['message.created'], since }))
    if (event.type === 'message.created' && event.message.body === 'end') break
  const read = performance.now()
  const response = await fetch(`${url}/v1/events?type=message.created&since=${since}`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
  })
  const end = Buffer.from('"body":"end"')
  for await (const bytes of response.body ?? []) if (Buffer.from(bytes).includes(end)) break
  return { client: (read - started) / 1000, bytes: (performance.now() - read) / 1000 }
}
