/**
 * `bun run screenshots` draws the images in docs/images/console: a server with a seeded working day, the clock of the
 * server and of the browser standing at its end, and the pages as people see them; then the steps of a day, one by one.
 * Names select: `… channel inbox`.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConsolePage, desktop, phone } from '../test/browser/console/support'
import { BrowserPage, type Window } from '../test/support/browser'
import { type Person, type World, world } from '../test/support/world'
import { DAY_STEPS, stepThroughDay } from './screenshots/day-steps'
import { terminalPage } from './screenshots/terminal'
import { LAST_CLAIM, type WorkingDay, workingDay } from './screenshots/working-day'

const ROOT = join(import.meta.dir, '..')
const FOLDER = join(ROOT, 'docs/images/console')
/** The steps of a day need no side of a large screen. */
const STEP: Window = { width: 1200, height: 640, scheme: 'light' }
const dark = { ...desktop, scheme: 'dark' } as const

const SETTINGS = { SYNAPSE_INSTANCE_NAME: 'Kestrel lab', SYNAPSE_CHAIN_LIMIT: '1' }

interface Scene {
  /** Null: nobody is signed in. */
  readonly who: Person | null
  readonly path: string
  readonly window?: Window
  /** Brings the page to what the image shows. */
  readonly until: (page: ConsolePage) => Promise<unknown>
}

function scenes(day: WorkingDay): Record<string, Scene> {
  const { ada, bo } = day
  const channel = '/channels/release-42'
  const showsChannel = (page: ConsolePage) => page.find('group', 'May I deploy ws-ping to staging?')
  const shows = (text: string) => (page: ConsolePage) => page.shows(text)
  return {
    'sign-in': { who: null, path: '/', until: (page) => page.find('button', 'Sign in') },
    channel: { who: ada, path: channel, until: showsChannel },
    'channel-dark': { who: ada, path: channel, window: dark, until: showsChannel },
    'channel-phone': { who: ada, path: channel, window: phone, until: showsChannel },
    thread: {
      who: ada,
      path: `/threads/${day.question.id}`,
      until: async (page) => {
        await page.find('region', 'Thread in release-42')
        await page.find('button', 'Continue')
      },
    },
    'approval-pending': {
      who: bo,
      path: `/m/${day.pending.message_id}`,
      until: (page) => page.find('button', 'Deploy'),
    },
    'approval-decided': {
      who: bo,
      path: `/m/${day.decided.message_id}`,
      until: (page) => page.find('group', 'May I restart the staging proxy?'),
    },
    dm: { who: ada, path: `/channels/${day.direct}`, until: shows('Ask the other three') },
    inbox: { who: ada, path: '/inbox', until: shows('the fix is in') },
    'inbox-phone': { who: ada, path: '/inbox', window: phone, until: shows('the fix is in') },
    search: {
      who: ada,
      path: '/search?q=pings',
      until: (page) => page.waitFor('document.querySelector("mark")'),
    },
    activity: { who: ada, path: '/activity', until: (page) => page.find('listitem', /^builder, agent/) },
    palette: {
      who: ada,
      path: channel,
      until: async (page) => {
        await showsChannel(page)
        await page.press('k', 'Control')
        await page.find('option', /^builder/)
      },
    },
    deliveries: {
      who: ada,
      path: `/m/${day.named.id}`,
      until: async (page) => {
        // The message has the focus when the page has come to it.
        await page.waitFor(`document.activeElement.dataset.message === '${day.named.id}'`)
        await page.click('button', /^(?!critic).*critic/)
        await page.find('dialog', 'Deliveries')
        await page.shows('critic')
      },
    },
    devices: {
      who: ada,
      path: '/me/devices',
      until: async (page) => {
        await page.click('button', 'Let a device in')
        await page.click('button', 'Make a code')
        await page.find('image', 'Scan it with the camera of the device')
      },
    },
    accounts: { who: ada, path: '/admin/accounts', until: (page) => page.shows('critic') },
    audit: { who: ada, path: '/admin/audit', until: (page) => page.find('heading', /Audit/) },
    'settings-history': {
      who: ada,
      path: '/admin/settings/auth.session_days',
      until: (page) => page.find('region', 'History'),
    },
    // Makes an agent, so it comes after the pictures of what there is.
    onboarding: {
      who: ada,
      path: '/admin/accounts',
      until: async (page) => {
        await page.click('button', 'Agent')
        await page.fill('textbox', 'Handle', 'reviewer')
        await page.click('checkbox', '#release-42')
        await page.click('button', 'Create')
        await page.find('region', 'Token')
      },
    },
    pause: {
      who: ada,
      path: '/activity',
      until: async (page) => {
        await page.click('button', 'Pause everywhere')
        await page.find('heading', 'Pause agents')
      },
    },
  }
}

/** The clock of the browser begins where that of the server stands. Times are those of London, in English. */
async function open(
  { url, clock }: World,
  who: Person | null,
  path: string,
  window: Window,
): Promise<ConsolePage> {
  const origin = `http://${who?.handle ?? 'guest'}.localhost:${new URL(url).port}`
  const page = await BrowserPage.open('about:blank', window)
  await page.cdp('Page.enable')
  await page.cdp('Page.addScriptToEvaluateOnNewDocument', { source: clockAt(clock.now() / 1000) })
  await page.cdp('Emulation.setTimezoneOverride', { timezoneId: 'Europe/London' })
  await page.cdp('Emulation.setLocaleOverride', { locale: 'en-GB' })
  if (who)
    await page.cdp('Network.setCookie', {
      url: origin,
      name: 'synapse_session',
      value: who.secret,
      httpOnly: true,
    })
  await page.navigate(`${origin}${path}`)
  return new ConsolePage(page, origin)
}

const clockAt = (milliseconds: number) => `(() => {
  const Real = Date
  const now = () => ${Math.floor(milliseconds)} + Math.floor(performance.now())
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(now()) : super(...given) }
    static now() { return now() }
  }
})()`

const QUIET_MS = 500

/** Waits for the name of the server, which comes last, and then until the page has asked for nothing for a while. */
async function quiet({ page }: ConsolePage): Promise<void> {
  const isOfConsole = await page.value<boolean>("location.protocol === 'http:'")
  while (isOfConsole && !page.requests.some((url) => url.endsWith('/v1/setup'))) await Bun.sleep(QUIET_MS)
  for (let asked = -1; asked !== page.requests.length; await Bun.sleep(QUIET_MS)) asked = page.requests.length
}

async function draw(name: string, page: ConsolePage): Promise<void> {
  await quiet(page)
  const file = join(FOLDER, `${name}.webp`)
  // A third of the bytes of a PNG.
  const picture = { format: 'webp', quality: 90 }
  const { data } = await page.page.cdp<{ data: string }>('Page.captureScreenshot', picture)
  await Bun.write(file, Buffer.from(data, 'base64'))
  chmodSync(file, 0o644)
  console.log(name)
}

/** What `synapse tail` shows at a terminal, drawn as one. */
async function tail(server: World, { ada }: WorkingDay): Promise<ConsolePage> {
  const folder = join(server.home, 'ada/.synapse')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { body } = await ada.post<{ token: string }>('/v1/me/tokens', {
    name: 'terminal',
    scopes: ['channel:*:read', 'channel:*:post'],
  })
  writeFileSync(join(folder, 'ada.token'), body.token, { mode: 0o600 })
  writeFileSync(join(folder, 'synapse.toml'), `[synapse]\nbase_url = "${server.url}/"\nhandle = "ada"\n`)
  let shown = ''
  const child = Bun.spawn(
    [process.execPath, join(ROOT, 'src/cli/index.ts'), 'tail', 'release-42', '--no-status', '-n', '14'],
    {
      cwd: join(server.home, 'ada'),
      env: {
        HOME: join(server.home, 'ada'),
        PATH: process.env.PATH ?? '',
        TERM: 'xterm',
        TZ: 'Europe/London',
      },
      terminal: { cols: 112, data: (_, data) => (shown += new TextDecoder().decode(data)) },
    },
  )
  for (const until = Date.now() + 20_000; !shown.includes(LAST_CLAIM); await Bun.sleep(50)) {
    if (Date.now() > until) throw new Error(`tail does not show the last claim:\n${shown}`)
  }
  child.kill('SIGINT')
  await child.exited
  const lines = shown.trimEnd().split('\n').length
  const page = await BrowserPage.open(
    `data:text/html;charset=utf-8,${encodeURIComponent(terminalPage('synapse tail', shown.trimEnd()))}`,
    { width: 1000, height: 60 + lines * 22, scheme: 'dark' },
  )
  return new ConsolePage(page, 'data:')
}

async function main(names: readonly string[]): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  const wanted = (name: string) => names.length === 0 || names.includes(name)
  if (wanted('first-run')) {
    await using empty = await world({ settings: SETTINGS })
    await using page = await open(empty, null, '/', desktop)
    await page.shows('synapse quickstart')
    await draw('first-run', page)
  }
  if (DAY_STEPS.some(wanted)) {
    await using fresh = await world({ settings: SETTINGS })
    await stepThroughDay(fresh, async (step, who, path, until) => {
      await using page = await open(fresh, who, path, STEP)
      await until(page)
      if (wanted(step)) await draw(step, page)
    })
  }
  if (names.length > 0 && DAY_STEPS.filter((step) => names.includes(step)).length === names.length) return
  await using server = await world({ settings: SETTINGS })
  const day = await workingDay(server)
  await server.indexed()
  for (const [name, { who, path, window = desktop, until }] of Object.entries(scenes(day))) {
    if (!wanted(name)) continue
    await using page = await open(server, who, path, window)
    await until(page)
    await draw(name, page)
  }
  if (wanted('tail')) {
    await using page = await tail(server, day)
    await draw('tail', page)
  }
  if (wanted('offline')) {
    await using page = await open(server, day.ada, '/channels/general', desktop)
    await page.find('region', 'general')
    await server.stop()
    await page.shows('No connection')
    await draw('offline', page)
  }
}

await main(process.argv.slice(2))
process.exit(0)
