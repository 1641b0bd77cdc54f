// The palette, the list of keys, and the keys that act everywhere.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type AtWork, atWork } from './at-work'
import { browser, ConsoleLab, type ConsolePage, desktop, phone } from './support'

setDefaultTimeout(120_000)

const FIELD = 'Find a conversation, a person or an act'

describe.skipIf(browser === undefined)('the palette', () => {
  let lab: ConsoleLab
  let team: AtWork
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    team = await atWork(lab)
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const opened = async (page: ConsolePage) => {
    await page.press('k', 'Control')
    await page.find('combobox', FIELD)
  }

  test.each(['light', 'dark'] as const)('shows what was open last, people and acts: %s', async (scheme) => {
    for (const window of [phone, desktop]) {
      await using page = await lab.sit(team.ada, '/channels/research', { ...window, scheme })
      await page.find('heading', /research/)
      await page.goes('/channels/general')
      await page.find('heading', /general/)
      await opened(page)
      await page.find('option', /^builder/)
      const [first] = await page.all('option')
      expect(first?.name).toStartWith('research')
      expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
      await page.isClean()
    }
  })

  test('what is typed finds a conversation, an account or an act; a prefix narrows it', async () => {
    await using page = await lab.sit(team.ada, '/inbox')
    await page.find('heading', 'Inbox')
    await opened(page)
    await page.type('rel42')
    await page.find('option', /^release-42/)
    await page.press('Enter')
    await page.waitFor("location.pathname === '/channels/release-42'")

    await opened(page)
    await page.type('>pause buil')
    await page.find('option', 'Pause builder')
    expect((await page.all('option')).every(({ name }) => name.startsWith('Pause'))).toBe(true)
    await page.press('Enter')
    await page.find('heading', 'Pause builder')
    await page.press('Escape')

    await opened(page)
    await page.type('@cri')
    await page.find('option', /^critic @critic, agent/)
    await page.press('Enter')
    await page.find('heading', /critic/)
    await page.isClean()
  })

  test('the last line searches for the words', async () => {
    await using page = await lab.sit(team.ada, '/inbox')
    await page.find('heading', 'Inbox')
    await opened(page)
    await page.type('ws-ping pings')
    await page.press('ArrowUp')
    await page.press('Enter')
    await page.waitFor("location.pathname === '/search'")
    expect(await page.path()).toBe('/search?q=ws-ping+pings')
  })

  test('Escape closes it, and the focus returns', async () => {
    await using page = await lab.sit(team.ada, '/inbox')
    const button = await page.find('button', 'All done…')
    await button.focus()
    await opened(page)
    await page.press('Escape')
    await page.gone('combobox', FIELD)
    expect(await page.focused()).toContain('All done…')
  })

  test('Enter that confirms a candidate of an input method chooses nothing', async () => {
    await using page = await lab.sit(team.ada, '/inbox')
    await page.find('heading', 'Inbox')
    await opened(page)
    await page.page.cdp('Input.imeSetComposition', { text: 'ge', selectionStart: 2, selectionEnd: 2 })
    await page.page.cdp('Input.dispatchKeyEvent', {
      type: 'keyDown',
      key: 'Enter',
      windowsVirtualKeyCode: 229,
    })
    await page.find('option', /^general/)
    expect(await page.path()).toBe('/inbox')
    await page.find('combobox', FIELD)
  })

  test('Alt with arrows goes through the conversations, with Shift through the unread ones', async () => {
    await using page = await lab.sit(team.bo, '/inbox')
    await page.find('link', /^research/)
    await page.press('ArrowDown', 'Alt')
    await page.waitFor("location.pathname.startsWith('/channels/')")
    const first = await page.path()
    await page.press('ArrowDown', 'Alt')
    await page.waitFor(`location.pathname !== ${JSON.stringify(first)}`)
    await page.press('ArrowUp', 'Alt')
    await page.waitFor(`location.pathname === ${JSON.stringify(first)}`)
  })

  test('the keys are listed; single letters act on a row, and can be switched off', async () => {
    await using page = await lab.sit(team.ada, '/inbox')
    const row = () => page.find('listitem', /^mention/)
    await (await row()).focus()
    await page.press('g')
    await page.press('a')
    await page.waitFor("location.pathname === '/activity'")
    await page.goes('/inbox')
    await (await row()).focus()
    await page.press('/', 'Control')
    await page.find('heading', 'Keys')
    await page.isClean()
    await page.click('checkbox', 'Single letters act on a row')
    await page.press('Escape')
    await page.gone('heading', 'Keys')
    await (await row()).focus()
    await page.press('g')
    await page.press('a')
    expect(await page.path()).toBe('/inbox')
  })
})
