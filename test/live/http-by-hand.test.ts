// Faults of Bun that clients can see, and that the server cannot avoid (docs/protocols/v1.md, "HTTP by hand"). Each
// test records the behaviour of today: when one fails, Bun is fixed, and the test and its paragraph can go.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { answerIn, RawConnection } from '../support/raw-socket'
import { until } from '../support/sockets'
import { type Person, type Room, type World, world } from '../support/world'

let w: World
let room: Room
let bob: Person
beforeAll(async () => {
  w = await world()
  room = await w.channel('room')
  bob = await w.agent('bob', { channels: { room: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const head = (body: string, extra = '') =>
  `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${bob.secret}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${extra}\r\n`
const message = (body: string) => JSON.stringify({ channel: 'room', body })
const isStored = (body: string) =>
  until(`"${body}" in the room`, async () => (await bob.hears(room)).includes(body))
const CONTINUE = 'HTTP/1.1 100 Continue'

test('Bun accepts `Expect: 100-continue` only in lower case and answers the request once its body arrives', async () => {
  using strange = await RawConnection.open(w.url)
  const body = message('expected')
  strange.write(head(body, 'Expect: 100-Continue\r\n'))
  using usual = await RawConnection.open(w.url)
  usual.write(head(body, 'Expect: 100-continue\r\n'))
  expect(await usual.when(() => usual.buffered.includes(CONTINUE) || undefined)).toBe(true)
  // The other request came first, so its answer would be here by now.
  expect(strange.buffered.toString()).toBe('')
  strange.write(body)
  expect((await strange.when(() => answerIn(strange)))?.status).toBe(201)
})

test('Bun closes the connection without an answer when a second request is pipelined, and carries out the first', async () => {
  using connection = await RawConnection.open(w.url)
  const body = message('pipelined')
  connection.write(`${head(body)}${body}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  expect(await connection.endedWithin(10_000)).toBeDefined()
  expect(connection.buffered.toString()).toBe('')
  await isStored('pipelined')
})

test('Bun answers 400 to a body followed by a line end and closes the connection', async () => {
  using connection = await RawConnection.open(w.url)
  const body = message('with a line end behind it')
  connection.write(`${head(body)}${body}\r\n`)
  expect((await connection.when(() => answerIn(connection)))?.status).toBe(400)
  expect(await connection.endedWithin(10_000)).toBeDefined()
})

test('after any of these faults a retry key tells the client on a new connection what became of its post', async () => {
  const body = JSON.stringify({ channel: 'room', body: 'once', client_msg_id: 'once' })
  {
    using connection = await RawConnection.open(w.url)
    connection.write(`${head(body)}${body}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    expect(await connection.endedWithin(10_000)).toBeDefined()
  }
  using again = await RawConnection.open(w.url)
  again.write(`${head(body)}${body}`)
  expect((await again.when(() => answerIn(again)))?.status).toBe(201)
  expect((await bob.hears(room)).filter((text) => text === 'once')).toEqual(['once'])
})
