// Everything with the keyboard alone (console.md 10, 7): no press of a pointer, and no focus but by keys.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { PASSWORD, type Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, expectedError } from './support'

setDefaultTimeout(120_000)

const FIELD = 'Message #general'
/** The name of what has the focus, as a screen reader says it; of a field, its label. */
const FOCUSED = `(({ ariaLabel, labels, textContent, id }) =>
  ariaLabel ?? labels?.[0]?.textContent ?? document.querySelector('label[for="' + id + '"]')?.textContent ?? textContent)(document.activeElement).trim()`
const MOST_TABS = 120

describe.skipIf(browser === undefined)('with the keyboard alone', () => {
  let lab: ConsoleLab
  let ada: Person
  let builder: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    const channels = { general: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada', isAdmin: true })
    builder = await lab.world.agent('builder', { channels })
    await builder.posts('general', 'good morning')
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const focused = (page: ConsolePage) => page.value<string>(FOCUSED)
  const has = (page: ConsolePage, name: RegExp) => page.waitFor(`${name}.test(${FOCUSED})`)
  /** Presses Tab until something with this name has the focus. */
  const tabTo = async (page: ConsolePage, name: RegExp, ...modifiers: Bun.WebView.Modifier[]) => {
    const met: string[] = []
    for (let presses = 0; presses < MOST_TABS; presses++) {
      const now = await focused(page)
      if (name.test(now)) return
      met.push(now.slice(0, 30))
      await page.press('Tab', ...modifiers)
    }
    throw new Error(`Tab never comes to ${name}; it comes to: ${met.join(' | ')}`)
  }
  /** Does something by its name in the palette. */
  const choose = async (page: ConsolePage, words: string, option: RegExp) => {
    await page.press('k', 'Control')
    await page.find('combobox', /^Find/)
    await page.type(words)
    await page.find('option', option)
    await page.press('Enter')
    await page.gone('combobox', /^Find/)
  }
  const stored = async (page: ConsolePage, path: string, condition: string) =>
    page.waitFor(`fetch('${path}').then((answer) => answer.json()).then((found) => ${condition})`)

  test('one signs in, posts, reacts, edits and replies', async () => {
    await using page = await lab.visit('keyed', '/channels/general')
    await page.find('textbox', 'Handle')
    await tabTo(page, /^Handle$/)
    await page.type('ada')
    await tabTo(page, /^Password$/)
    await page.type(PASSWORD)
    await page.press('Enter')
    await page.find('textbox', FIELD)
    await page.find('listitem', /good morning$/)

    // What is typed goes into the message field.
    await page.press('w')
    await has(page, /^Message #general$/)
    await page.type('riten with keys')
    await page.press('Enter')
    await page.find('listitem', /^Ada, \d\d:\d\d: writen with keys$/)
    await page.press('ArrowUp')
    await has(page, /writen with keys$/)

    await page.press('e')
    await has(page, /^Edit message$/)
    await page.press('Home')
    for (let at = 0; at < 4; at++) await page.press('ArrowRight')
    await page.type('t')
    await page.press('Enter')
    await page.find('listitem', /written with keys/)
    await has(page, /written with keys/)

    await page.press('+')
    await page.find('dialog', 'React')
    await has(page, /^thumbs up$/)
    await page.press('Enter')
    await page.find('button', '👍 1: you')
    await has(page, /written with keys/)

    await page.press('r')
    await has(page, /^Reply$/)
    await page.type('answered with keys')
    await page.press('Enter')
    await page.find('link', /1 reply.*answered with keys/)
    const newest = '/v1/messages?channel=general&order=desc&limit=2'
    await stored(
      page,
      newest,
      "found.messages.map(({ body }) => body).join() === 'answered with keys,written with keys' && found.messages[1].reactions[0].count === 1",
    )
    await page.isClean({ allowed: [expectedError(401)] })
  })

  test('a question is decided on its button, and by no key elsewhere', async () => {
    await ada.put('/v1/channels/general/read', { cursor: 'now' })
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('textbox', FIELD)
    const asked = await builder.post<{ approval: { id: string; message_id: string } }>('/v1/approvals', {
      channel: 'general',
      question: 'Deploy with keys?',
      options: ['Deploy', 'Not now'],
      ttl_s: 3600,
    })
    const { id } = asked.body.approval
    const state = async () => (await ada.get<{ state: string }>(`/v1/approvals/${id}`)).body.state
    await page.find('group', 'Deploy with keys?')
    // Long after it appeared, so that only the place of the focus protects it.
    await page.waitFor('globalThis.cameAt ??= performance.now(), performance.now() - cameAt > 800')
    const keys = ['Enter', ' ', 'y', 'n', 'd', '1', '2', 'ArrowDown', 'ArrowRight', 'Home', 'End']
    // From where the page begins, from the message field, and from the row of the question.
    for (const begin of ['Escape', 'F6', 'ArrowUp'] as const) {
      await page.press(begin)
      for (const key of keys) {
        await page.press(key)
        expect(await page.value("document.activeElement.closest('.approval button')")).toBeNull()
      }
      await page.press('Enter', 'Control')
      await page.press('Enter', 'Alt')
    }
    expect(await state()).toBe('pending')

    await page.goes('/channels/general')
    await page.find('group', 'Deploy with keys?')
    await page.waitFor('globalThis.cameAt ??= performance.now(), performance.now() - cameAt > 800')
    await tabTo(page, /^Deploy$/)
    await page.press(' ')
    await page.shows('Deploy, by you')
    expect(await state()).toBe('decided')
    await page.isClean()
  })

  test('agents are paused and resumed', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('textbox', FIELD)
    await page.press('.', 'Control', 'Shift')
    await page.find('dialog', 'Pause agents')
    await tabTo(page, /^Pause$/)
    await page.press('Enter')
    await page.gone('dialog', 'Pause agents')
    await page.find('group', 'Pause')
    const refused = await builder.post('/v1/messages', { channel: 'general', body: 'held back' })
    expect(refused).toMatchObject({ status: 429, body: { code: 'paused' } })
    await choose(page, 'resume', /^Resume/)
    await page.gone('group', 'Pause')
    await builder.posts('general', 'goes on')
    await page.isClean()
  })

  test('one administers: makes a channel', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('textbox', FIELD)
    await choose(page, 'administration', /^Go to administration/)
    await page.waitFor("location.pathname.startsWith('/admin')")
    await tabTo(page, /^Channels$/)
    await page.press('Enter')
    await page.waitFor("location.pathname === '/admin/channels'")
    await page.find('button', 'Channel')
    await tabTo(page, /^Channel$/)
    await page.press('Enter')
    await page.find('dialog', 'New channel')
    await tabTo(page, /^Slug/)
    await page.type('made-with-keys')
    await page.press('Enter')
    await page.gone('dialog', 'New channel')
    await stored(page, '/v1/admin/channels', "JSON.stringify(found).includes('made-with-keys')")
    await page.isClean()
  })
})
