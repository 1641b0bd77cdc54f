import { httpLoad, type LoadResult } from '../lib/http-load'
import { type Synapse, startSynapse } from '../lib/synapse'
import { waitFor } from '../lib/wait'
import { ms, perSecond, type Workload } from '../lib/workload'
import { channelOf, isClean, median, people, posting } from '../posts'

const NAMED = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const WRITERS = 32
const ROOMS = 100
const body = 'x'.repeat(256)

/** MX1: messages sent over Matrix, beside posts on /v1 to the same server. */
export const sending: Workload = {
  id: 'MX1',
  title: 'messages sent over Matrix (synchronous=FULL, 256-byte bodies, 100 rooms, 32 connections)',
  run: async ({ quick }) => {
    const seconds = quick ? 3 : 6
    const sent: Loaded[] = []
    const posted: Loaded[] = []
    // In turns, because the machine's speed drifts. Each on a new server: a projector must not work off the other's posts.
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      sent.push(await loaded(seconds, sendingTo))
      posted.push(await loaded(seconds, (_, tokens) => (c, n) => posting(tokens, body, c, n)))
    }
    const [result, onV1] = [sent, posted].map((all) => median(all.map(({ load }) => load)))
    if (!result || !onV1) throw new Error('nothing was measured')
    const cpu = (all: readonly Loaded[]) => Math.min(...all.map((one) => one.cpu)).toFixed(3)
    const [p50, p99 = Number.NaN] = result.latencies.quantiles(0.5, 0.99)
    const isWhole = Object.keys(result.statuses).every((status) => status === '200')
    return [
      {
        workload: 'MX1',
        shape: `${WRITERS} connections, ${ROOMS} rooms`,
        measured: `${perSecond(result.perSecond)}, p50 ${ms(p50)} p99 ${ms(p99)} ms, ${cpu(sent)} s CPU per 1,000`,
        baseline: `POST /v1/messages: ${perSecond(onV1.perSecond)}, ${cpu(posted)} s CPU`,
        ratio: result.perSecond / onV1.perSecond,
        goal: '≥ 4k/s, p99 ≤ 25 ms',
        met: isWhole && isClean(onV1) && result.perSecond >= 4000 && p99 <= 25,
        data: { perSecond: result.perSecond, p50, p99, statuses: result.statuses, onV1: onV1.perSecond },
      },
    ]
  },
}

interface Loaded {
  readonly load: LoadResult
  /** Seconds of processor time of the server for each thousand requests, those of the warm-up included. */
  readonly cpu: number
}

type RequestOf = (connection: number, n: number) => string

async function loaded(
  seconds: number,
  requestOf: (rooms: readonly string[], tokens: readonly string[]) => RequestOf,
): Promise<Loaded> {
  await using server = await startSynapse({ env: NAMED })
  const tokens = await people(server)
  const requestFor = requestOf(await roomsOf(server, tokens[0] ?? ''), tokens)
  let requests = 0
  const request: RequestOf = (c, n) => {
    requests++
    return requestFor(c, n)
  }
  const before = server.cpuSeconds()
  const load = await httpLoad({ port: server.port, connections: WRITERS, seconds, warmupSeconds: 1, request })
  return { load, cpu: ((server.cpuSeconds() - before) / requests) * 1000 }
}

function sendingTo(rooms: readonly string[], tokens: readonly string[]): RequestOf {
  const json = JSON.stringify({ msgtype: 'm.text', body })
  return (c, n) => {
    const room = encodeURIComponent(rooms[channelOf(c, n)] ?? '')
    const token = tokens[c % tokens.length]
    return `PUT /_matrix/client/v3/rooms/${room}/send/m.room.message/${c}-${n} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${json.length}\r\nAuthorization: Bearer ${token}\r\n\r\n${json}`
  }
}

/** The rooms of the channels, once they are there. */
function roomsOf({ port }: Synapse, token: string): Promise<string[]> {
  const roomOf = async (i: number) => {
    const alias = encodeURIComponent(`#c${i}:example.org`)
    const answer = await fetch(`http://127.0.0.1:${port}/_matrix/client/v3/directory/room/${alias}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    return answer.ok ? ((await answer.json()) as { room_id: string }).room_id : undefined
  }
  return Promise.all(Array.from({ length: ROOMS }, (_, i) => waitFor(`the room of c${i}`, () => roomOf(i))))
}
