// How much a browser asks for until a person sees something, and until one can read.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { browser, ConsoleLab } from './support'

setDefaultTimeout(120_000)

/** Runs before the page's own code: notes when each request is sent, and when fifty messages are there. */
const NOTING = `
  window.sent = [0]
  window.shown = undefined
  const { fetch } = window
  window.fetch = (...all) => { sent.push(performance.now()); return fetch(...all) }
  window.WebSocket = class extends WebSocket { constructor(...all) { super(...all); sent.push(performance.now()) } }
  new MutationObserver((_, observer) => {
    if (document.querySelectorAll('main li').length < 50 || !document.body.textContent.includes('message 59')) return
    window.shown = performance.now()
    observer.disconnect()
  }).observe(document, { childList: true, subtree: true })
`

/** How many requests were sent before a time, files of the page included. */
const before = (time: string) => `[
  ...sent,
  ...performance.getEntriesByType('resource').filter(({ name }) => name.includes('/console/')).map(({ startTime }) => startTime),
].filter((at) => at < ${time}).length`

test.skipIf(browser === undefined)(
  'something is seen after two requests, and fifty messages after six',
  async () => {
    await using lab = await ConsoleLab.open()
    await lab.world.channel('general')
    const ada = await lab.world.human('ada', { channels: { general: 'member' } })
    for (let n = 0; n < 60; n++) await ada.posts('general', `message ${n}`)
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('textbox', 'Message #general')
    await page.page.cdp('Page.enable')
    await page.page.cdp('Page.addScriptToEvaluateOnNewDocument', { source: NOTING })
    await page.goes('/channels/general')
    await page.waitFor('window.shown')
    await page.find('textbox', 'Message #general')
    const paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    expect(await page.value(before(paint))).toBeLessThanOrEqual(2)
    expect(await page.value(before('shown'))).toBeLessThanOrEqual(6)
  },
)
