import { type LogEvent, SynapseError, type TransportName } from '@synapse/client'
import type { Lab } from './lab'
import { answered, Difference, hasKeys, holds, type Json, type Row, same } from './row'

const FRAME_WITHIN_MS = 15_000

const ways: Readonly<Record<TransportName, { readonly name: string; readonly feature: string }>> = {
  poll: { name: 'long polls', feature: 'long_poll' },
  sse: { name: 'server-sent events', feature: 'sse' },
  websocket: { name: 'a WebSocket', feature: 'websocket' },
}

/** How clients hear of what happens. */
export const liveRows: readonly Row[] = [
  {
    part: 1,
    page: 'live',
    rule: 'the WebSocket of a channel says hello to a person, then every message',
    check: async (lab) => {
      const { ann, hana, channel } = lab
      const address = `${lab.url.replace(/^http/, 'ws')}/v1/ws?channel=${channel}`
      // The runtime sends these headers; its types are those of browsers.
      const socket = new WebSocket(address, { headers: { cookie: hana.headers.cookie ?? '' } } as never)
      try {
        const frames = framesOf(socket)
        const hello = await frames()
        same('the first frame', [hello.type, hello.channel], ['hello', channel])
        const { id } = await ann.says(channel, 'over a socket')
        const frame = await frames()
        same(
          'the second frame',
          [frame.type, frame.channel, frame.message?.id],
          ['message.created', channel, id],
        )
      } finally {
        socket.close()
      }
    },
  },
  ...(['poll', 'sse', 'websocket'] as const).map((transport) => streamRow(transport)),
  {
    part: 2,
    page: 'live',
    feature: 'long_poll',
    rule: 'a long poll ends with the first message, or without one when its time is over',
    check: async (lab) => {
      const since = await lab.anchor()
      const wait = (seconds: number) =>
        lab.bob.get(`/v1/messages?channel=${lab.channel}&since=${since}&wait=${seconds}`)
      same('timed_out', answered(await wait(1), 200)?.timed_out, true)
      const waiting = wait(30)
      const { id } = await lab.ann.says(lab.channel, 'it wakes')
      const page = answered(await waiting, 200)
      same('the messages', [page.timed_out, page.messages.map((one: Json) => one.id)], [false, [id]])
    },
  },
  {
    part: 2,
    page: 'log',
    feature: 'events',
    rule: 'events come as envelopes with seq, cursor, at and actor',
    check: async (lab) => {
      const since = await lab.anchor()
      const { id, seq } = await lab.ann.says(lab.channel, 'an event')
      const query = `channel=${lab.channel}&type=message.*&since=${since}`
      const { events } = answered(await lab.bob.get(`/v1/events?${query}`), 200) ?? {}
      holds('not one event', events?.length === 1, events)
      const [event] = events
      hasKeys('the event', event, ['type', 'channel', 'message', 'seq', 'cursor', 'at', 'actor'])
      same(
        'the event',
        [event.type, event.channel, event.message.id, event.seq, event.actor],
        ['message.created', lab.channel, id, seq, { handle: lab.ann.handle, kind: 'agent' }],
      )
    },
  },
]

function streamRow(transport: TransportName): Row {
  const { name, feature } = ways[transport]
  return {
    part: 2,
    page: 'live',
    feature,
    rule: `a stream over ${name} has what came after its cursor, then what comes, in order and each once`,
    check: (lab) => checkStream(lab, transport),
  }
}

async function checkStream(lab: Lab, transport: TransportName): Promise<void> {
  const since = await lab.anchor()
  const expected: string[] = []
  const say = async (text: string) => expected.push((await lab.ann.says(lab.channel, text)).id)
  await say('before')
  const signal = AbortSignal.timeout(FRAME_WITHIN_MS)
  const types = ['message.created']
  const options = { channels: [lab.channel], types, since, transport, signal }
  await using stream = lab.client(lab.bob).stream(options)
  const found: string[] = []
  try {
    await stream.ready()
    for (const text of ['one', 'two']) await say(text)
    for await (const event of stream) {
      found.push(idOf(event as LogEvent))
      if (found.length === expected.length) break
    }
  } catch (error) {
    if (error instanceof SynapseError) throw new Difference(`the stream ended: ${error.code} ${error.detail}`)
    if (!signal.aborted) throw error
  }
  same('the messages', found, expected)
}

function idOf(event: LogEvent): string {
  return event.type === 'message.created' ? event.message.id : event.type
}

/** Returns a function that waits for the next frame. @throws Difference if none comes */
function framesOf(socket: WebSocket): () => Promise<Json> {
  const frames: string[] = []
  let wake = () => {}
  let ended: string | undefined
  socket.onmessage = ({ data }) => {
    frames.push(String(data))
    wake()
  }
  socket.onclose = ({ code, reason }) => {
    ended = `the socket closed with ${code} ${reason}`
    wake()
  }
  return async () => {
    const timeout = AbortSignal.timeout(FRAME_WITHIN_MS)
    while (frames.length === 0) {
      if (ended !== undefined) throw new Difference(ended)
      if (timeout.aborted) throw new Difference(`no frame came within ${FRAME_WITHIN_MS / 1000} s`)
      await new Promise<void>((resolve) => {
        wake = resolve
        timeout.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return JSON.parse(frames.shift() ?? 'null')
  }
}
