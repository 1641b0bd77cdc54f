/**
 * The console as people use it: a real server, a page for each person, and elements found by role and name, as a screen
 * reader finds them.
 *
 *   await using lab = await ConsoleLab.open()
 *   await lab.world.channel('general')
 *   const ada = await lab.world.human('ada', { channels: { general: 'member' } })
 *   await using page = await lab.sit(ada, '/channels/general')
 *   await page.fill('textbox', 'Message #general', 'hello')
 *   await page.press('Enter')
 *   await page.find('listitem', /^ada, .*hello/)
 *   await page.isClean()
 */
import { expect } from 'bun:test'
import axe from 'axe-core'
import { BrowserPage, desktop, type Window } from '../../support/browser'
import { MovableClock } from '../../support/movable-clock'
import { Wire } from '../../support/wire'
import { type Person, type World, world } from '../../support/world'

export { browser, desktop, phone } from '../../support/browser'

export const tablet: Window = { width: 820, height: 1180, scheme: 'light' }

type RealWorld = World<MovableClock>

/** `lan.test` is an address in a local network for the browser: not a secure context, as on plain http there. */
type Domain = 'localhost' | 'lan.test'

const WITHIN_MS = 30_000

/** The bits of the DevTools protocol. */
const MODIFIERS: Readonly<Record<Bun.WebView.Modifier, number>> = { Alt: 1, Control: 2, Meta: 4, Shift: 8 }

/** A server with the clock of the machine, as the browser has it until a test moves one of them, and the pages of people. */
export class ConsoleLab implements AsyncDisposable {
  private constructor(
    readonly world: RealWorld,
    private readonly domain: Domain,
    private readonly between?: Wire,
  ) {}

  /** `settings`: environment names, as for `world`. */
  static async open(
    settings: Readonly<Record<string, string>> = {},
    domain: Domain = 'localhost',
  ): Promise<ConsoleLab> {
    return new ConsoleLab(await realWorld(settings), domain)
  }

  /** The same with a wire between the pages and the server, which survives a restart of the server. */
  static async openWired(
    settings: Readonly<Record<string, string>> = {},
    domain: Domain = 'localhost',
  ): Promise<ConsoleLab> {
    const opened = await realWorld(settings)
    const wire = await Wire.open(() => Number(new URL(opened.url).port))
    return new ConsoleLab(opened, domain, wire)
  }

  get wire(): Wire {
    if (!this.between) throw new Error('this lab has no wire: use openWired')
    return this.between
  }

  /** The address as a person's browser has it. Each person has a host of their own, because cookies go by host. */
  address(who: string, path = '/'): string {
    const port = this.between?.port ?? new URL(this.world.url).port
    return `http://${who}.${this.domain}:${port}${path}`
  }

  /** Opens the console as a person who is signed in. `script` runs in each document before its own. */
  async sit(person: Person, path = '/', window: Window = desktop, script?: string): Promise<ConsolePage> {
    const cookies = [{ name: 'synapse_session', value: person.secret }]
    const address = this.address(person.handle, path)
    return new ConsolePage(await BrowserPage.open(address, window, cookies, script), new URL(address).origin)
  }

  /** Opens the console as somebody who is not signed in. `who`: a host of their own. */
  async visit(who: string, path = '/', window: Window = desktop): Promise<ConsolePage> {
    const address = this.address(who, path)
    return new ConsolePage(await BrowserPage.open(address, window), new URL(address).origin)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.between?.[Symbol.asyncDispose]()
    await this.world[Symbol.asyncDispose]()
  }
}

function realWorld(settings: Readonly<Record<string, string>>): Promise<RealWorld> {
  return world({ clock: new MovableClock(), settings: { SYNAPSE_INSTANCE_NAME: 'Kestrel lab', ...settings } })
}

/** A role of ARIA, as `queryAXTree` names it: `button`, `textbox`, `link`, `heading`, `listitem`, `region`, `group`, … */
type AxRole = string

interface AxNode {
  readonly ignored: boolean
  readonly backendDOMNodeId?: number
  readonly name?: { readonly value: string }
}

/** What axe found. */
interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** An element that was found. */
export class Found {
  constructor(
    private readonly page: BrowserPage,
    readonly node: number,
    /** As a screen reader says it. */
    readonly name: string,
  ) {}

  /** Calls a function in the page with the element as `this`: `'function () { return this.value }'`. */
  async call<Result>(declaration: string): Promise<Result> {
    const { object } = await this.page.cdp<{ object: { objectId: string } }>('DOM.resolveNode', {
      backendNodeId: this.node,
    })
    const { result, exceptionDetails } = await this.page.cdp<{
      result: { value: Result }
      exceptionDetails?: { exception?: { description?: string } }
    }>('Runtime.callFunctionOn', {
      objectId: object.objectId,
      functionDeclaration: declaration,
      returnByValue: true,
      awaitPromise: true,
    })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'the page threw')
    return result.value
  }

  /** The middle of it in the window, after it was scrolled into view and has stood still for a frame. */
  async middle(): Promise<{ readonly x: number; readonly y: number }> {
    return await this.call(`async function () {
      this.scrollIntoView({ block: 'nearest' })
      for (let last; ; ) {
        const { left, top, width, height } = this.getBoundingClientRect()
        const now = { x: left + width / 2, y: top + height / 2 }
        if (last && last.x === now.x && last.y === now.y) return now
        last = now
        await new Promise((resolve) => requestAnimationFrame(() => resolve()))
      }
    }`)
  }

  async click(clickCount = 1): Promise<void> {
    const place = { ...(await this.middle()), button: 'left', clickCount }
    await this.page.cdp('Input.dispatchMouseEvent', { ...place, type: 'mouseMoved' })
    await this.page.cdp('Input.dispatchMouseEvent', { ...place, type: 'mousePressed' })
    await this.page.cdp('Input.dispatchMouseEvent', { ...place, type: 'mouseReleased' })
  }

  focus(): Promise<void> {
    return this.call('function () { this.focus() }')
  }

  text(): Promise<string> {
    return this.call('function () { return this.innerText }')
  }
}

/** A page of the console. */
export class ConsolePage implements AsyncDisposable {
  constructor(
    readonly page: BrowserPage,
    private readonly origin: string,
  ) {}

  /** Waits for the first visible element with this role and name. A text must be the whole name. */
  async find(role: AxRole, name: string | RegExp): Promise<Found> {
    return await this.wait(`${role} "${name}"`, async () => (await this.all(role, name))[0])
  }

  /** All that are there now. */
  async all(role: AxRole, name: string | RegExp = /(?:)/): Promise<Found[]> {
    const { root } = await this.page.cdp<{ root: { nodeId: number } }>('DOM.getDocument', { depth: 0 })
    const exact = typeof name === 'string' ? { accessibleName: name } : {}
    const { nodes } = await this.page.cdp<{ nodes: AxNode[] }>('Accessibility.queryAXTree', {
      nodeId: root.nodeId,
      role,
      ...exact,
    })
    return nodes.flatMap(({ ignored, backendDOMNodeId, name: found }) => {
      const words = found?.value ?? ''
      if (ignored || backendDOMNodeId === undefined || (name instanceof RegExp && !name.test(words)))
        return []
      return [new Found(this.page, backendDOMNodeId, words)]
    })
  }

  /** Waits until there is no such element. */
  async gone(role: AxRole, name: string | RegExp): Promise<void> {
    await this.wait(`no ${role} "${name}"`, async () => (await this.all(role, name)).length === 0)
  }

  async click(role: AxRole, name: string | RegExp): Promise<void> {
    await (await this.find(role, name)).click()
  }

  /** Puts a text in place of what a field has, as if it were typed. */
  async fill(role: AxRole, name: string | RegExp, text: string): Promise<void> {
    const field = await this.find(role, name)
    await field.focus()
    await field.call('function () { this.select() }')
    if (text === '') await this.page.press('Backspace')
    else await this.page.cdp('Input.insertText', { text })
  }

  async press(key: string, ...modifiers: Bun.WebView.Modifier[]): Promise<void> {
    const [, number] = /^F(\d+)$/.exec(key) ?? []
    if (number === undefined) return await this.page.press(key, ...modifiers)
    const sum = modifiers.reduce((all, one) => all + MODIFIERS[one], 0)
    const pressed = { key, code: key, windowsVirtualKeyCode: 111 + Number(number), modifiers: sum }
    await this.page.cdp('Input.dispatchKeyEvent', { ...pressed, type: 'rawKeyDown' })
    await this.page.cdp('Input.dispatchKeyEvent', { ...pressed, type: 'keyUp' })
  }

  /** Types keys, each with its events. */
  type(text: string): Promise<void> {
    return this.page.type(text)
  }

  value<Result>(expression: string): Promise<Result> {
    return this.page.value<Result>(expression)
  }

  /** Waits until an expression of the page is truthy, and returns it. */
  async waitFor<Result>(expression: string): Promise<Result> {
    return await this.wait(expression, () => this.page.value<Result>(expression))
  }

  /** Waits until the page shows a text. */
  async shows(text: string): Promise<void> {
    await this.waitFor(`document.body.innerText.includes(${JSON.stringify(text)})`)
  }

  async goes(path: string): Promise<void> {
    await this.page.navigate(`${this.origin}${path}`)
  }

  path(): Promise<string> {
    return this.page.value('location.pathname + location.search')
  }

  /** The tags, roles and names around the focus, for a failed test. */
  focused(): Promise<string> {
    return this.page.value(
      '(({ tagName, textContent, ariaLabel }) => [tagName, ariaLabel ?? textContent.slice(0, 60)].join(" "))(document.activeElement)',
    )
  }

  /** A PNG in a file, to look at. */
  async screenshot(file: string): Promise<void> {
    await Bun.write(file, await this.page.screenshot())
  }

  /** What axe finds against WCAG 2.2 A and AA. */
  async violations(): Promise<Violation[]> {
    if (!(await this.page.value("'axe' in window")))
      await this.page.cdp('Runtime.evaluate', { expression: axe.source })
    return await this.page.value(`axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      resultTypes: ['violations'],
    }).then(({ violations }) => violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ target, failureSummary }) => ({ target: target.map(String), failureSummary })),
    })))`)
  }

  /** No complaint of the browser but those allowed here, no request to elsewhere, no sideways scroll, and axe is content. */
  async isClean({ allowed = [] }: { readonly allowed?: readonly RegExp[] } = {}): Promise<void> {
    const complaints = this.page.complaints.filter((text) => !allowed.some((pattern) => pattern.test(text)))
    expect(complaints).toEqual([])
    expect(this.page.requests.filter((url) => !isOwn(url, this.origin))).toEqual([])
    expect(await this.page.value('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    expect(await this.page.value(WIDER_THAN_DIALOG)).toEqual([])
    expect(await this.page.value(WIDER_THAN_TABLE)).toEqual([])
    expect(await this.violations()).toEqual([])
  }

  /** The visible controls that are lower or narrower than this, in px. Links within a text are left out; a box or a dot is as large as its label. */
  small(least: number): Promise<string[]> {
    return this.page.value(`[...document.querySelectorAll('button, input, select, textarea, [role=button], a[href]')]
      .filter((one) => one.checkVisibility() && !(one.matches('a') && getComputedStyle(one).display === 'inline'))
      .filter((one) => !one.closest('.skip') && !one.matches('.input > input'))
      .map((one) => [one.outerHTML.slice(0, 80), (one.matches('[type=radio], [type=checkbox]') && one.closest('label, .check') || one).getBoundingClientRect()])
      .filter(([, { width, height }]) => width > 0 && (height < ${least} - 0.5 || width < ${least} - 0.5))
      .map(([text, { width, height }]) => Math.round(width) + 'x' + Math.round(height) + ' ' + text)`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.page[Symbol.asyncDispose]()
  }

  /** Waits until a look finds something. */
  async wait<Result>(what: string, look: () => Promise<Result>): Promise<NonNullable<Result>> {
    for (const until = Date.now() + WITHIN_MS; ; ) {
      const found = await look().catch(unlessLeft)
      if (found) return found
      if (Date.now() > until) {
        const text = await this.page.value<string>('document.body.innerText')
        throw new Error(
          `never on the page: ${what}\nfocused: ${await this.focused()}\n${this.page.complaints.join('\n')}\n${text}`,
        )
      }
      await this.page.changes().catch(unlessLeft)
    }
  }
}

/** A page that is left for another one answers nothing; the next look sees the other one. */
function unlessLeft(error: unknown): undefined {
  if (
    !/navigated or closed|context was destroyed|Cannot find context|find node with given id/i.test(
      String(error),
    )
  )
    throw error
}

/** What makes a dialog scroll sideways. */
const WIDER_THAN_DIALOG = `[...document.querySelectorAll('dialog[open]')].flatMap((dialog) => {
  const edge = dialog.getBoundingClientRect().left + dialog.clientWidth + 1
  if (dialog.scrollWidth <= dialog.clientWidth) return []
  const wide = [...dialog.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > edge)
  return wide.map(({ outerHTML }) => outerHTML.slice(0, 120))
})`

/** What stands out of the place of a table. Code in lines of its own scrolls. */
const WIDER_THAN_TABLE = `[...document.querySelectorAll('.table')].flatMap((table) => {
  const edge = table.parentElement.getBoundingClientRect().right + 1
  const wide = [table, ...table.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > edge)
  return wide.filter((one) => one.checkVisibility() && !one.closest('pre')).map(({ outerHTML }) => outerHTML.slice(0, 120))
})`

/** A browser says this of each answer that is an error, also of those that a page expects. */
export const expectedError = (status: number) => new RegExp(`status of ${status} `)

function isOwn(url: string, origin: string): boolean {
  const { protocol, host } = new URL(url)
  const own = new URL(origin).host
  return protocol === 'data:' || protocol === 'blob:' || host === own
}
