/**
 * A page in a real browser, headless, in a window of its own. BUN_CHROME_PATH names the browser; otherwise one that
 * lies on PATH is taken.
 */
export const browser =
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

export interface Window {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
  /** Whether its owner has looked at the certificate and said yes: those of tests are signed by nobody. */
  readonly isTrusting?: boolean
}

export const desktop: Window = { width: 1440, height: 900, scheme: 'light' }
export const phone: Window = { width: 390, height: 844, scheme: 'light' }

interface Contrast {
  readonly scheme: 'light' | 'dark'
  /** Every text that can be seen and stands out too little from what lies behind it (WCAG 2.2, 1.4.3). */
  readonly faint: readonly string[]
}

/** The page in a window of its own, and what it complained of and asked for since. */
export class BrowserPage implements AsyncDisposable {
  private constructor(
    private readonly view: Bun.WebView,
    readonly complaints: readonly string[],
    readonly requests: readonly string[],
  ) {}

  static async open(address: string, window: Window): Promise<BrowserPage> {
    const { width, height, scheme, isTrusting = false } = window
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
    if (isTrusting) await view.cdp('Security.setIgnoreCertificateErrors', { ignore: true })
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
    await view.navigate(address)
    return new BrowserPage(view, complaints, requests)
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

  contrast(): Promise<Contrast> {
    return this.value(CONTRAST)
  }

  /** What the page looks like now, as a PNG. */
  async screenshot(): Promise<Uint8Array> {
    const { data } = (await this.view.cdp('Page.captureScreenshot', { format: 'png' })) as { data: string }
    return Buffer.from(data, 'base64')
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

/** In the page: see {@link Contrast}. Its style is asked for once an element: the pages have thousands of texts. */
const CONTRAST = `(() => {
  const LEAST = 4.5
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const grounds = new Map([[null, luminance([255, 255, 255])]])
  const behind = (element) => {
    if (!grounds.has(element)) {
      const [r, g, b, a = 1] = channels(getComputedStyle(element).backgroundColor)
      grounds.set(element, a === 1 ? luminance([r, g, b]) : behind(element.parentElement))
    }
    return grounds.get(element)
  }
  const faint = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement } = node
    if (node.data.trim() === '' || parentElement.closest('script, svg') || !parentElement.checkVisibility()) continue
    const [one, other] = [luminance(channels(getComputedStyle(parentElement).color)), behind(parentElement)]
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
    if (ratio < LEAST) faint.push(ratio.toFixed(2) + ' ' + parentElement.className + ': ' + node.data.trim().slice(0, 40))
  }
  return { scheme: behind(document.body) < 0.2 ? 'dark' : 'light', faint }
})()`
