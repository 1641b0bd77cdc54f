// /docs in a real browser: what it loads, how it works with the keyboard and on a small screen, whether it is readable.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { BrowserPage, browser, desktop, phone, type Window } from '../support/browser'
import { type World, world } from '../support/world'

const DocsPage = {
  open: (url: string, window: Window, hash = '') => BrowserPage.open(`${url}/docs${hash}`, window),
}

describe.skipIf(browser === undefined)('/docs in a browser', () => {
  let w: World
  beforeAll(async () => {
    w = await world()
  })
  afterAll(() => w[Symbol.asyncDispose]())

  test('the page loads only itself, without warnings of the browser', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.becomes("document.readyState === 'complete'")
    expect(page.requests).toEqual([`${w.url}/docs`])
    expect(page.complaints).toEqual([])
  })

  test('every example command contains the address of the server', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    const lines = await page.visible('.endpoint .sh code')
    expect(lines.length).toBeGreaterThan(30)
    expect(lines.filter((line) => !line.includes(w.url))).toEqual([])
  })

  test('the keyboard can filter the page and clear the filter', async () => {
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

  test('a filter without a match says so and offers to clear it', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.press('/')
    await page.type('no such thing')
    expect(await page.visible('.nothing')).toHaveLength(1)
    expect(await page.visible('main > section')).toEqual([])
    await page.click('.nothing button')
    expect(await page.visible('.nothing')).toEqual([])
    expect(await page.value('document.activeElement.id')).toBe('find')
  })

  test('following a link to a filtered part clears the filter', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.press('/')
    await page.type('archive')
    await page.value("(location.hash = '#error-not_a_member', true)")
    await page.becomes("document.getElementById('error-not_a_member').checkVisibility()")
    expect(await page.value("document.getElementById('find').value")).toBe('')
  })

  test('a command can be copied', async () => {
    await using page = await DocsPage.open(w.url, desktop, '#post-v1-messages')
    await page.click('#post-v1-messages .copy')
    await page.becomes("document.querySelector('#post-v1-messages .copy').textContent === 'Copied'")
  })

  test('the contents mark the position of the reader', async () => {
    await using page = await DocsPage.open(w.url, desktop, '#get-v1-events')
    await page.becomes(
      "document.querySelector('#contents [aria-current]')?.getAttribute('href') === '#get-v1-events'",
    )
    expect(await page.visible('#contents [aria-current]')).toHaveLength(1)
  })

  test('the keyboard can skip the contents', async () => {
    await using page = await DocsPage.open(w.url, desktop)
    await page.press('Tab')
    expect(await page.value('document.activeElement.className')).toBe('skip')
    await page.press('Enter')
    await page.becomes("location.hash === '#main'")
    expect(await page.value('document.activeElement.id')).toBe('main')
  })

  test('on a phone the page fits the width of the screen, and the contents are a menu', async () => {
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

  test('printing opens all parts and closes them afterwards', async () => {
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
  test.each(windows)('every text has enough contrast with its background: %s', async (_, window) => {
    await using page = await DocsPage.open(w.url, window)
    expect(await page.contrast()).toEqual({ scheme: window.scheme, faint: [] })
  })

  test('every control has an accessible name, and no heading skips a level', async () => {
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
