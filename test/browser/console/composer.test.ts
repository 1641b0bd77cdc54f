// The message field: what sends, what is kept, whom one names, and what goes with a text.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Message } from '@synapse/client'
import type { Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, expectedError, phone } from './support'

setDefaultTimeout(120_000)

const GENERAL = 'Message #general'
const text = (name: string) => `document.querySelector('textarea[aria-label="${name}"]').value`
const isText = (value: string, name = GENERAL) => `${text(name)} === ${JSON.stringify(value)}`

/** Gives the page a file, as a paste or a drop would. */
const giveFile = (event: 'paste' | 'drop', name: string, content: string, type: string) => `(() => {
  const data = new DataTransfer()
  data.items.add(new File([${JSON.stringify(content)}], ${JSON.stringify(name)}, { type: '${type}' }))
  const field = document.querySelector('textarea')
  field.dispatchEvent('${event}' === 'paste'
    ? new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
    : new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
})()`

describe.skipIf(browser === undefined)('the message field', () => {
  let lab: ConsoleLab
  let ada: Person
  let builder: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    await lab.world.channel('other')
    const channels = { general: 'member', other: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada' })
    await lab.world.human('bo', { channels, displayName: 'Bo Chen' })
    builder = await lab.world.agent('builder', { channels })
    await lab.world.human('bella', { channels: { other: 'member' } })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  /** Opens a channel with nothing in its field. */
  const open = async (path = '/channels/general', name = GENERAL): Promise<ConsolePage> => {
    const page = await lab.sit(ada, path)
    await page.fill('textbox', name, '')
    return page
  }
  /** Waits until the newest message of the server has this text, and returns it. */
  const sent = (page: ConsolePage, body: string): Promise<Message> =>
    page.waitFor<Message>(`fetch('/v1/messages?channel=general&order=desc&limit=1')
      .then((answer) => answer.json())
      .then(({ messages: [newest] }) => newest.body === ${JSON.stringify(body)} && newest)`)

  test('Enter sends, Shift+Enter breaks the line, and the field keeps the focus', async () => {
    await using page = await open()
    await page.type('first line')
    await page.press('Enter', 'Shift')
    await page.type('second line')
    await page.press('Enter')
    await page.find('listitem', /first line second line|first line\nsecond line/)
    await page.waitFor(isText(''))
    await sent(page, 'first line\nsecond line')
    await page.type('and on')
    await page.waitFor(isText('and on'))
    await page.isClean()
  })

  test('Enter breaks the line in an open fence, and Ctrl+Enter sends', async () => {
    await using page = await open()
    await page.type('```ts')
    await page.press('Enter')
    await page.type('let a')
    await page.press('Enter')
    await page.waitFor(isText('```ts\nlet a\n'))
    await page.type('```')
    await page.press('Enter', 'Control')
    await page.waitFor(isText(''))
    await page.waitFor("document.querySelector('.code-block .hljs-keyword')?.textContent === 'let'")
  })

  test('a text stays over another channel and over a reload', async () => {
    await using page = await open()
    await page.type('not sent yet')
    await page.click('link', /other/)
    await page.find('textbox', 'Message #other')
    expect(await page.value(text('Message #other'))).toBe('')
    await page.click('link', /general/)
    await page.find('textbox', GENERAL)
    await page.waitFor(isText('not sent yet'))
    await page.goes('/channels/general')
    await page.find('textbox', GENERAL)
    await page.waitFor(isText('not sent yet'))
  })

  test('what the server refuses comes back beside the reason', async () => {
    await using page = await open()
    await page.value(giveFile('paste', 'once.txt', 'only once', 'text/plain'))
    await page.find('button', 'Remove once.txt')
    // Another message has the file now.
    const id = await page.waitFor<string>(
      `/attachments\\/([0-9a-f-]{36})/.exec(Object.values(localStorage).join(' '))?.[1]`,
    )
    await ada.posts('general', 'first', { attachments: [id] })
    const written = 'this *must* not be lost'
    await page.type(written)
    await page.press('Enter')
    await page.shows('Not sent:')
    expect(await page.value(text(GENERAL))).toBe('')
    await page.click('button', 'Edit')
    await page.waitFor(isText(written))
    await page.waitFor("document.querySelector('.composer [role=alert]')?.textContent.includes('Not sent:')")
    await page.isClean({ allowed: [expectedError(404)] })
    await page.click('button', 'Remove once.txt')
    await page.fill('textbox', GENERAL, 'shorter')
    await page.press('Enter')
    await page.find('listitem', /shorter/)
    await page.waitFor("document.querySelector('.composer [role=alert]') === null")
  })

  test('names are completed by keys, and Enter takes one instead of sending', async () => {
    await using page = await open()
    await page.type('hi @b')
    await page.find('option', /builder/)
    const options = await page.all('option')
    expect(options.map(({ name }) => name.split(' ')[0])).toContain('@bo')
    const active = `document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.textContent`
    await page.press('ArrowDown')
    const second = await page.value<string>(`${active} ?? ''`)
    await page.press('ArrowUp')
    expect(await page.value<string>(`${active} ?? ''`)).not.toBe(second)
    await page.isClean()
    await page.type('uil')
    await page.waitFor(`(${active} ?? '').includes('@builder')`)
    await page.press('Enter')
    await page.waitFor(isText('hi @builder '))
    await page.gone('option', /builder/)
    await page.shows('Goes to builder')
    await page.press('Enter')
    await page.waitFor(isText(''))
    expect(await sent(page, 'hi @builder')).toMatchObject({ mentioned_handles: ['builder'] })
  })

  test('Escape closes the list until another name is begun', async () => {
    await using page = await open()
    await page.type('@b')
    await page.find('option', /builder/)
    await page.press('Escape')
    await page.gone('option', /builder/)
    await page.type('u')
    await page.waitFor(isText('@bu'))
    expect(await page.all('option')).toEqual([])
    await page.type(' @bu')
    await page.find('option', /builder/)
  })

  test('who is no member is said to be not told, and groups say how many they reach', async () => {
    await using page = await open()
    await page.type('@be')
    await page.find('option', /@bella.*would not be told/)
    await page.press('Enter')
    await page.shows('@bella is not a member here and will not be told')
    await page.fill('textbox', GENERAL, '')
    await page.type('@every')
    await page.find('option', /@everyone.*reaches 2/)
  })

  test('a file that is pasted is uploaded and sent with the text', async () => {
    await using page = await open()
    await page.value(giveFile('paste', 'notes.txt', 'hello file', 'text/plain'))
    await page.find('button', 'Remove notes.txt')
    await page.type('see the notes')
    await page.press('Enter')
    await page.find('link', /notes\.txt/)
    const { attachments } = await sent(page, 'see the notes')
    expect(attachments).toMatchObject([{ filename: 'notes.txt', size: 10 }])
    await page.isClean()
  })

  test('a file that is dropped can be removed, and one alone is a message', async () => {
    await using page = await open()
    await page.value(giveFile('drop', 'plan.md', '# Plan', 'text/markdown'))
    await page.click('button', 'Remove plan.md')
    await page.gone('button', 'Remove plan.md')
    await page.value(giveFile('drop', 'plan [2].md', '# Plan', 'text/markdown'))
    await page.find('button', 'Remove plan [2].md')
    await page.click('button', 'Send')
    await page.find('link', /plan \[2\]\.md/)
    expect((await sent(page, 'plan \\[2\\].md')).attachments).toMatchObject([{ filename: 'plan [2].md' }])
  })

  test('a file on its way shows how far it is, holds the message back, and can be cancelled', async () => {
    await using page = await open()
    const network = { offline: false, latency: 0, downloadThroughput: -1 }
    await page.page.cdp('Network.emulateNetworkConditions', { ...network, uploadThroughput: 50_000 })
    await page.value(giveFile('paste', 'big.txt', 'x'.repeat(2_000_000), 'text/plain'))
    await page.find('progressbar', 'Upload of big.txt')
    await page.type('with a file')
    await page.press('Enter')
    await page.shows('A file is still on its way.')
    expect(await page.value(text(GENERAL))).toBe('with a file')
    await page.click('button', 'Cancel big.txt')
    await page.gone('progressbar', 'Upload of big.txt')
    await page.page.cdp('Network.emulateNetworkConditions', { ...network, uploadThroughput: -1 })
    await (await page.find('textbox', GENERAL)).focus()
    await page.press('Enter')
    await page.waitFor(isText(''))
    expect((await sent(page, 'with a file')).attachments).toEqual([])
  })

  test('a file that the server refuses says why', async () => {
    await using page = await open()
    await page.value(giveFile('paste', 'huge.txt', 'x'.repeat(11_000_000), 'text/plain'))
    await page.find('button', 'Try again')
    await page.shows('huge.txt was not uploaded:')
    await page.click('button', 'Remove huge.txt')
    await page.gone('button', 'Try again')
  })

  test('a key draws nothing but the field', async () => {
    await using page = await open()
    await page.shows('2 people, 1 agent')
    await page.value(`(() => {
      globalThis.drawn = new Set()
      new MutationObserver((changes) => changes.forEach(({ target }) => {
        const element = target instanceof Element ? target : target.parentElement
        if (!element.closest('.composer')) drawn.add(element.outerHTML.slice(0, 80))
      })).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
    })()`)
    await page.type('seven keys @b')
    await page.find('option', /builder/)
    expect(await page.value<string[]>('[...drawn]')).toEqual([])
    await page.fill('textbox', GENERAL, '')
  })

  test('a text that is too long is counted, is not sent, and can be a file', async () => {
    await using page = await open()
    await page.fill('textbox', GENERAL, 'a'.repeat(15_000))
    await page.shows('1000 characters left')
    await page.fill('textbox', GENERAL, 'b'.repeat(16_001))
    await page.shows('Too long by 1 character')
    await page.press('Enter')
    await page.shows('The text is too long for a message')
    expect(await page.value<number>(`${text(GENERAL)}.length`)).toBe(16_001)
    await page.click('button', 'Send as file')
    await page.find('button', 'Remove message.md')
    await page.waitFor(isText(''))
    await page.type('in the file')
    await page.press('Enter')
    await page.find('link', /message\.md/)
    expect((await sent(page, 'in the file')).attachments).toMatchObject([
      { filename: 'message.md', size: 16_001 },
    ])
  })

  test('many pasted lines are offered as a file', async () => {
    await using page = await open()
    await page.type('the log: ')
    const log = Array.from({ length: 61 }, (_, at) => `line ${at}`).join('\n')
    await page.value(`(() => {
      const data = new DataTransfer()
      data.setData('text/plain', ${JSON.stringify(log)})
      const event = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
      if (document.activeElement.dispatchEvent(event)) document.execCommand('insertText', false, data.getData('text/plain'))
    })()`)
    await page.shows('You pasted 61 lines.')
    await page.click('button', 'Make it a file')
    await page.find('button', 'Remove pasted.txt')
    await page.waitFor(isText('the log: '))
    await page.click('button', 'Remove pasted.txt')
  })

  test('a message can be urgent and ask for an answer in time', async () => {
    await using page = await open()
    await page.click('button', 'Add to the message')
    await page.click('menuitemcheckbox', 'Urgent: deliver at once')
    await page.click('button', 'Add to the message')
    await page.click('menuitemcheckbox', 'Answer within 1 h')
    await page.shows('Answer within 1 h')
    await page.fill('textbox', GENERAL, '@builder the disk is full')
    await page.isClean()
    await page.press('Enter')
    await page.find('listitem', /the disk is full/)
    expect((await sent(page, '@builder the disk is full')).priority).toBe('urgent')
    await page.waitFor("document.querySelector('.enclosed') === null")
  })

  test('people are asked for a decision', async () => {
    await using page = await open()
    await page.fill('textbox', GENERAL, 'Ship it today?')
    await page.click('button', 'Add to the message')
    await page.click('menuitem', 'Ask for a decision')
    await page.find('dialog', 'Ask for a decision')
    await page.fill('textbox', 'Answer 1', 'Ship')
    await page.fill('textbox', 'Answer 2', 'Ship')
    await page.click('button', 'Ask')
    await page.shows('Two answers are the same.')
    await page.isClean()
    await page.fill('textbox', 'Answer 2', 'Wait')
    await page.click('checkbox', 'Bo Chen')
    await page.click('button', 'Ask')
    await page.gone('dialog', 'Ask for a decision')
    await page.find('group', 'Ship it today?')
    await page.waitFor(isText(''))
    const { approval } = await sent(page, 'Ship it today?')
    expect(approval).toMatchObject({ approvers: ['bo'], options: [{ label: 'Ship' }, { label: 'Wait' }] })
  })

  test('what is typed beside fields goes into the field, and ArrowUp leaves it empty for the rows', async () => {
    await builder.posts('general', 'a row to stand on')
    await using page = await open()
    await page.find('listitem', /a row to stand on/)
    await page.value('document.activeElement.blur()')
    await page.type('xy')
    await page.waitFor(isText('xy'))
    await page.fill('textbox', GENERAL, '')
    await page.press('ArrowUp')
    await page.waitFor("document.activeElement.closest('li[data-focusable]') !== null")
    await page.type('z')
    await page.waitFor(isText('z'))
  })

  test('a reply says to whom it goes', async () => {
    const root = await ada.posts('general', 'the root of it')
    await builder.posts('general', 'the answer', { thread_id: root.id })
    await using page = await open(`/threads/${root.id}`, 'Reply')
    await page.shows('Goes to builder')
    await page.fill('textbox', 'Reply', 'thanks')
    await page.press('Enter')
    await page.find('listitem', /thanks/)
    expect((await sent(page, 'thanks')).thread_id).toBe(root.id)
  })

  test('on a phone it stands above the bar, its targets are large, and it grows to 40 % of the height', async () => {
    // The strip of work is wider than the phone.
    await builder.put('/v1/presence', {
      state: 'blocked',
      note: 'needs the password of the database',
      ttl_s: 300,
    })
    await builder.post('/v1/claims', { resource: 'file:src/live/ws.ts', channel: 'general', ttl_s: 300 })
    await using page = await lab.sit(ada, '/channels/general', phone)
    await page.shows('ws.ts')
    await page.fill('textbox', GENERAL, 'line\n'.repeat(60))
    const height = await page.value<number>(
      "document.querySelector('.composer-field').getBoundingClientRect().height",
    )
    expect(height).toBeLessThanOrEqual(phone.height * 0.4 + 1)
    expect(height).toBeGreaterThan(phone.height * 0.3)
    await page.isClean()
    expect((await page.small(44)).filter((one) => one.includes('composer'))).toEqual([])
    await page.fill('textbox', GENERAL, '')
  })
})
