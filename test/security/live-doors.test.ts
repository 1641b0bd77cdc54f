import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { EventStream, LiveSocket } from '../support/sockets'
import { Cast, mayRead } from './cast'
import { type Place, reader, type Who } from './rules'
import { living } from './scene'
import { rooms } from './things'

/*
 * Open connections: a message of a channel reaches the connections of its readers, complete, and no others. Who may
 * open which connection is in the table of authorization.test.ts.
 */
setDefaultTimeout(120_000)

let cast: Cast
beforeAll(async () => {
  cast = await Cast.open()
})
afterAll(() => cast[Symbol.asyncDispose]())

/** A caller with an open connection. */
interface Ear {
  readonly who: Who
  readonly door: string
  /** The channel of a single-channel connection. */
  readonly room?: Place
  /** Everything received until the last message. */
  readonly heard: Promise<string>
}

/** The last message to each reader, after all messages of the channels. */
const lastWordTo = ({ name }: Who) => `the last word to ${name}.`

async function atStream(who: Who, door: AsyncDisposableStack): Promise<Ear> {
  const stream = door.use(await EventStream.open(cast.w.url, who.caller.credential))
  await stream.next('hello')
  const end = stream.arrivals.next(({ data }) => (data ?? '').includes(lastWordTo(who)), lastWordTo(who))
  return { who, door: 'event stream', heard: end.then(() => stream.text) }
}

async function atSocket(who: Who, door: AsyncDisposableStack): Promise<Ear> {
  const socket = door.use(await LiveSocket.open(cast.w.url, who.caller.credential))
  await socket.subscribe(['*'])
  const end = socket.arrivals.next(
    (frame) => JSON.stringify(frame).includes(lastWordTo(who)),
    lastWordTo(who),
  )
  return { who, door: 'socket', heard: end.then(() => socket.texts.join()) }
}

/** A single-channel socket receives only its channel, so its last message is posted there. */
async function atRoom(who: Who, room: Place, door: AsyncDisposableStack): Promise<Ear> {
  const path = `/v1/ws?channel=${room.slug}`
  const socket = door.use(await LiveSocket.open(cast.w.url, who.caller.credential, { path }))
  await socket.next('hello')
  const end = socket.arrivals.next((frame) => JSON.stringify(frame).includes(GOODBYE), GOODBYE)
  return { who, door: `socket of ${room.slug}`, room, heard: end.then(() => socket.texts.join()) }
}
const GOODBYE = 'goodbye'

/** Polls repeatedly from `since` until `isOver`; each poll waits until there is something. */
async function poll(
  who: Who,
  path: string,
  since: string,
  isOver: (text: string) => boolean,
): Promise<string> {
  let all = ''
  for (let cursor = since; ; ) {
    const { text, body } = await who.caller.get<{ cursor?: string; position?: string }>(
      `${path}&since=${cursor}`,
    )
    all += text
    if (isOver(text)) return all
    cursor = body.cursor ?? body.position ?? cursor
  }
}

test('a message of a channel reaches every kind of connection of its readers, and no others', async () => {
  await using doors = new AsyncDisposableStack()
  const { w, canaries, host, people } = cast
  const everybody = living.map((name) => cast.who(name))
  const places = [...cast.places.values()].filter(({ isArchived }) => !isArchived)
  const ears: Ear[] = []
  for (const who of everybody) {
    ears.push(await atStream(who, doors), await atSocket(who, doors))
    if (who.via !== 'session') continue
    for (const room of places) if (mayRead(who, room)) ears.push(await atRoom(who, room, doors))
  }
  const { body } = await w.operator.get<{ head_cursor: string }>('/v1/server')
  let isSaid = false
  for (const who of everybody) {
    const hears = (text: string) => text.includes(lastWordTo(who))
    const isEmpty = (text: string) => isSaid && text.startsWith('{"messages":[]')
    const events = poll(who, '/v1/events?wait=30', body.head_cursor, hears)
    const messages = poll(who, '/v1/messages?channel=*&wait=1', body.head_cursor, isEmpty)
    ears.push({ who, door: 'events, held', heard: events }, { who, door: 'messages, held', heard: messages })
  }

  const words = new Map<string, string>()
  for (const room of places) words.set(room.slug, (await cast.plant(room)).word)
  for (const room of places) await host.posts(room, GOODBYE)
  for (const who of everybody)
    await w.operator.patch(`/v1/admin/accounts/${people.get(who.name)?.id}`, {
      display_name: lastWordTo(who),
    })
  isSaid = true

  const wrong: string[] = []
  for (const { who, door, room, heard } of ears) {
    const text = await heard
    const expected = places.filter((place) => (room ? place.slug === room.slug : mayRead(who, place)))
    const got = places.filter(({ slug }) => text.includes(words.get(slug) ?? ''))
    const [should, did] = [expected, got].map((some) => some.map(({ slug }) => slug).join(' '))
    if (should !== did) wrong.push(`${who.name}, ${door}: should hear ${should}, heard ${did}`)
    for (const word of canaries.leaked(text, who)) wrong.push(`${who.name}, ${door}: heard ${word}`)
  }
  expect(wrong).toEqual([])
  expect(ears.length).toBeGreaterThan(4 * living.length)
})

test.each(living)(
  '%s can subscribe to the channels that it may read, and is refused the others with the documented code',
  async (name) => {
    const who = cast.who(name)
    using socket = await LiveSocket.open(cast.w.url, who.caller.credential)
    const wrong: string[] = []
    for (const room of rooms(cast, who)) {
      const refusal = reader(who, room)
      const expected = refusal === undefined ? 'subscribed' : `error ${refusal.split(' ')[1]}`
      const { type, code } = await socket.subscribe([room.name], { since: 'oldest' })
      const got = [type, code].filter((word) => word !== undefined).join(' ')
      if (got !== expected) wrong.push(`${room.name}: expected ${expected}, got ${got}`)
    }
    await socket.settle()
    expect([...wrong, ...cast.canaries.leaked(socket.texts.join(), who)]).toEqual([])
  },
)
