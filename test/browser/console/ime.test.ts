// While an input method composes, no key of the console acts: nothing is sent, chosen or closed.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage } from './support'

setDefaultTimeout(120_000)

const GENERAL = 'Message #general'
const value = (name: string) => `document.querySelector('[aria-label="${name}"]').value`

/** Shows a text as being composed. */
const compose = (page: ConsolePage, text: string) =>
  page.page.cdp('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length })
/** Ends the composition with a text. */
const commit = (page: ConsolePage, text: string) => page.page.cdp('Input.insertText', { text })
/** A key that the input method takes: its code is 229, whatever it is. */
const takenKey = async (page: ConsolePage, key: string) => {
  const event = { key, code: key, windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 229 }
  await page.page.cdp('Input.dispatchKeyEvent', { ...event, type: 'rawKeyDown' })
  await page.page.cdp('Input.dispatchKeyEvent', { ...event, type: 'keyUp' })
}

describe.skipIf(browser === undefined)('an input method', () => {
  let lab: ConsoleLab
  let ada: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    ada = await lab.world.human('ada', { channels: { general: 'member' } })
    await lab.world.agent('builder', { channels: { general: 'member' } })
    await ada.posts('general', 'before')
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  test('confirms a candidate in the message field without sending it', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await (await page.find('textbox', GENERAL)).focus()
    await compose(page, 'にほん')
    await takenKey(page, 'Enter')
    await commit(page, '日本')
    await takenKey(page, 'Enter')
    await page.waitFor(`${value(GENERAL)} === '日本'`)
    expect(await ada.hears('general')).toEqual(['before'])
    await page.press('Enter')
    await page.find('listitem', /日本/)
    expect(await ada.hears('general')).toEqual(['before', '日本'])
  })

  test('keeps its keys in the list of names', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await page.fill('textbox', GENERAL, '')
    await page.type('@bu')
    await page.find('option', /builder/)
    for (const key of ['ArrowDown', 'Tab', 'Escape', 'Enter']) await takenKey(page, key)
    expect(await page.value<string>(value(GENERAL))).toBe('@bu')
    await page.find('option', /builder/)
    await page.press('Enter')
    await page.waitFor(`${value(GENERAL)} === '@builder '`)
    await page.fill('textbox', GENERAL, '')
  })

  test('confirms a candidate in an edited message without saving it', async () => {
    const message = await ada.posts('general', 'to be edited')
    await using page = await lab.sit(ada, '/channels/general')
    await (await page.find('listitem', /to be edited/)).focus()
    await page.press('e')
    await page.fill('textbox', 'Edit message', '')
    await compose(page, 'へん')
    await takenKey(page, 'Enter')
    await commit(page, '変')
    await takenKey(page, 'Enter')
    await takenKey(page, 'Escape')
    await page.waitFor(`${value('Edit message')} === '変'`)
    const { body } = await ada.get<{ body: string }>(`/v1/messages/${message.id}`)
    expect(body.body).toBe('to be edited')
    await page.press('Enter')
    await page.gone('textbox', 'Edit message')
    await page.find('listitem', /変/)
  })
})
