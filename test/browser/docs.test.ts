// /docs in a real browser: what it loads, how it is used with keys and on a small screen, whether it can be read.
// BUN_CHROME_PATH names the browser; otherwise one that lies on PATH is taken.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type World, world } from '../support/world'

const browser =
  process.env.BUN_CHROME_PATH ??
  ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
    .map((name) => Bun.which(name))
    .find((path) => path !== null)

if (browser === undefined)
  console.warn(
    'skipped: no Chromium on PATH; install one, or name it in BUN_CHROME_PATH, to run the browser tests',
  )

const flags = [
  '--disable-quic',
  '--disable-component-update',
  '--disable-sync',
  // Inside a container, and for root, Chromium's own sandbox does not start.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

interface Window {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
}

const desktop: Window = { width: 1440, height: 900, scheme: 'light' }
const phone: Window = { width: 390, height: 844, scheme: 'light' }

/** The page in a window of its own, and what it complained of and asked for since. */
class DocsPage implements AsyncDisposable {
  private constructor(
    private readonly view: Bun.WebView,
    readonly complaints: readonly string[],
    readonly requests: readonly string[],
  ) {}

  static async open(url: string, { width, height, scheme }: Window, hash = ''): Promise<DocsPage> {
    const complaints: string[] = []
    const requests: string[] = []
    const view = new Bun.WebView({
      width,
      height,
      backend: { type: 'chrome', argv: flags, ...(browser === undefined ? {} : { path: browser }) },
      console: (type, ...words: unknown[]) => complaints.push(`${type}: ${words.join(' ')}`),
    })
    await view.navigate('about:blank')
    view.addEventListener('Network.requestWillBeSent', (event) => {
      // An event of the DevTools protocol carries what it says as `data`.
      const { data } = event as MessageEvent<{ request: { url: string } }>
      if (!data.request.url.startsWith('data:')) requests.push(data.request.url)
    })
    view.addEventListener('Log.entryAdded', (event) => {
      const { data } = event as MessageEvent<{ entry: { level: string; text: string } }>
      if (data.entry.level !== 'verbose') complaints.push(`${data.entry.level}: ${data.entry.text}`)
    })
    await view.cdp('Network.enable')
    await view.cdp('Log.enable')
    await view.cdp('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    })
    await view.cdp('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ],
    })
    await view.navigate(`${url}/docs${hash}`)
    return new DocsPage(view, complaints, requests)
  }

  /** The value of an expression in the page. */
  async value<Result>(expression: string): Promise<Result> {
    // The test says what it expects; what came is checked by what it then does with it.
    return (await this.view.evaluate(expression)) as Result
  }

  /** Waits until an expression is true: what the browser does follows a frame later. */
  async becomes(expression: string): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (await this.value<boolean>(expression)) return
      await this.view.evaluate('new Promise((resolve) => requestAnimationFrame(() => resolve()))')
    }
    throw new Error(`never true on the page: ${expression}`)
  }

  /** What can be seen of these elements, as their texts. */
  visible(selector: string): Promise<string[]> {
    return this.value(
      `[...document.querySelectorAll('${selector}')].filter((one) => one.checkVisibility()).map((one) => one.textContent)`,
    )
  }

  press(key: string): Promise<void> {
    return this.view.press(key)
  }

  type(text: string): Promise<void> {
    return this.view.type(text)
  }

  click(selector: string): Promise<void> {
    return this.view.click(selector)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.view.close()
  }
}

describe.skipIf(browser === undefined)('/docs in a browser', () => {
  let w: World
  beforeAll(async () => {
    w = await world()
  })
  afterAll(() => w[Symbol.asyncDispose]())

  test('loads itself, and nothing else; the browser has nothing to complain of', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.becomes("document.readyState === 'complete'")
    expect(page.requests).toEqual([`${w.url}/docs`])
    expect(page.complaints).toEqual([])
  })

  test('names the server it came from in every line', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    const lines = await page.visible('.endpoint .sh code')
    expect(lines.length).toBeGreaterThan(30)
    expect(lines.filter((line) => !line.includes(w.url))).toEqual([])
  })

  test('is filtered from the keyboard, and shows everything again', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    const all = await page.visible('.endpoint h3')
    await page.press('/')
    await page.type('onboard')
    await page.becomes("document.getElementById('found').textContent !== ''")
    expect((await page.visible('.endpoint h3')).map((text) => text.trim())).toEqual([
      'POST /v1/admin/onboard',
    ])
    expect(await page.visible('#contents [data-for]')).toHaveLength(1)
    expect(await page.visible('#first-steps')).toEqual([])
    await page.press('Escape')
    expect(await page.visible('.endpoint h3')).toEqual(all)
    expect(await page.visible('#first-steps')).toHaveLength(1)
  })

  test('says when nothing matches, and offers the way back', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.press('/')
    await page.type('no such thing')
    expect(await page.visible('.nothing')).toHaveLength(1)
    expect(await page.visible('main > section')).toEqual([])
    await page.click('.nothing button')
    expect(await page.visible('.nothing')).toEqual([])
    expect(await page.value('document.activeElement.id')).toBe('find')
  })

  test('shows again what a link leads to and the filter hides', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.press('/')
    await page.type('archive')
    await page.value("(location.hash = '#error-not_a_member', true)")
    await page.becomes("document.getElementById('error-not_a_member').checkVisibility()")
    expect(await page.value("document.getElementById('find').value")).toBe('')
  })

  test('copies a line', async () => {
    await using page = await DocsPage.open(w.url, desktop, '#post-v1-messages')
    await page.click('#post-v1-messages .copy')
    await page.becomes("document.querySelector('#post-v1-messages .copy').textContent === 'Copied'")
  })

  test('marks where the reader is', async () => {
    await using page = await DocsPage.open(w.url, desktop, '#get-v1-events')
    await page.becomes(
      "document.querySelector('#contents [aria-current]')?.getAttribute('href') === '#get-v1-events'",
    )
    expect(await page.visible('#contents [aria-current]')).toHaveLength(1)
  })

  test('lets the keyboard skip the contents first', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.press('Tab')
    expect(await page.value('document.activeElement.className')).toBe('skip')
    await page.press('Enter')
    await page.becomes("location.hash === '#main'")
    expect(await page.value('document.activeElement.id')).toBe('main')
  })

  test('on a phone is as wide as the screen, and its contents are a menu', async () => {
    await using page = await DocsPage.open(w.url, phone)
    expect(await page.value('document.documentElement.scrollWidth')).toBe(phone.width)
    expect(await page.visible('#contents nav')).toEqual([])
    await page.click('#contents > summary')
    expect(await page.visible('#contents nav')).toHaveLength(1)
    await page.click('#contents nav a[href="#rules"]')
    await page.becomes("location.hash === '#rules'")
    expect(await page.visible('#contents nav')).toEqual([])
    const top = await page.value<number>("document.getElementById('rules-name').getBoundingClientRect().top")
    expect(top).toBeGreaterThan(80)
    expect(top).toBeLessThan(phone.height / 2)
  })

  test('opens everything for paper, and closes it after', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    const closed = 'document.querySelectorAll("main details:not([open])").length'
    const before = await page.value<number>(closed)
    expect(before).toBeGreaterThan(0)
    await page.value("dispatchEvent(new Event('beforeprint'))")
    expect(await page.value<number>(closed)).toBe(0)
    await page.value("dispatchEvent(new Event('afterprint'))")
    expect(await page.value<number>(closed)).toBe(before)
  })

  const windows: readonly (readonly [name: string, window: Window])[] = [
    ['light', desktop],
    ['dark', { ...desktop, scheme: 'dark' }],
    ['light, on a phone', phone],
    ['dark, on a phone', { ...phone, scheme: 'dark' }],
  ]
  test.each(windows)('every text stands out from what it stands on: %s', async (_, window) => {
    await using page = await DocsPage.open(w.url, window)
    const [, background] = await page.value<[number, string]>(`(${measure})()[0]`)
    expect(background).toBe(window.scheme === 'dark' ? 'dark' : 'light')
    const faint = await page.value<string[]>(`(${measure})().slice(1).filter(([ratio]) => ratio < 4.5)`)
    expect(faint).toEqual([])
  })

  test('has a name for everything that can be reached, and no heading that skips a level', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    const nameless = await page.value<string[]>(
      `[...document.querySelectorAll('a, button, input, summary, pre[tabindex]')]
        .filter((one) => !(one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent.trim()))
        .map((one) => one.outerHTML.slice(0, 80))`,
    )
    expect(nameless).toEqual([])
    const levels = await page.value<number[]>(
      "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((one) => Number(one.tagName[1]))",
    )
    expect(levels[0]).toBe(1)
    const skips = levels.filter((level, i) => i > 0 && level > (levels[i - 1] ?? 0) + 1)
    expect(skips).toEqual([])
    expect(await page.value("document.querySelectorAll('main, header, nav[aria-label]').length")).toBe(3)
  })
})

/**
 * In the page: the contrast (WCAG 2.2, 1.4.3) of every text that can be seen with what lies behind it, and the text.
 * The first entry says whether the page is dark.
 */
const measure = `() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const [r, g, b, a = 1] = channels(getComputedStyle(one).backgroundColor)
      if (a === 1) return [r, g, b]
    }
    return [255, 255, 255]
  }
  const found = [[0, luminance(behind(document.body)) < 0.2 ? 'dark' : 'light']]
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement } = node
    if (node.data.trim() === '' || !parentElement.checkVisibility() || parentElement.closest('script, svg')) continue
    const [one, other] = [luminance(channels(getComputedStyle(parentElement).color)), luminance(behind(parentElement))]
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    found.push([Math.round(ratio * 100) / 100, parentElement.className + ': ' + node.data.trim().slice(0, 40)])
  }
  return found
}`
