// One page and several servers with one Postgres: what is said at another server is seen, and a server that dies is not missed.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Cluster } from '../../replicas/cluster'
import { caddyMissing, startProxy } from '../../replicas/documented-proxy'
import { BrowserPage, desktop } from '../../support/browser'
import { postgresMissing, sharedPostgres } from '../../support/postgres'
import { Wire } from '../../support/wire'
import { PASSWORD } from '../../support/world'
import { browser, ConsolePage } from './support'

setDefaultTimeout(120_000)

const FIELD = 'Message #general'
/** What a browser says while a server is away. */
const lost = [/Failed to load resource: /, /WebSocket connection to .* failed/, /Manifest fetch .* failed/]

describe.skipIf(browser === undefined || postgresMissing)('a page of two servers', () => {
  let cluster: Cluster
  let token: string
  beforeAll(async () => {
    cluster = await Cluster.start({ database: await (await sharedPostgres()).createDatabase(), size: 2 })
    const server = cluster.server(0)
    await server.room('general')
    await server.person('ada', 'general')
    token = await server.agent('builder', 'general')
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  const open = async (origin: string): Promise<ConsolePage> => {
    const page = new ConsolePage(await BrowserPage.open(`${origin}/channels/general`, desktop), origin)
    await page.fill('textbox', 'Handle', 'ada')
    await page.fill('textbox', 'Password', PASSWORD)
    await page.press('Enter')
    await page.find('textbox', FIELD)
    return page
  }
  /** Posts as the agent at one of the servers. */
  const posts = async (at: number, body: string) => {
    const answer = await cluster.server(at).as(token).post('/v1/messages', { channel: 'general', body })
    expect(answer.status, answer.text).toBe(201)
  }
  const stored = async (at: number) => {
    const path = '/v1/messages?channel=general&order=asc&limit=200'
    const { body } = await cluster.server(at).as(token).get<{ messages: { body: string }[] }>(path)
    return body.messages.map(({ body: text }) => text)
  }
  const hears = (page: ConsolePage, text: string) =>
    page.find('listitem', new RegExp(`^builder, agent, .*${text}$`))
  const send = async (page: ConsolePage, text: string) => {
    await page.fill('textbox', FIELD, text)
    await page.press('Enter')
    await page.find('listitem', new RegExp(`^ada, .*${text}$`))
  }
  /** The rows of the page are the messages of the server, each once and in order. */
  const agrees = (page: ConsolePage, at: number) =>
    page.wait('the messages of the server', async () => {
      const rows = await page.value<string[]>(
        "[...document.querySelectorAll('.row')].map((row) => row.ariaLabel?.replace(/^.*?:\\d\\d: /, '') ?? '')",
      )
      return Bun.deepEquals(rows, await stored(at))
    })

  test('sees at one of them what is posted at the other, and goes on at the other when its own is killed', async () => {
    let own = 0
    await using wire = await Wire.open(() => Number(new URL(cluster.server(own).url).port))
    await using page = await open(`http://localhost:${wire.port}`)
    await posts(1, 'said at the other server')
    await hears(page, 'said at the other server')
    await send(page, 'said at my server')
    await page.wait('it at the other server', async () => (await stored(1)).includes('said at my server'))

    // Its server dies after the commit, and before the answer.
    wire.rule = (request) => (request === 'POST /v1/messages' ? 'hold' : 'pass')
    await page.fill('textbox', FIELD, 'committed at the server that dies')
    await page.press('Enter')
    await page.wait('the commit', async () => (await stored(1)).includes('committed at the server that dies'))
    await page.fill('textbox', FIELD, 'half a thought')
    own = 1
    await cluster.kill(0)
    wire.release()
    wire.cut()
    await posts(1, 'said while one was away')
    await hears(page, 'said while one was away')
    await agrees(page, 1)
    expect(await page.value(`document.querySelector('textarea[aria-label="${FIELD}"]').value`)).toBe(
      'half a thought',
    )
    await page.fill('textbox', FIELD, '')
    await page.isClean({ allowed: lost })
    await cluster.startOne(0)
  })

  test.skipIf(caddyMissing)(
    'behind the documented proxy the server of its stream may be killed',
    async () => {
      await using proxy = await startProxy(cluster.servers.map(({ url }) => url))
      await using page = await open(proxy.url)
      await posts(0, 'before the end')
      await hears(page, 'before the end')
      const streams = async (at: number) => {
        const { body } = await cluster.server(at).operator.get<{ counts: { streams: number } }>('/v1/health')
        return body.counts.streams
      }
      const dead = (await streams(0)) > 0 ? 0 : 1
      expect(await streams(dead)).toBe(1)
      const alive = 1 - dead
      await cluster.kill(dead)
      await send(page, 'sent without it')
      await posts(alive, 'after the end')
      await hears(page, 'after the end')
      await agrees(page, alive)
      await page.isClean({ allowed: lost })
    },
  )
})
