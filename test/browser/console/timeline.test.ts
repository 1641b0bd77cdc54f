// Rows of a timeline: keys, acts, reactions, names, folds, deliveries.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Message, Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, desktop, phone } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined)('the rows of a timeline', () => {
  let lab: ConsoleLab
  let ada: Person
  let bo: Person
  let builder: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    const channels = { general: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada' })
    bo = await lab.world.human('bo', { channels, displayName: 'Bo' })
    builder = await lab.world.agent('builder', { channels })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  /** A page of Ada at a new message of hers, with the focus on its row. */
  const atOwnRow = async (body: string): Promise<[ConsolePage, Message]> => {
    const message = await ada.posts('general', body)
    const page = await lab.sit(ada, '/channels/general')
    const row = await page.find('listitem', new RegExp(`^Ada, .*${body.replaceAll(/[*]/g, '')}`))
    await row.focus()
    return [page, message]
  }
  const focusedRow = (page: ConsolePage) =>
    page.value<string>("document.activeElement.getAttribute('aria-label') ?? ''")
  /** Waits until the server has what the page shows already. */
  const stored = (page: ConsolePage, { id }: Message, condition: string) =>
    page.waitFor(
      `fetch('/v1/messages/${id}?include_deleted=true').then((answer) => answer.json()).then((message) => ${condition})`,
    )
  const read = async (id: string) => (await ada.get<Message>(`/v1/messages/${id}?include_deleted=true`)).body

  test('have names with sender, kind, time and text, in a region named like the channel', async () => {
    await builder.posts('general', 'the proxy closes at **30 s**')
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('region', 'general')
    await page.find('listitem', /^builder, agent, \d\d:\d\d: the proxy closes at 30 s$/)
    expect(await page.value("document.querySelector('ol').closest('[aria-live], [role=log]')")).toBeNull()
    await page.isClean()
  })

  test('are one stop of the Tab key, and arrows move between them', async () => {
    for (const body of ['row one', 'row two', 'row three']) await bo.posts('general', body)
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('listitem', /row three/)
    expect(await page.value('document.querySelectorAll(\'.row[tabindex="0"]\').length')).toBe(1)
    await (await page.find('listitem', /row three/)).focus()
    await page.press('ArrowUp')
    expect(await focusedRow(page)).toContain('row two')
    await page.press('ArrowUp')
    expect(await focusedRow(page)).toContain('row one')
    await page.press('End')
    expect(await focusedRow(page)).toContain('row three')
    expect(await page.value('document.querySelectorAll(\'.row[tabindex="0"]\').length')).toBe(1)
  })

  test('a reaction is picked with keys, marked as mine, and taken back by a press', async () => {
    const [opened, message] = await atOwnRow('react to me')
    await using page = opened
    await page.press('+')
    await page.find('dialog', 'React')
    await page.waitFor("document.activeElement.ariaLabel === 'thumbs up'")
    await page.press('ArrowRight')
    await page.press('ArrowRight')
    await page.press('Enter')
    await page.find('button', '✅ 1: you')
    await stored(page, message, "message.reactions[0]?.emoji === '✅' && message.reactions[0].count === 1")
    await bo.put(`/v1/messages/${message.id}/reactions/${encodeURIComponent('✅')}`)
    await page.click('button', '✅ 2: you, Bo')
    await page.find('button', '✅ 1: Bo')
    await page.isClean()
  })

  test('a reaction can be any word without spaces', async () => {
    const [opened, message] = await atOwnRow('say a word')
    await using page = opened
    await page.press('+')
    await page.fill('textbox', 'Another emoji or word', 'two words')
    await page.press('Enter')
    await page.shows('without spaces')
    await page.fill('textbox', 'Another emoji or word', 'shipped')
    await page.press('Enter')
    await page.find('button', 'shipped 1: you')
    await stored(page, message, "message.reactions[0]?.emoji === 'shipped'")
  })

  test('an own message is edited with keys, and Escape leaves it as it was', async () => {
    const [opened, message] = await atOwnRow('misspelt wrod')
    await using page = opened
    await page.press('e')
    await page.find('textbox', 'Edit message')
    await page.press('Escape')
    await page.gone('textbox', 'Edit message')
    expect(await focusedRow(page)).toContain('misspelt wrod')
    await page.press('e')
    await page.fill('textbox', 'Edit message', 'misspelt word')
    await page.press('Enter')
    await page.find('listitem', /misspelt word/)
    await page.shows('edited')
    await stored(page, message, "message.body === 'misspelt word'")
  })

  test('a deletion can be undone; the focus stays in the list', async () => {
    const [opened, message] = await atOwnRow('delete me')
    await using page = opened
    await page.press('Delete')
    await page.gone('listitem', /delete me/)
    expect(await focusedRow(page)).not.toBe('')
    await page.click('button', 'Undo')
    await page.find('listitem', /delete me/)
    expect(await read(message.id)).toMatchObject({ body: 'delete me' })
    await (await page.find('listitem', /delete me/)).focus()
    await page.press('Delete')
    await page.gone('listitem', /delete me/)
    // Leaving the page sends what waits.
    await page.goes('/inbox')
    await stored(page, message, 'message.deleted')
  })

  test('text and link are copied with keys', async () => {
    const [opened, message] = await atOwnRow('copy **me**')
    await using page = opened
    // What the page asks the browser to copy.
    await page.value(`(() => {
      globalThis.copied = []
      navigator.clipboard.writeText = (text) => Promise.resolve(void copied.push(text))
    })()`)
    await page.press('c')
    await page.shows('Text copied')
    await page.press('l')
    await page.shows('Link copied')
    expect(await page.value<string[]>('globalThis.copied')).toEqual([
      'copy **me**',
      `${new URL(lab.address('ada')).origin}/m/${message.id}`,
    ])
  })

  test('what became of an own message is in words, and a press says it for each', async () => {
    const [opened, message] = await atOwnRow('@builder please look')
    await using page = opened
    await page.find('button', /builder/)
    await page.press('d')
    await page.find('dialog', 'Deliveries')
    await page.waitFor("document.querySelector('.deliveries li')?.innerText.includes('builder')")
    await page.press('Escape')
    await builder.post('/v1/inbox/ack', { message_ids: [message.id] })
    await page.find('button', 'acked by builder')
    await page.isClean()
  })

  test('a long text of an agent is folded, and the search of the browser unfolds it', async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `finding ${index + 1}`).join('\n')
    await builder.posts('general', lines)
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('button', 'Show all 30 lines')
    const hidden = "document.querySelector('.folded-rest').getAttribute('hidden')"
    expect(await page.value(hidden)).toBe('until-found')
    expect(await page.value("document.querySelector('.folded-rest').textContent")).toContain('finding 30')
    await page.value(
      "document.querySelector('.folded-rest').dispatchEvent(new Event('beforematch', { bubbles: true }))",
    )
    await page.waitFor(`${hidden} === null`)
    await page.click('button', 'Show less')
    await page.click('button', 'Show all 30 lines')
    await page.shows('finding 30')
  })

  test('the newest message that names me is not folded', async () => {
    await builder.posts('general', `@ada ${'all of this\n'.repeat(30)}the end of it`)
    await using page = await lab.sit(ada, '/channels/general')
    await page.shows('the end of it')
  })

  test('what one sends is shown at the end, wherever one was', async () => {
    for (let at = 0; at < 30; at++) await bo.posts('general', `above ${at}`)
    await ada.put('/v1/channels/general/read', { cursor: 'now' })
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('listitem', /above 29$/)
    await page.value("document.querySelector('.sliding-view').scrollTop = 0")
    await page.find('button', 'Newest')
    await page.fill('textbox', 'Message #general', 'from far above')
    await page.press('Enter')
    await page.find('listitem', /from far above$/)
    await page.gone('button', 'Newest')
    await page.find('button', 'sent')
    expect(
      await page.value(
        "[...document.querySelectorAll('.row')].filter((row) => row.textContent.includes('from far above')).length",
      ),
    ).toBe(1)
  })

  test('Reply opens the thread with the field ready, and the answer stands there once', async () => {
    const [opened] = await atOwnRow('answer this one')
    await using page = opened
    await page.press('r')
    await page.waitFor("document.activeElement.ariaLabel === 'Reply'")
    await page.type('the answer')
    await page.press('Enter')
    await page.find('listitem', /the answer$/)
    await page.find('link', /1 reply.*Ada: the answer/)
    await page.isClean()
  })

  test('a finger that rests on a row opens its acts', async () => {
    await bo.posts('general', 'rest on me')
    await ada.put('/v1/channels/general/read', { cursor: 'now' })
    await using page = await lab.sit(ada, '/channels/general', phone)
    const { x, y } = await (await page.find('listitem', /rest on me$/)).middle()
    const touch = (type: string) =>
      page.page.cdp('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] })
    await touch('touchStart')
    // Half a second of resting is what is tested.
    await page.value(`new Promise((resolve) => {
      const begin = performance.now()
      const look = (now) => (now - begin > 700 ? resolve() : requestAnimationFrame(look))
      requestAnimationFrame(look)
    })`)
    await touch('touchEnd')
    await page.find('menuitem', /Copy text/)
    expect(await page.small(44)).toEqual([])
    await page.click('menuitem', /Unread from here/)
    await page.shows('New')
    await page.isClean()
  })

  test('one polite line says new messages, and counts many', async () => {
    await ada.put('/v1/channels/general/read', { cursor: 'now' })
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('region', 'general')
    const said = "document.querySelector('.conversation [role=status]')?.textContent"
    await bo.posts('general', 'hello to all')
    await page.waitFor(`${said} === 'Bo: hello to all'`)
    for (let at = 0; at < 6; at++) await bo.posts('general', `more ${at}`)
    await page.waitFor(`${said} === '6 new messages'`)
    expect(await page.value("document.querySelectorAll('.conversation [role=status]').length")).toBe(1)
  })

  test.each(['light', 'dark'] as const)('are readable and large enough on a phone: %s', async (scheme) => {
    await using page = await lab.sit(ada, '/channels/general', { ...phone, scheme })
    await page.find('region', 'general')
    await page.isClean()
    expect((await page.page.contrast()).faint).toEqual([])
  })

  test('can be used in a wide window', async () => {
    await using page = await lab.sit(ada, '/channels/general', { ...desktop, scheme: 'dark' })
    await page.find('region', 'general')
    expect((await page.page.contrast()).faint).toEqual([])
  })
})
