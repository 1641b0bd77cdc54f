// @synapse/client in a page: with the cookie of the page's server, and with a token from a page of another origin.
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { resolve } from 'node:path'
import { TestProxy } from '../client/proxy'
import { Room } from '../client/room'
import { BrowserPage, browser, desktop } from '../support/browser'
import { until } from '../support/sockets'
import { freePort } from '../support/supervised'

setDefaultTimeout(60_000)

const PASSWORD = 'correct horse battery staple'
const PAGE = '<!doctype html><title>a page</title><link rel="icon" href="data:,">'

describe.skipIf(browser === undefined)('in a page', () => {
  let code: string
  let room: Room
  let own: TestProxy
  /** A page of another origin, which the server lists. */
  let other: Bun.Server<undefined>
  beforeAll(async () => {
    const entry = resolve(import.meta.dir, '../../packages/client/src/index.ts')
    const { outputs } = await Bun.build({ entrypoints: [entry], minify: true, target: 'browser' })
    code = (await outputs[0]?.text()) ?? ''
    const port = freePort()
    other = Bun.serve({
      port,
      hostname: '127.0.0.1',
      fetch: ({ url }) =>
        url.endsWith('.js')
          ? new Response(code, { headers: { 'content-type': 'text/javascript' } })
          : new Response(PAGE, { headers: { 'content-type': 'text/html' } }),
    })
    room = await Room.open({ SYNAPSE_AUTH_CORS_ORIGINS: `http://127.0.0.1:${port}` })
    await room.token('ada', 'person')
  })
  afterAll(async () => {
    await other?.stop(true)
    await own?.[Symbol.asyncDispose]()
    await room?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    await own?.[Symbol.asyncDispose]()
    own = await TestProxy.before(room.url)
    own.pages.set('/a-page', ['text/html', PAGE]).set('/client.js', ['text/javascript', code])
  })

  /** Opens a page and begins a stream in it, which notes the bodies of messages. */
  async function withStream(address: string, options = ''): Promise<BrowserPage> {
    const page = await BrowserPage.open(address, desktop)
    await page.value(`(async () => {
      const { connect } = await import('/client.js')
      if (${options === ''}) {
        const body = JSON.stringify({ handle: 'ada', password: '${PASSWORD}' })
        await fetch('/v1/auth/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      }
      window.synapse = connect(${options})
      window.heard = []
      const stream = synapse.stream({ inbox: true })
      await stream.ready()
      ;(async () => {
        for await (const event of stream) heard.push(event.type + ' ' + event.message?.body)
      })()
    })()`)
    return page
  }

  async function carries(page: BrowserPage, body: string): Promise<void> {
    await (await room.as('ann')).post('general', body)
    await until(`'${body}'`, () => page.value<boolean>(`heard.includes('message.created ${body}')`), 30_000)
  }

  test('connect needs no arguments, and a stream is a WebSocket', async () => {
    await using page = await withStream(`${own.url}/a-page`)
    own.eventStreams = 'cuts'
    expect(await page.value('synapse.request("GET /v1/auth/me").then(({ handle }) => handle)')).toBe('ada')
    expect(await page.value('synapse.post("general", "from a page").then(({ via }) => via)')).toBe('session')
    await carries(page, '@ada hello')
    await page.becomes("heard.includes('inbox.item @ada hello')")
    own.cut()
    await carries(page, 'after a cut')
    expect(own.begun).toBe(2)
    expect(page.complaints.filter((text) => !text.includes('ERR_'))).toEqual([])
  })

  test('where a WebSocket does not pass, a stream takes another way', async () => {
    own.sockets = 'cuts'
    await using page = await withStream(`${own.url}/a-page`)
    await carries(page, 'over server-sent events')
    own.eventStreams = 'cuts'
    own.cut()
    await carries(page, 'over polls')
    await carries(page, 'and again')
  })

  test('a page of another origin uses a token', async () => {
    const options = JSON.stringify({ url: room.url, token: await room.token('eve') })
    await using page = await withStream(`http://127.0.0.1:${other.port}/`, options)
    await carries(page, '@eve from afar')
    await page.becomes("heard.includes('inbox.item @eve from afar')")
    expect(await page.value('synapse.post("general", "hi").then(({ sender_handle }) => sender_handle)')).toBe(
      'eve',
    )
    expect(await page.value('synapse.post("nowhere", "hi").catch(({ code }) => code)')).toBe(
      'channel_not_found',
    )
    expect(page.requests.some((url) => url.includes('syn_'))).toBe(false)
  })
})
