// A server that is killed or replaced while somebody writes (console.md 10, 2): the post arrives once, the draft stays.
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../../home/temporary'
import { BrowserPage, desktop } from '../../support/browser'
import type { ServerProcess } from '../../support/server-process'
import { program, Site } from '../../support/site'
import { Wire } from '../../support/wire'
import { browser, ConsolePage } from './support'

setDefaultTimeout(120_000)

const ROOT = join(import.meta.dir, '../../..')
const SOURCES = [
  'src',
  'packages',
  'scripts',
  'drizzle',
  'docs',
  'package.json',
  'tsconfig.json',
  'bunfig.toml',
]
const FIELD = 'Message #general'
const isPost = (request: string) => request === 'POST /v1/messages'
/** What a browser says while there is no server, and of a file that a later build does not have. */
const lost = [/Failed to load resource: /, /WebSocket connection to .* failed/]

/** Compiles the program with other files of the console into a folder. Returns its path. */
function otherBuild(folder: string): string {
  const copy = join(folder, 'sources')
  mkdirSync(copy)
  for (const name of SOURCES) cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  // The names of the files come from their content.
  for (const file of ['main.tsx', 'pages/admin/admin.tsx'])
    writeFileSync(
      join(copy, 'packages/console/src', file),
      'Object.assign(globalThis, { isOther: true })\n',
      {
        flag: 'a',
      },
    )
  const outfile = join(folder, 'synapse')
  const built = Bun.spawnSync([process.execPath, 'scripts/build.ts', '--outfile', outfile], { cwd: copy })
  if (built.exitCode !== 0) throw new Error(built.stderr.toString())
  return outfile
}

describe.skipIf(browser === undefined)('a server that ends while somebody writes', () => {
  const folder = temporaryDirectory()
  const script = join(folder.path, 'program')
  const runs = (words: readonly string[]) =>
    writeFileSync(script, `exec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`)
  runs(program)
  let site: Site
  let server: ServerProcess
  let wire: Wire
  let token: string
  beforeAll(async () => {
    site = new Site({ program: ['/bin/sh', script] })
    server = await site.serve()
    wire = await Wire.open(() => Number(new URL(server.url).port))
    await server.room('general')
    await server.person('ada', 'general')
    await site.json('set-admin', 'ada')
    token = await server.agent('builder', 'general')
  })
  afterEach(() => {
    wire.release()
    wire.mend()
  })
  afterAll(async () => {
    await wire[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })

  const restart = async () => {
    wire.rule = () => 'pass'
    await server.kill()
    server = await site.serve()
  }
  const open = async (host: string): Promise<ConsolePage> => {
    const origin = `http://${host}.localhost:${wire.port}`
    const page = new ConsolePage(await BrowserPage.open(`${origin}/channels/general`, desktop), origin)
    await page.fill('textbox', 'Handle', 'ada')
    await page.fill('textbox', 'Password', 'correct horse battery staple')
    await page.press('Enter')
    await page.find('textbox', FIELD)
    return page
  }
  const send = async (page: ConsolePage, text: string) => {
    await page.fill('textbox', FIELD, text)
    await page.press('Enter')
    await page.find('listitem', new RegExp(text))
  }
  const stored = async (): Promise<string[]> => {
    const { body } = await server
      .as(token)
      .get<{ messages: { body: string }[] }>('/v1/messages?channel=general&order=asc')
    return body.messages.map(({ body: text }) => text)
  }
  const isOnce = async (page: ConsolePage, text: string) => {
    await page.find('listitem', new RegExp(`^ada, \\d\\d:\\d\\d: ${text}$`))
    expect(await page.all('listitem', new RegExp(text))).toHaveLength(1)
    expect((await stored()).filter((body) => body === text)).toHaveLength(1)
  }
  const drafted = (page: ConsolePage) =>
    page.value<string>(`document.querySelector('textarea[aria-label="${FIELD}"]').value`)

  test('kill -9 after the commit, before the answer: the message stands once', async () => {
    await using page = await open('killed-after')
    wire.rule = (request) => (isPost(request) ? 'hold' : 'pass')
    await send(page, 'committed before the end')
    await page.wait('the commit', async () => (await stored()).includes('committed before the end'))
    await page.fill('textbox', FIELD, 'a draft beside it')
    await restart()
    await isOnce(page, 'committed before the end')
    expect(await drafted(page)).toBe('a draft beside it')
    await page.fill('textbox', FIELD, '')
    await page.isClean({ allowed: lost })
  })

  test('kill -9 before the post: it is sent to the next server, over a reload of the page', async () => {
    await using page = await open('killed-before')
    wire.break()
    await server.kill()
    await send(page, 'written while it was away')
    await page.fill('textbox', FIELD, 'half a thought')
    server = await site.serve()
    wire.mend()
    await page.goes('/channels/general')
    await isOnce(page, 'written while it was away')
    expect(await drafted(page)).toBe('half a thought')
    await page.fill('textbox', FIELD, '')
    await page.isClean({ allowed: lost })
  })

  test('code that was not fetched before the connection was lost comes when it is back, and the page stays', async () => {
    await using page = await open('without-code')
    await page.value('globalThis.isSame = true')
    wire.break()
    await page.click('link', 'Search')
    await page.click('link', /^general/)
    await page.fill('textbox', FIELD, 'typed without a connection')
    await page.click('link', 'Search')
    await page.shows('No connection')
    wire.mend()
    await page.shows('What one can search for')
    expect(await page.value('globalThis.isSame')).toBe(true)
    await page.click('link', /^general/)
    await page.find('textbox', FIELD)
    expect(await drafted(page)).toBe('typed without a connection')
    await page.fill('textbox', FIELD, '')
    await page.isClean({ allowed: lost })
  })

  test('another build: what was on its way arrives once, and code that is gone loads the page anew with the draft', async () => {
    const other = otherBuild(folder.path)
    await using page = await open('rebuilt')
    // The page fetches this by itself, when it is shown.
    await page.waitFor("performance.getEntriesByType('resource').some(({ name }) => name.includes('/rest-'))")
    wire.rule = (request) => (isPost(request) ? 'hold' : 'pass')
    await send(page, 'sent to the old build')
    await page.fill('textbox', FIELD, 'begun with the old build')
    runs([other])
    await restart()
    await isOnce(page, 'sent to the old build')
    expect(await page.value('globalThis.isOther')).toBeUndefined()
    await page.click('link', 'Administration')
    await page.waitFor('globalThis.isOther === true')
    await page.find('region', 'In a terminal')
    await page.shows('The server has a new version')
    await page.click('link', /^general/)
    await page.find('textbox', FIELD)
    expect(await drafted(page)).toBe('begun with the old build')
    await isOnce(page, 'sent to the old build')
    await page.isClean({ allowed: lost })
  })
})
