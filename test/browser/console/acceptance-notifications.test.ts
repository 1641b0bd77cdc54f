// Notifications as a browser really shows them, by the service worker (console.md 10, 12), and the end of a session in five tabs.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Person } from '../../support/person'
import { openTurnout } from '../../support/turnout'
import { browser, ConsoleLab, type ConsolePage, expectedError } from './support'

setDefaultTimeout(120_000)

/** What the browser shows. */
interface Shown {
  readonly title: string
  readonly body: string
  readonly tag: string
  readonly requireInteraction: boolean
}

const SHOWN = `navigator.serviceWorker.getRegistrations()
  .then(([registration]) => registration?.getNotifications() ?? [])
  .then((all) => all.map(({ title, body, tag, requireInteraction }) => ({ title, body, tag, requireInteraction })))`

/** Presses a notification. No protocol can, and an event that a script has made refuses `waitUntil`. */
const press = (title: string) => `registration.getNotifications().then((all) => {
  const notification = all.find((one) => one.title === ${JSON.stringify(title)})
  const event = new NotificationEvent('notificationclick', { notification })
  event.waitUntil = (work) => work.catch(() => undefined)
  dispatchEvent(event)
})`

describe.skipIf(browser === undefined)('notifications', () => {
  let lab: ConsoleLab
  let builder: Person
  let bo: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    for (const slug of ['general', 'research']) await lab.world.channel(slug)
    const channels = { general: 'member', research: 'member' } as const
    builder = await lab.world.agent('builder', { channels })
    bo = await lab.world.human('bo', { channels, displayName: 'Bo' })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const person = (handle: string) =>
    lab.world.human(handle, { channels: { general: 'member', research: 'member' } })
  const allow = (page: ConsolePage, origin: string) =>
    page.page.cdp('Browser.grantPermissions', { origin, permissions: ['notifications'] })
  /** Waits until the connection is open, which the number of what is unread shows, and this tab is the one that notifies. */
  const notifies = async (page: ConsolePage) => {
    await bo.posts('general', 'for nobody')
    await page.find('link', /^general.* unread/)
    await page.waitFor('navigator.locks.query().then(({ held }) => held.length > 0)')
  }
  const sit = async (who: Person, path: string): Promise<ConsolePage> => {
    const page = await lab.sit(who, '/login')
    await allow(page, lab.address(who.handle, ''))
    await page.goes(path)
    await notifies(page)
    return page
  }
  const shown = (page: ConsolePage) => page.value<Shown[]>(SHOWN)
  const until = async (page: ConsolePage, what: string, isSo: (all: readonly Shown[]) => boolean) => {
    for (const end = Date.now() + 20_000; ; ) {
      const all = await shown(page)
      if (isSo(all)) return all
      if (Date.now() > end) throw new Error(`never shown: ${what}; shown are ${JSON.stringify(all)}`)
      await page.value('new Promise(requestAnimationFrame)')
    }
  }

  test('the worker shows one for a conversation, and a press opens the place', async () => {
    const ada = await person('ada')
    await using page = await sit(ada, '/activity')
    await bo.posts('research', '@ada look at the herons')
    const [first] = await until(page, 'the mention', (all) => all.length === 1)
    expect(first).toMatchObject({ title: 'Bo in #research', body: '@ada look at the herons' })
    const { id } = await bo.posts('research', '@ada and at the storks')
    const [second] = await until(page, 'the later one', ([one]) => one?.body.endsWith('storks') === true)
    expect(await shown(page)).toHaveLength(1)
    expect(second?.requireInteraction).toBe(false)
    await page.page.inWorker(lab.address('ada', '/console/'), press('Bo in #research'))
    await page.waitFor(`location.pathname + location.search === '/channels/research?m=${id}'`)
    await page.find('listitem', /and at the storks/)
    await until(page, 'none', (all) => all.length === 0)
    await page.isClean()
  })

  test('many become one, a question stays beside it, and goes when it is decided elsewhere', async () => {
    const cy = await person('cy')
    await using page = await sit(cy, '/activity')
    const asked = await builder.post<{ approval: { id: string } }>('/v1/approvals', {
      channel: 'general',
      question: 'Ship it?',
      options: ['Yes', 'No'],
    })
    await until(page, 'the question', (all) => all.some((one) => one.requireInteraction))
    for (const slug of ['general', 'research'])
      for (const word of ['one', 'two']) await bo.posts(slug, `@cy ${word}`)
    const wanted = ['4 new items', 'builder asks in #general']
    await until(page, 'one for many', (all) => Bun.deepEquals(all.map(({ title }) => title).sort(), wanted))
    const decided = await bo.post(`/v1/approvals/${asked.body.approval.id}/decide`, { option: 'Yes' })
    expect(decided.status, decided.text).toBe(200)
    await until(page, 'no question', (list) => !list.some((one) => one.requireInteraction))
    await page.isClean()
  })

  test('what came while there was no connection is one number', async () => {
    const di = await person('di')
    const { port } = new URL(lab.world.url)
    await using turnout = await openTurnout(Number(port))
    await using page = await lab.sit(di, '/login')
    const origin = `http://di.localhost:${turnout.port}`
    await allow(page, origin)
    await page.page.navigate(`${origin}/activity`)
    await notifies(page)
    // Nothing listens there.
    turnout.leadTo(1)
    for (const number of Array.from({ length: 12 }, (_, index) => index))
      await bo.posts(number % 2 ? 'general' : 'research', `@di number ${number}`)
    turnout.leadTo(Number(port))
    const all = await until(page, 'the number', (list) => list.length > 0)
    expect(all.map(({ title }) => title)).toEqual(['12 while you were away'])
    await page.page.inWorker(`${origin}/console/`, press('12 while you were away'))
    await page.waitFor("location.pathname === '/inbox'")
  })

  test('signing out in one of five tabs ends all five', async () => {
    const em = await person('em')
    const pages: ConsolePage[] = []
    for (const path of ['/me', '/inbox', '/activity', '/channels/general', '/channels/research'])
      pages.push(await sit(em, path))
    const [first, ...others] = pages
    await first?.click('button', 'Sign out')
    for (const page of pages) await page.find('button', 'Sign in')
    for (const page of others) expect(await page.value('localStorage.length')).toBeLessThanOrEqual(1)
    for (const page of pages) {
      await page.isClean({ allowed: [expectedError(401), /WebSocket connection to .* failed/] })
      await page[Symbol.asyncDispose]()
    }
  })
})
