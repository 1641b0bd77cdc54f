import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { ClientHttp2Session } from 'node:http2'
import { BrowserPage, browser, desktop } from '../support/browser'
import { frame } from '../support/raw-socket'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { EventStream, until } from '../support/sockets'
import { Fronts, refusals, tooLarge, type Way, ways } from './fronts'
import { ask, dial } from './session'

setDefaultTimeout(120_000)

const PASSWORD = 'correct horse battery'
const events = { ':path': '/v1/events', accept: 'text/event-stream' }

describe('over one connection of HTTP/2', () => {
  const stack = new AsyncDisposableStack()
  let fronts: Fronts
  let server: ServerProcess
  let token = ''

  beforeAll(async () => {
    fronts = stack.use(new Fronts())
    const site = stack.use(new Site())
    server = await site.serveWith({ SYNAPSE_PORT: fronts.port, SYNAPSE_STREAMS_PER_ACCOUNT: '100' })
    await server.room('general')
    token = await server.agent('agent', 'general')
    const person = { kind: 'human', handle: 'ada', password: PASSWORD }
    await server.operator.post('/v1/admin/accounts', person)
    const place = { account_handle: 'ada', channel_slug: 'general' }
    expect((await server.operator.post('/v1/admin/memberships', place)).status).toBe(201)
    await fronts.start()
  })
  afterAll(() => stack.disposeAsync())

  const bearer = () => ({ authorization: `Bearer ${token}` })
  const post = (body: string) => server.as(token).post('/v1/messages', { channel: 'general', body })

  for (const way of ways.filter(({ protocol }) => protocol === 'http2'))
    describe.skipIf(!way.isThere)(`with ${way.name}`, () => {
      test('twelve streams and further requests work on one connection', async () => {
        const { origin } = fronts.at(way.name)
        const session = await dial(fronts.at(way.name))
        const streams = Array.from({ length: 12 }, () => {
          const stream = session.request({ ...events, ...bearer() })
          let text = ''
          stream.setEncoding('utf8').on('data', (part: string) => (text += part))
          return () => text
        })
        await until('all of them', () => streams.every((text) => text().includes('event: hello')))
        expect(await ask(session, { ':path': '/v1/auth/me', ...bearer() })).toBe(200)
        await post(`to all at ${origin}`)
        await until('the message', () => streams.every((text) => text().includes(`to all at ${origin}`)))
        session.destroy()
      })

      test.each(tooLarge)(
        '%s is refused at once and costs at most its own connection',
        async (_, headers) => {
          const session = await dial(fronts.at(way.name))
          const status = await ask(session, { ':path': '/v1/auth/me', ...bearer(), ...headers })
          if (status !== undefined) expect(refusals(way.name)).toContain(status)
          session.destroy()
          using stream = await EventStream.open(fronts.at(way.name).origin, bearer(), {
            via: fronts.via(way),
          })
          await stream.next('hello')
        },
      )

      test.skipIf(browser === undefined)(
        'a browser reads eight streams and a WebSocket at once, and posts',
        async () => {
          const { origin } = fronts.at(way.name)
          await using page = await BrowserPage.open(`${origin}/pair`, { ...desktop, isTrusting: true })
          expect(await page.value(spoken)).toBe('h2')
          expect(await page.value(`(${signIn})('ada', '${PASSWORD}')`)).toBe(200)
          await page.value(`(${listen})(8)`)
          await page.becomes("heard.filter((one) => one === 'hello').length === 9")
          expect(await page.value(`(${say})('from the browser')`)).toBe(201)
          await page.becomes("heard.filter((one) => one.includes('from the browser')).length === 9")
          expect(await page.value('[...document.cookie]')).toEqual([])
          expect(page.complaints).toEqual([])
        },
      )

      // RFC 8441. Where the proxy does not offer it, clients open an HTTP/1.1 connection for the WebSocket.
      const offersSockets = way.name === 'HAProxy'
      test(`a WebSocket ${offersSockets ? 'uses the same connection' : 'is not offered on the same connection'}`, async () => {
        const session = await dial(fronts.at(way.name))
        expect(session.remoteSettings.enableConnectProtocol === true).toBe(offersSockets)
        if (offersSockets) await carriesSocket(session, way)
        session.destroy()
      })
    })

  async function carriesSocket(session: ClientHttp2Session, { name }: Way): Promise<void> {
    const [scheme = '', authority = ''] = fronts.at(name).origin.split('://')
    const socket = session.request(
      {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': scheme,
        ':authority': authority,
        ':path': '/v1/ws',
        'sec-websocket-version': '13',
        ...bearer(),
      },
      { endStream: false },
    )
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => (text += part))
    const said = (part: string) => until(part, () => text.includes(part))
    await said('"hello"')
    socket.write(frame({ opcode: 'text', payload: '{"type":"subscribe","id":1,"channels":["general"]}' }))
    await said('"subscribed"')
    await post('through the tunnel')
    await said('through the tunnel')
  }
})

/* Runs in the page. */

const spoken = `performance.getEntriesByType('navigation')[0].nextHopProtocol`
const signIn = `async (handle, password) => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ handle, password })
  return (await fetch('/v1/auth/login', { method: 'POST', headers, body })).status
}`
/** The first message of each listener tells that it is open. */
const listen = `(streams) => {
  globalThis.heard = []
  for (let i = 0; i < streams; i++) {
    const source = new EventSource('/v1/events')
    source.addEventListener('hello', ({ type }) => heard.push(type))
    source.addEventListener('message.created', ({ data }) => heard.push(data))
  }
  const socket = new WebSocket('/v1/ws')
  socket.onmessage = ({ data }) => {
    if (data.includes('"hello"')) socket.send('{"type":"subscribe","id":1,"channels":["general"]}')
    else heard.push(JSON.parse(data).type === 'subscribed' ? 'hello' : data)
  }
}`
const say = `async (body) => {
  const headers = { 'content-type': 'application/json' }
  return (await fetch('/v1/messages', { method: 'POST', headers, body: JSON.stringify({ channel: 'general', body }) })).status
}`
