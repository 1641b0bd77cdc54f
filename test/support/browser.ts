/**
 * A page in a real headless browser, in a window of its own. BUN_CHROME_PATH names the browser; by default one on PATH
 * is used.
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
  // Names of this machine that are no secure context, as in a local network over plain http.
  '--host-resolver-rules=MAP *.lan.test 127.0.0.1',
  // Each window draws these, though nobody types an address: a third of the processor time.
  '--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup',
  // Chromium's own sandbox does not start inside a container or as root.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

export interface Window {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
  /** Whether the browser accepts the certificate of the test, which no known authority has signed. */
  readonly isTrusting?: boolean
}

export interface Cookie {
  readonly name: string
  readonly value: string
}

export const desktop: Window = { width: 1440, height: 900, scheme: 'light' }
export const phone: Window = { width: 390, height: 844, scheme: 'light' }

interface Contrast {
  readonly scheme: 'light' | 'dark'
  /** Every visible text with too little contrast to its background (WCAG 2.2, 1.4.3). */
  readonly faint: readonly string[]
}

/** A page in a window, with its console messages and its requests. */
export class BrowserPage implements AsyncDisposable {
  private constructor(
    private readonly view: Bun.WebView,
    readonly complaints: readonly string[],
    readonly requests: readonly string[],
  ) {}

  /** Pages of one test process share their cookies by host. `script` runs in each document before its own. */
  static async open(
    address: string,
    window: Window,
    cookies: readonly Cookie[] = [],
    script?: string,
  ): Promise<BrowserPage> {
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
      // An event of the DevTools protocol carries its content as `data`.
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
    // A phone has a coarse pointer, for which targets are larger.
    if (width < 600) await view.cdp('Emulation.setTouchEmulationEnabled', { enabled: true })
    await view.cdp('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ],
    })
    for (const { name, value } of cookies)
      await view.cdp('Network.setCookie', { url: address, name, value, httpOnly: true })
    if (script !== undefined) {
      await view.cdp('Page.enable')
      await view.cdp('Page.addScriptToEvaluateOnNewDocument', { source: script })
    }
    await view.navigate(address)
    return new BrowserPage(view, complaints, requests)
  }

  /** The value of an expression in the page. */
  async value<Result>(expression: string): Promise<Result> {
    // The test states the type that it expects and checks what it gets.
    return (await this.view.evaluate(expression)) as Result
  }

  /** Waits until an expression is true: changes are visible one frame later. */
  async becomes(expression: string): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      if (await this.value<boolean>(expression)) return
      await this.changes()
    }
    throw new Error(`never true on the page: ${expression}`)
  }

  /** Waits until something of the page has changed and was drawn, at most 50 ms: looking at every frame is expensive. */
  changes(): Promise<void> {
    return this.value(CHANGES)
  }

  /** The texts of the visible ones of these elements. */
  visible(selector: string): Promise<string[]> {
    return this.value(
      `[...document.querySelectorAll('${selector}')].filter((one) => one.checkVisibility()).map((one) => one.textContent)`,
    )
  }

  contrast(): Promise<Contrast> {
    return this.value(CONTRAST)
  }

  /** A PNG of the page as it looks now. */
  async screenshot(): Promise<Uint8Array> {
    const { data } = (await this.view.cdp('Page.captureScreenshot', { format: 'png' })) as { data: string }
    return Buffer.from(data, 'base64')
  }

  press(key: string, ...modifiers: Bun.WebView.Modifier[]): Promise<void> {
    return this.view.press(key, { modifiers })
  }

  /** A command of the DevTools protocol. The test states the type of the answer. */
  async cdp<Result>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Result> {
    return (await this.view.cdp(method, params)) as Result
  }

  /** The value of an expression in the service worker of the page, which is started if it sleeps. */
  async inWorker<Result>(scope: string, expression: string): Promise<Result> {
    await this.cdp('ServiceWorker.enable')
    await this.cdp('ServiceWorker.startWorker', { scopeURL: scope })
    const { targetInfos } = await this.cdp<{
      targetInfos: { type: string; url: string; targetId: string }[]
    }>('Target.getTargets')
    const worker = targetInfos.find(({ type, url }) => type === 'service_worker' && url.startsWith(scope))
    if (!worker) throw new Error(`no worker runs under ${scope}`)
    const { sessionId } = await this.cdp<{ sessionId: string }>('Target.attachToTarget', {
      targetId: worker.targetId,
    })
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const hear = (event: Event) => {
      const { data } = event as MessageEvent<{ sessionId: string; message: string }>
      if (data.sessionId !== sessionId) return
      const { id, result } = JSON.parse(data.message)
      if (id !== 1) return
      if (result?.exceptionDetails) reject(new Error(result.exceptionDetails.exception?.description))
      else resolve(result?.result?.value)
    }
    this.view.addEventListener('Target.receivedMessageFromTarget', hear)
    try {
      const params = { expression, awaitPromise: true, returnByValue: true }
      const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params })
      await this.cdp('Target.sendMessageToTarget', { sessionId, message })
      return await promise
    } finally {
      this.view.removeEventListener('Target.receivedMessageFromTarget', hear)
      await this.cdp('Target.detachFromTarget', { sessionId })
    }
  }

  navigate(address: string): Promise<void> {
    return this.view.navigate(address)
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

/** Runs in the page: see {@link BrowserPage.changes}. */
const CHANGES = `new Promise((resolve) => {
  const done = () => {
    observer.disconnect()
    clearTimeout(timer)
    requestAnimationFrame(() => resolve())
  }
  const observer = new MutationObserver(done)
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
  const timer = setTimeout(done, 50)
})`

/** Runs in the page: see {@link Contrast}. Reads the style once per element, because pages have thousands of texts. */
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
