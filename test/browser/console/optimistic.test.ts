// A post over a bad network is one row at the right place, and no text is lost (console.md 10, 2).
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from 'bun:test'
import { isSocket } from '../../support/wire'
import type { Person, Room } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, desktop, expectedError } from './support'

setDefaultTimeout(120_000)

const isPost = (request: string) => request === 'POST /v1/messages'
/** What a browser says of connections that are lost. */
const lost = [/Failed to load resource: net::ERR_/, /WebSocket connection to .* failed/]

/** The texts of the rows, without who and when. */
const TEXTS =
  "[...document.querySelectorAll('.row')].map((row) => (row.ariaLabel ?? '').replace(/^[^:]*(:\\d\\d)?: /, ''))"

/** Notes in each frame what stands twice. */
const WATCH = `{
  globalThis.twice = []
  const look = () => {
    const texts = ${TEXTS}
    for (const [at, text] of texts.entries()) if (text !== '' && texts.indexOf(text) !== at) twice.push(text)
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}`

describe.skipIf(browser === undefined).each(['localhost', 'lan.test'] as const)('a post at %s', (domain) => {
  let lab: ConsoleLab
  let ada: Person
  let bo: Person
  let room: Room
  let slug = ''
  let count = 0
  beforeAll(async () => {
    lab = await ConsoleLab.openWired({}, domain)
    await lab.world.channel('elsewhere')
    const channels = { elsewhere: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada' })
    bo = await lab.world.human('bo', { channels, displayName: 'Bo' })
  })
  // Each test has a channel of its own.
  beforeEach(async () => {
    slug = `room-${++count}`
    room = await lab.world.channel(slug)
    for (const { handle } of [ada, bo]) await lab.world.joins(handle, slug, 'member')
    await bo.posts(slug, 'the first one')
    await ada.put(`/v1/channels/${slug}/read`, { cursor: 'now' })
  })
  afterEach(() => lab.wire.release())
  afterAll(() => lab[Symbol.asyncDispose]())

  const field = () => `Message #${slug}`
  const open = async (): Promise<ConsolePage> => {
    const page = await lab.sit(ada, `/channels/${slug}`, desktop, WATCH)
    await page.find('listitem', /the first one$/)
    return page
  }
  const send = async (page: ConsolePage, text: string) => {
    await page.fill('textbox', field(), text)
    await page.press('Enter')
    await page.find('listitem', new RegExp(text))
  }
  const typed = (page: ConsolePage, name: string) =>
    page.value<string>(`document.querySelector('textarea[aria-label="${name}"]').value`)
  const stored = () => bo.hears(slug)
  /** Waits until the server has a text. */
  const arrives = (page: ConsolePage, text: string) =>
    page.wait(`stored: ${text}`, async () => (await stored()).includes(text))
  /** The rows of the page are the messages of the server, in their order. */
  const agrees = async (page: ConsolePage) => {
    await page.wait('the rows of the server', async () =>
      Bun.deepEquals(await page.value(TEXTS), await stored()),
    )
    expect(await page.all('button', /^sending/)).toEqual([])
    expect(await page.value('globalThis.twice')).toEqual([])
  }

  test('whose answer is late stands once, also when its frame and others come first', async () => {
    await using page = await open()
    lab.wire.rule = (request) => (isPost(request) ? 'hold' : 'pass')
    await send(page, 'late answer')
    await arrives(page, 'late answer')
    await bo.posts(slug, 'after it')
    await page.find('listitem', /after it$/)
    expect(await page.all('listitem', /late answer/)).toHaveLength(1)
    await page.find('listitem', 'Ada, sending: late answer')
    lab.wire.release()
    await page.find('listitem', /^Ada, \d\d:\d\d: late answer$/)
    await agrees(page)
    await page.isClean()
  })

  test('whose frame comes long after its answer stands once', async () => {
    await using page = await open()
    lab.wire.rule = (request) => (isSocket(request) ? 'hold' : 'pass')
    await bo.posts(slug, 'before it, not heard yet')
    await send(page, 'late frame')
    await page.find('listitem', /^Ada, \d\d:\d\d: late frame$/)
    lab.wire.release()
    await page.find('listitem', /not heard yet$/)
    await agrees(page)
    await page.isClean()
  })

  test('whose connection is cut after the commit is sent again with its key, and is stored once', async () => {
    await using page = await open()
    let cuts = 0
    lab.wire.rule = (request) => (isPost(request) && cuts++ < 3 ? 'cut' : 'pass')
    await send(page, 'cut after commit')
    await page.find('listitem', /^Ada, \d\d:\d\d: cut after commit$/)
    expect(cuts).toBeGreaterThanOrEqual(3)
    await agrees(page)
    await page.isClean({ allowed: lost })
  })

  test('is stored once when everything is lost at its commit', async () => {
    await using page = await open()
    lab.wire.rule = (request) => (isPost(request) || isSocket(request) ? 'hold' : 'pass')
    await send(page, 'all is lost')
    await arrives(page, 'all is lost')
    lab.wire.break()
    await bo.posts(slug, 'meanwhile')
    await page.fill('textbox', field(), 'half a thought')
    lab.wire.release()
    lab.wire.mend()
    await page.find('listitem', /meanwhile$/)
    await page.find('listitem', /^Ada, \d\d:\d\d: all is lost$/)
    await agrees(page)
    expect(await typed(page, field())).toBe('half a thought')
    await page.isClean({ allowed: lost })
  })

  test('several that wait go in their order', async () => {
    await using page = await open()
    let cuts = 0
    lab.wire.rule = (request) => (isPost(request) && cuts++ < 2 ? 'cut' : 'pass')
    for (const text of ['one of three', 'two of three', 'three of three']) await send(page, text)
    await page.find('listitem', /^Ada, \d\d:\d\d: three of three$/)
    await agrees(page)
    expect(await stored()).toEqual(['the first one', 'one of three', 'two of three', 'three of three'])
    await page.isClean({ allowed: lost })
  })

  test.each(['while one is elsewhere', 'while one looks'])(
    'that is confirmed %s stands once',
    async (when) => {
      await using page = await open()
      lab.wire.rule = (request) => (isPost(request) ? 'hold' : 'pass')
      await send(page, 'on its way')
      await arrives(page, 'on its way')
      await page.fill('textbox', field(), 'the next one, not sent')
      await page.click('link', /^elsewhere/)
      await page.find('textbox', 'Message #elsewhere')
      await page.fill('textbox', 'Message #elsewhere', 'another draft')
      if (when === 'while one is elsewhere') {
        lab.wire.release()
        await page.waitFor("Object.keys(localStorage).every((name) => !name.startsWith('synapse.outbox.'))")
      }
      await page.click('link', new RegExp(`^${slug}`))
      await page.find('listitem', /on its way$/)
      lab.wire.release()
      await page.find('listitem', /^Ada, \d\d:\d\d: on its way$/)
      await agrees(page)
      expect(await typed(page, field())).toBe('the next one, not sent')
      await page.click('link', /^elsewhere/)
      await page.find('textbox', 'Message #elsewhere')
      expect(await typed(page, 'Message #elsewhere')).toBe('another draft')
      await page.fill('textbox', 'Message #elsewhere', '')
    },
  )

  test('that is on its way over a reload stands once, with the draft beside it', async () => {
    await using page = await open()
    lab.wire.rule = (request) => (isPost(request) ? 'hold' : 'pass')
    await send(page, 'over a reload')
    await arrives(page, 'over a reload')
    await send(page, 'waits for it')
    await page.fill('textbox', field(), 'and a draft')
    await page.goes(`/channels/${slug}`)
    await page.find('listitem', /over a reload$/)
    await page.find('listitem', 'Ada, sending: waits for it')
    lab.wire.release()
    await page.find('listitem', /^Ada, \d\d:\d\d: waits for it$/)
    await agrees(page)
    await page.waitFor(`document.querySelector('textarea[aria-label="${field()}"]').value === 'and a draft'`)
    await page.isClean({ allowed: lost })
  })

  test('that is refused keeps its words over another channel and a reload, until it is sent or discarded', async () => {
    await using page = await open()
    // The page does not hear that it may not post any more.
    lab.wire.rule = (request) => (isSocket(request) ? 'hold' : 'pass')
    const role = async (role: string) => {
      const path = `/v1/admin/memberships/${ada.id}/${room.id}`
      expect(await lab.world.operator.patch(path, { role })).toMatchObject({ status: 200 })
    }
    await role('read_only')
    for (const text of ['words that matter', 'more words']) await send(page, text)
    await page.shows('Not sent:')
    await page.fill('textbox', field(), 'a draft')
    await page.click('link', /^elsewhere/)
    await page.find('textbox', 'Message #elsewhere')
    await page.click('link', new RegExp(`^${slug}`))
    await page.find('listitem', 'Ada, not sent: words that matter')
    lab.wire.release()
    await page.goes(`/channels/${slug}`)
    await page.find('listitem', 'Ada, not sent: words that matter')
    await page.find('listitem', 'Ada, not sent: more words')
    expect(await stored()).toEqual(['the first one'])
    await role('member')
    await page.find('textbox', field())
    expect(await typed(page, field())).toBe('a draft')
    await page.click('button', 'Send again')
    await page.find('listitem', /^Ada, \d\d:\d\d: words that matter$/)
    await page.click('button', 'Edit')
    await page.waitFor(`document.querySelector('textarea').value.includes('more words')`)
    expect(await typed(page, field())).toContain('a draft')
    await agrees(page)
    await page.isClean({ allowed: [expectedError(403)] })
  })

  test('that a reading finds before its answer comes stands once', async () => {
    await using page = await open()
    lab.wire.rule = (request) => (isPost(request) ? 'hold' : 'pass')
    await send(page, 'found by reading')
    await arrives(page, 'found by reading')
    await page.goes(`/channels/${slug}`)
    await page.find('listitem', /^Ada, \d\d:\d\d: found by reading$/)
    lab.wire.release()
    await agrees(page)
    await page.isClean({ allowed: lost })
  })
})
