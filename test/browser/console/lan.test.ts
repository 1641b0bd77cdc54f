// Plain http in a local network (console.md 10, 11): no secure context, and yet one signs in, copies, writes and is told why
// there are no notifications. A working day, posts over a bad network and the phone there are in the tests of those.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { PASSWORD, type Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, expectedError } from './support'

setDefaultTimeout(120_000)

const FIELD = 'Message #general'

describe.skipIf(browser === undefined)('over plain http in a local network', () => {
  let lab: ConsoleLab
  let ada: Person
  let builder: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open({}, 'lan.test')
    await lab.world.channel('general')
    const channels = { general: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada' })
    builder = await lab.world.agent('builder', { channels })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  /** What was copied, as it is pasted into the message field. */
  const pasted = async (page: ConsolePage): Promise<string> => {
    await page.fill('textbox', FIELD, '')
    await (await page.find('textbox', FIELD)).focus()
    const key = { key: 'v', code: 'KeyV', windowsVirtualKeyCode: 86, modifiers: 2 }
    await page.page.cdp('Input.dispatchKeyEvent', { ...key, type: 'rawKeyDown', commands: ['paste'] })
    await page.page.cdp('Input.dispatchKeyEvent', { ...key, type: 'keyUp' })
    const text = await page.waitFor<string>(`document.querySelector('textarea[aria-label="${FIELD}"]').value`)
    await page.fill('textbox', FIELD, '')
    return text
  }

  test('one signs in with a password, and what one writes arrives', async () => {
    await using page = await lab.visit('stranger', '/channels/general')
    expect(await page.value('isSecureContext')).toBe(false)
    expect(await page.value('typeof crypto.randomUUID')).toBe('undefined')
    expect(await page.value('typeof navigator.clipboard')).toBe('undefined')
    await page.fill('textbox', 'Handle', 'ada')
    await page.fill('textbox', 'Password', PASSWORD)
    await page.press('Enter')
    await page.fill('textbox', FIELD, 'from the local network')
    await page.press('Enter')
    await page.find('listitem', /^Ada, \d\d:\d\d: from the local network$/)
    expect(await ada.hears('general')).toContain('from the local network')
    await page.isClean({ allowed: [expectedError(401)] })
  })

  test('texts, links and code are copied', async () => {
    const message = await builder.posts('general', 'run **this**:\n\n```sh\nmake all\n```')
    await using page = await lab.sit(ada, '/channels/general')
    const row = await page.find('listitem', /^builder, agent, .*run this/)
    await row.focus()
    await page.press('c')
    await page.shows('Text copied')
    expect(await pasted(page)).toBe('run **this**:\n\n```sh\nmake all\n```')
    await row.focus()
    await page.press('l')
    await page.shows('Link copied')
    expect(await pasted(page)).toBe(`${new URL(lab.address('ada')).origin}/m/${message.id}`)
    await page.click('button', 'Copy the code')
    await page.find('button', 'Copied')
    expect(await pasted(page)).toBe('make all')
    await page.isClean()
  })

  test('notifications say that they need https, and where that is described', async () => {
    await using page = await lab.sit(ada, '/me/alerts')
    await page.shows('Browsers show notifications only over https')
    await page.isClean()
  })
})
