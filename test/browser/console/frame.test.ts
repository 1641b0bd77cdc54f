// The frame around the pages: the side, moving between regions, the title, the first steps on a new server.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Person } from '../../support/world'
import { browser, ConsoleLab, desktop, phone, tablet } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined)('the frame', () => {
  let lab: ConsoleLab
  let ada: Person
  let bo: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    const { world } = lab
    for (const slug of ['general', 'research', 'ops']) await world.channel(slug)
    ada = await world.human('ada', {
      channels: { general: 'member', research: 'member' },
      displayName: 'Ada',
      isAdmin: true,
    })
    bo = await world.human('bo', { channels: { general: 'member' }, displayName: 'Bo' })
    await world.agent('scout', { channels: { general: 'member' } })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  test('a mention is counted in the side and in the title, and the icon of the tab has a dot', async () => {
    await using page = await lab.sit(ada, '/nowhere-yet')
    await page.goes('/activity')
    await page.find('link', 'general')
    await page.waitFor("!document.title.startsWith('(')")
    await bo.posts('general', '@ada look')
    await page.find('link', /^general.* 1 for you$/)
    await page.waitFor("document.title.startsWith('(1) ')")
    expect(await page.value('document.querySelector("link[rel=icon]").href.includes("d43a3a")')).toBe(true)
    await page.isClean({ allowed: [/status of 404/] })
  })

  test('F6 goes round the regions, and the first stop skips to the page', async () => {
    await using page = await lab.sit(ada, '/activity')
    await page.find('link', /^general/)
    const region = () => page.value<string>('document.activeElement.ariaLabel')
    await page.press('F6')
    expect(await region()).toBe('Conversations')
    await page.press('F6')
    expect(await region()).not.toBe('Conversations')
    await page.press('F6', 'Shift')
    expect(await region()).toBe('Conversations')
    await page.goes('/activity')
    await page.find('link', /^general/)
    await page.press('Tab')
    expect(await page.value('document.activeElement.textContent')).toBe('Skip to the page')
    await page.press('Enter')
    expect(await page.value('document.activeElement.id')).toBe('main')
  })

  test('a new conversation is found, joined or made by keys alone, and Escape gives the focus back', async () => {
    await using page = await lab.sit(ada, '/activity')
    const open = await page.find('button', 'New conversation')
    await open.focus()
    await page.press('Enter')
    await page.find('button', 'Join ops')
    await page.find('button', 'Message scout')
    await page.isClean()
    await page.press('Escape')
    await page.gone('dialog', 'New conversation')
    expect(await page.value('document.activeElement.ariaLabel')).toBe('New conversation')
    await page.press('Enter')
    await page.fill('textbox', 'A channel or somebody', 'Field notes')
    await (await page.find('button', 'Make #field-notes')).focus()
    await page.press('Enter')
    await page.find('link', 'field-notes')
    expect(await page.path()).toBe('/channels/field-notes')
    await page.waitFor("document.activeElement.closest('main') !== null")
  })

  test('a new route has the focus on its heading, and back returns to the page before', async () => {
    await using page = await lab.sit(ada, '/activity')
    await page.click('link', /^Inbox/)
    await page.waitFor("location.pathname === '/inbox'")
    await page.waitFor("document.activeElement.tagName === 'H1'")
    await page.value('history.back()')
    await page.waitFor("location.pathname === '/activity'")
  })

  test('an address that leads nowhere says so within the frame', async () => {
    await using page = await lab.sit(ada, '/admin/nothing/at-all')
    await page.find('navigation', 'Conversations')
    await page.isClean()
  })

  test.each([phone, { ...phone, width: 320, height: 640 }, tablet, desktop])(
    'the list of conversations fits a window of $width px, and its targets a finger',
    async (window) => {
      for (const scheme of ['light', 'dark'] as const) {
        await using page = await lab.sit(ada, '/?list', { ...window, scheme })
        await page.find('heading', 'Chats')
        await page.find('link', /^general/)
        expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
        expect(await page.small(window.width < 600 ? 44 : 24)).toEqual([])
        await page.isClean()
      }
    },
  )
})

describe.skipIf(browser === undefined)('the first steps on a new server', () => {
  test('an administrator makes a channel and an agent, and lets a phone in', async () => {
    await using lab = await ConsoleLab.open()
    const ada = await lab.world.human('ada', { isAdmin: true })
    await using page = await lab.sit(ada)
    await page.find('heading', 'Welcome to Kestrel lab')
    await page.shows('Make a channel first')
    await page.fill('textbox', 'Name', 'Release 42')
    await page.press('Enter')
    await page.find('link', '#release-42')
    await page.fill('textbox', 'Handle', 'builder')
    await page.press('Enter')
    await page.shows('@builder is ready.')
    const token = await page.waitFor<string>(
      '/syn_[\\w-]{43}/.exec(document.querySelector("pre").textContent)[0]',
    )
    const builder = lab.world.bearer(token)
    const hello = { channel: 'release-42', body: 'Hello from builder.' }
    expect((await builder.post('/v1/messages', hello)).status).toBe(201)
    await page.click('button', 'Show the code')
    await page.find('image', 'Scan it with the camera of the device')
    const code = await page.waitFor<string>('document.querySelector(".typed").textContent')
    expect((await lab.world.guest.post('/v1/pair/redeem', { code, as: 'session' })).status).toBe(201)
    await page.isClean()
  })

  test('a person in no channel is told how to get into one', async () => {
    await using lab = await ConsoleLab.open()
    const bo = await lab.world.human('bo')
    await using page = await lab.sit(bo)
    await page.shows('You are in no channel yet.')
    await page.isClean()
  })
})
