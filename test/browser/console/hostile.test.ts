// Texts, names and files that are made to run a script, to load something or to take the page down, on every page that
// shows them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { visibleName } from '../../../packages/console/src/text/names'
import { bodies, names } from '../../console/text/hostile'
import type { Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage } from './support'

setDefaultTimeout(120_000)

/** Whether anything of a text has run, and what it brought into the page. */
const FOREIGN = `({
  ran: globalThis.ran === true,
  elements: [...document.querySelectorAll('#app :is(script, iframe, object, embed, form[action], style, link, base, meta, video, template, math)')].length,
  handlers: [...document.querySelectorAll('#app *')].filter((one) => one.getAttributeNames().some((name) => name.startsWith('on') || name === 'style' && one.closest('.prose'))).length,
  links: [...document.querySelectorAll('#app .prose a')].filter(({ href }) => !/^(?:https?|mailto):/.test(href)).map(({ href }) => href),
  images: [...document.querySelectorAll('#app img')].filter(({ src }) => new URL(src).host !== location.host).length,
})`
/** No text for the server either: a NUL, and half of a pair. */
const REFUSED = ['a NUL', 'a link of javascript after a control', 'half of a pair']

const NOTHING = { ran: false, elements: 0, handlers: 0, links: [], images: 0 }

describe.skipIf(browser === undefined)('hostile texts', () => {
  let lab: ConsoleLab
  let ada: Person
  let builder: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    const channels = { general: 'member' } as const
    ada = await lab.world.human('ada', { channels, isAdmin: true })
    builder = await lab.world.agent('builder', { channels })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  /** Opens a page where an alert would be noticed. */
  const sit = async (path: string): Promise<ConsolePage> => {
    const page = await lab.sit(ada, path)
    await page.value('globalThis.alert = () => { globalThis.ran = true }')
    return page
  }
  const isSafe = async (page: ConsolePage) => {
    expect(await page.value<object>(FOREIGN)).toEqual(NOTHING)
    expect(page.page.complaints).toEqual([])
    expect(page.page.requests.filter((url) => !new URL(url).host.startsWith('ada.localhost'))).toEqual([])
  }

  test('do nothing while they arrive, and the page answers on', async () => {
    await using page = await sit('/channels/general')
    await page.find('textbox', 'Message #general')
    const refused: string[] = []
    for (const [what, body] of Object.entries(bodies)) {
      const { status } = await builder.post('/v1/messages', { channel: 'general', body })
      if (status !== 201) refused.push(what)
    }
    expect(refused.sort()).toEqual(REFUSED)
    await builder.posts('general', 'the last of them')
    await page.find('listitem', /the last of them/)
    await isSafe(page)
    await page.fill('textbox', 'Message #general', 'still here')
    await page.press('Enter')
    await page.find('listitem', /still here/)
  })

  test('do nothing in a page that is loaded with them, scrolled through', async () => {
    await using page = await sit('/channels/general')
    await page.find('listitem', /still here/)
    for (let step = 0; step < 6; step++) {
      await page.value("document.querySelector('.main .sliding-view').scrollTop = 0")
      await page.value(
        'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
      )
      await isSafe(page)
    }
  })

  test('do nothing after an edit', async () => {
    const message = await builder.posts('general', 'harmless')
    await using page = await sit('/channels/general')
    await page.find('listitem', /harmless/)
    const body = `${bodies['an image with a handler']} ${bodies['a script element']} edited`
    expect((await builder.patch(`/v1/messages/${message.id}`, { body })).status).toBe(200)
    await page.find('listitem', /edited/)
    await isSafe(page)
  })

  test('do nothing as names of accounts and files, nor in the inbox, a search and the audit', async () => {
    // The server refuses names with hidden characters; it cannot for those that it imports.
    const allowed = names.filter((name) => visibleName(name) === name)
    for (const [at, displayName] of allowed.entries()) {
      const agent = await lab.world.agent(`agent-${at}`, { channels: { general: 'member' }, displayName })
      await agent.posts('general', `@ada ${Object.values(bodies)[at]}`)
    }
    for (const name of names) {
      const headers = { 'content-disposition': `attachment; filename*=utf-8''${encodeURIComponent(name)}` }
      const { body } = await builder.fetch<{ id: string }>('/v1/attachments', {
        method: 'POST',
        body: '<script>alert(1)</script>',
        headers,
      })
      await builder.posts('general', 'a file', { attachments: [body.id] })
    }
    for (const path of ['/channels/general', '/inbox', '/search?q=alert', '/admin/audit', '/activity']) {
      await using page = await sit(path)
      await page.find('main', /./)
      await page.waitFor("document.querySelector('#app [aria-busy=true]') === null")
      await isSafe(page)
    }
  })
})
