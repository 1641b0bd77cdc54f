// Several tabs of one person: one notification, few connections, and what reaches all of them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type AtWork, atWork } from './at-work'
import { browser, ConsoleLab, type ConsolePage, expectedError } from './support'

setDefaultTimeout(120_000)

/** Counts the connections of a page, makes it hidden on demand, and shortens the minute after which that counts. */
const REHEARSED = `(() => {
  const sockets = new Set()
  let isHidden = false
  const Socket = WebSocket
  window.WebSocket = class extends Socket {
    constructor(...words) {
      super(...words)
      sockets.add(this)
      this.addEventListener('close', () => sockets.delete(this))
    }
  }
  const later = setTimeout
  window.setTimeout = (act, after, ...words) => later(act, after === 60000 && isHidden ? 20 : after, ...words)
  Object.defineProperty(document, 'hidden', { get: () => isHidden })
  document.hasFocus = () => !isHidden
  class Shown {
    static permission = 'granted'
    constructor(title, options) {
      Object.assign(this, { title, ...options })
      window.rehearsal.shown.push(this)
    }
    close() {
      this.isClosed = true
    }
  }
  window.Notification = Shown
  if (navigator.serviceWorker) navigator.serviceWorker.register = () => Promise.reject(new Error('none here'))
  window.rehearsal = {
    sockets,
    shown: [],
    hide: (hidden) => {
      isHidden = hidden
      document.dispatchEvent(new Event('visibilitychange'))
      dispatchEvent(new Event(hidden ? 'blur' : 'focus'))
    },
  }
})()`

describe.skipIf(browser === undefined)('tabs', () => {
  let lab: ConsoleLab
  let team: AtWork
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    team = await atWork(lab)
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const open = async (path: string): Promise<ConsolePage> => {
    const page = await lab.sit(team.ada, '/login')
    await page.page.cdp('Page.enable')
    await page.page.cdp('Page.addScriptToEvaluateOnNewDocument', { source: REHEARSED })
    await page.goes(path)
    await page.waitFor('rehearsal.sockets.size === 1')
    return page
  }
  const hide = (page: ConsolePage, isHidden: boolean) => page.value(`rehearsal.hide(${isHidden})`)
  const titles = async (pages: readonly ConsolePage[]) => {
    const all = await Promise.all(
      pages.map((page) =>
        page.value<string[]>('rehearsal.shown.filter((one) => !one.isClosed).map(({ title }) => title)'),
      ),
    )
    return all.flat()
  }
  const until = async (pages: readonly ConsolePage[], what: string, isSo: () => Promise<boolean>) => {
    for (const end = Date.now() + 20_000; !(await isSo()); ) {
      if (Date.now() > end)
        throw new Error(`never: ${what}; shown are ${JSON.stringify(await titles(pages))}`)
      await pages[0]?.value('new Promise(requestAnimationFrame)')
    }
  }

  test('five tabs show one notification, none for what one of them shows, and end with two connections', async () => {
    const pages: ConsolePage[] = []
    for (const path of [
      '/channels/release-42',
      '/activity',
      '/search',
      '/channels/research',
      '/channels/general',
    ])
      pages.push(await open(path))
    const [first, ...others] = pages
    if (!first) throw new Error('there is no tab')
    for (const page of others) await hide(page, true)
    const sockets = async () => {
      const counts = await Promise.all(pages.map((page) => page.value<number>('rehearsal.sockets.size')))
      return counts.reduce((sum, count) => sum + count)
    }
    await until(pages, 'two connections', async () => (await sockets()) <= 2)
    expect(await first.value('rehearsal.sockets.size')).toBe(1)

    await team.scout.posts('release-42', '@ada this is shown already')
    await first.shows('this is shown already')
    await team.scout.posts('research', '@ada for your information', { priority: 'fyi' })
    await team.scout.posts('research', '@ada look at the herons')
    await until(pages, 'a notification', async () => (await titles(pages)).length > 0)
    expect(await titles(pages)).toEqual(['scout in #research'])

    // What comes at once is said once.
    for (const text of ['two', 'three', 'four', 'five']) await team.critic.posts('general', `@ada ${text}`)
    await until(pages, 'one for many', async () =>
      (await titles(pages)).some((title) => title.endsWith('new items')),
    )
    await team.builder.post('/v1/approvals', {
      channel: 'general',
      question: 'Ship it?',
      options: ['Yes', 'No'],
    })
    await until(pages, 'the question', async () => (await titles(pages)).includes('builder asks in #general'))

    // A tab that is seen again is connected again.
    const [second] = others
    if (second) {
      await hide(second, false)
      await second.waitFor('rehearsal.sockets.size === 1')
    }
    for (const page of pages) await page[Symbol.asyncDispose]()
  })

  test('what is read in one tab is read in a hidden one that has no connection', async () => {
    await using reader = await open('/channels/research')
    await using other = await open('/activity')
    await using third = await open('/search')
    await team.scout.posts('general', '@ada read me')
    for (const page of [other, third]) await page.find('link', /^general.*for you/)
    for (const page of [other, third]) await hide(page, true)
    const asleep = await Promise.any(
      [other, third].map(async (page) => {
        await page.waitFor('rehearsal.sockets.size === 0')
        return page
      }),
    )
    await team.ada.put('/v1/channels/general/read', { cursor: 'now' })
    await reader.gone('link', /^general.*for you/)
    await asleep.gone('link', /^general.*for you/)
  })

  test('the theme and the end of the session reach every tab', async () => {
    await using one = await open('/search')
    await using other = await open('/activity')
    await one.press('k', 'Control')
    await one.find('combobox', /^Find/)
    await one.type('>dark')
    await one.find('option', /dark/)
    await one.press('Enter')
    await other.waitFor("document.documentElement.dataset.theme === 'dark'")
    await hide(other, true)
    await one.value("fetch('/v1/auth/logout', { method: 'POST' }).then(() => localStorage.clear())")
    await other.find('button', 'Sign in')
    await other.isClean({
      allowed: [expectedError(401), /WebSocket connection to .* failed: HTTP Authentication failed/],
    })
  })
})
