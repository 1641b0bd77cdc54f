// Threads: beside their channel where there is room, else alone.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Message, Person } from '../../support/world'
import { browser, ConsoleLab, phone, tablet } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined)('a thread', () => {
  let lab: ConsoleLab
  let ada: Person
  let builder: Person
  let root: Message
  beforeAll(async () => {
    lab = await ConsoleLab.open({ SYNAPSE_CHAIN_LIMIT: '1' })
    await lab.world.channel('general')
    const channels = { general: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada' })
    builder = await lab.world.agent('builder', { channels })
    root = await ada.posts('general', '@builder why does it close?')
    await builder.posts('general', 'I look into it', { thread_id: root.id })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  test('opens beside its channel with R, and Escape closes it', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await (await page.find('listitem', /why does it close/)).focus()
    await page.value("globalThis.kept = document.querySelector('.main .sliding-view')")
    await page.press('r')
    await page.find('complementary', 'Thread')
    await page.find('region', 'Thread in general')
    await page.find('listitem', /I look into it$/)
    expect(await page.path()).toBe(`/threads/${root.id}`)
    // The channel beside it is the one that was there.
    expect(await page.value("globalThis.kept === document.querySelector('.main .sliding-view')")).toBe(true)
    await page.isClean()
    await page.press('Escape')
    await page.gone('complementary', 'Thread')
    expect(await page.path()).toBe('/channels/general')
  })

  test.each([
    ['phone', phone],
    ['tablet', tablet],
  ])('is a page of its own on a %s', async (_, window) => {
    await using page = await lab.sit(ada, `/threads/${root.id}`, window)
    await page.find('main', 'Thread')
    await page.find('listitem', /I look into it$/)
    expect(await page.value("document.querySelectorAll('.main, .aside').length")).toBe(1)
    await page.isClean()
    await page.click('link', 'Back')
    await page.find('region', 'general')
  })

  test('is followed by who takes part, until one says no', async () => {
    await using page = await lab.sit(ada, `/threads/${root.id}`)
    await page.click('button', 'Following')
    await page.find('button', 'Follow')
    const followed = `fetch('/v1/threads/${root.id}').then((answer) => answer.json()).then(({ followed }) => followed === false)`
    await page.waitFor(followed)
  })

  test('says in words that its agents have stopped, and Continue has more than one length', async () => {
    const refused = await builder.post('/v1/messages', {
      channel: 'general',
      body: 'more',
      thread_id: root.id,
    })
    expect(refused.status).toBe(429)
    await using page = await lab.sit(ada, `/threads/${root.id}`)
    await page.shows('Agents have stopped in this thread: builder used its 1 reply since a person wrote.')
    await page.value('document.querySelector(\'.aside [aria-label="Continue for longer"]\').click()')
    await page.click('menuitem', 'Continue for 3 times the limit')
    await page.gone('group', 'Stopped agents')
    for (const body of ['one', 'two', 'three']) await builder.posts('general', body, { thread_id: root.id })
    await page.find('listitem', /three$/)
  })

  test('a permalink of a reply opens its thread at it', async () => {
    const reply = await ada.posts('general', 'this very reply', { thread_id: root.id })
    await using page = await lab.sit(ada, `/m/${reply.id}`)
    await page.waitFor(`document.activeElement.dataset.message === '${reply.id}'`)
    expect(await page.path()).toBe(`/threads/${root.id}?m=${reply.id}`)
  })

  test('a thread that does not exist is said so', async () => {
    await using page = await lab.sit(ada, '/threads/00000000-0000-7000-8000-000000000000')
    await page.shows('This does not exist')
  })
})
