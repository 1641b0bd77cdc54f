// After any interruption each message stands once, in order (console.md 10, 3).
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
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths } from '../../../src/home'
import { testStore } from '../../support/database'
import { fastDirectory } from '../../support/fast-directory'
import { isSocket } from '../../support/wire'
import type { Message, Person, Room } from '../../support/world'
import { forward, PAGE_CLOCK, sleep } from './page-clock'
import { browser, ConsoleLab, type ConsolePage, desktop, expectedError } from './support'

setDefaultTimeout(120_000)

const VIEW = 'document.querySelector(".sliding-view")'
const ROWS = "[...document.querySelectorAll('.row')]"
const BAR = "document.querySelector('.offline-bar') !== null"
/** What a browser says while there is no connection. */
const lost = [/Failed to load resource: net::ERR_/, /WebSocket connection to .* failed/]
const isNewestPage = (url: string) => url.includes('/v1/messages?') && url.includes('order=desc')

describe.skipIf(browser === undefined)('a connection that was lost', () => {
  let lab: ConsoleLab
  let ada: Person
  let bo: Person
  let room: Room
  let count = 0
  beforeAll(async () => {
    lab = await ConsoleLab.openWired()
    await lab.world.channel('noise')
    const channels = { noise: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada' })
    bo = await lab.world.human('bo', { channels, displayName: 'Bo' })
  })
  // Each test has a channel of its own, with 60 messages.
  beforeEach(async () => {
    room = await lab.world.channel(`room-${++count}`)
    for (const { handle } of [ada, bo]) await lab.world.joins(handle, room, 'member')
    await posts(60)
    await ada.put(`/v1/channels/${room.slug}/read`, { cursor: 'now' })
  })
  afterEach(() => {
    lab.wire.release()
    lab.wire.mend()
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  let said = 0
  const posts = async (many: number): Promise<Message[]> => {
    const posted: Message[] = []
    for (let at = 0; at < many; at++) posted.push(await bo.posts(room, `message ${++said}`))
    return posted
  }
  const open = async (): Promise<ConsolePage> => {
    const page = await lab.sit(ada, `/channels/${room.slug}`, desktop, PAGE_CLOCK)
    await page.find('listitem', new RegExp(`message ${said}$`))
    await page.find('textbox', `Message #${room.slug}`)
    return page
  }
  /** The network is back, and the browser says so. */
  const mend = async (page: ConsolePage) => {
    lab.wire.mend()
    await page.value("dispatchEvent(new Event('online'))")
  }
  /** Waits until the page, read from its beginning to its end, has each message of the server once, in order. */
  const agrees = async (page: ConsolePage) => {
    const newest = JSON.stringify((await bo.hears(room, { order: 'desc', limit: 1 }))[0])
    await page.waitFor(
      `${VIEW}.scrollTop = ${VIEW}.scrollHeight, ${ROWS}.at(-1)?.ariaLabel?.endsWith(': ' + ${newest})`,
    )
    await page.waitFor(`${VIEW}.scrollTop = 0, document.querySelector('.beginning') !== null`)
    const stored = await bo.hears(room, { limit: 200 })
    await page
      .wait('the messages of the server', async () => Bun.deepEquals(await texts(page), stored))
      .catch(async () => expect(await texts(page)).toEqual(stored))
  }
  const texts = (page: ConsolePage) =>
    page.value<string[]>(`${ROWS}.map((row) => row.ariaLabel?.replace(/^.*?:\\d\\d: /, '')).filter(Boolean)`)

  test('for 30 seconds: what came is fetched from where it was, and no bar is shown before 5 seconds', async () => {
    await using page = await open()
    const edited = (await posts(1))[0]
    await page.find('listitem', new RegExp(`message ${said}$`))
    const read = page.page.requests.length
    lab.wire.break()
    await forward(page, 4.5)
    expect(await page.value(BAR)).toBe(false)
    await forward(page, 1)
    await page.shows('No connection')
    await posts(30)
    await bo.patch(`/v1/messages/${edited?.id}`, { body: 'edited meanwhile' })
    await forward(page, 24)
    await mend(page)
    await page.find('listitem', new RegExp(`message ${said}$`))
    await page.find('listitem', /edited meanwhile/)
    expect(await page.value(BAR)).toBe(false)
    expect(page.page.requests.slice(read).filter(isNewestPage)).toEqual([])
    await agrees(page)
    await page.isClean({ allowed: lost })
  })

  test('and is back within 5 seconds is not shown at all', async () => {
    await using page = await open()
    await page.value(`(() => {
      globalThis.bars = 0
      new MutationObserver(() => ${BAR} && globalThis.bars++).observe(document.body, { childList: true, subtree: true })
    })()`)
    lab.wire.break()
    await forward(page, 2)
    await mend(page)
    await posts(1)
    await page.find('listitem', new RegExp(`message ${said}$`))
    expect(await page.value('globalThis.bars')).toBe(0)
    await agrees(page)
    await page.isClean({ allowed: lost })
  })

  test.each([
    ['for 10 minutes', forward],
    ['while the machine slept for 10 minutes', sleep],
  ])('%s: what came is read again, at the same place, and what was written goes once', async (_, passes) => {
    await using page = await open()
    await page.value(`${VIEW}.scrollTop = 600`)
    await page.find('button', 'Newest')
    const first = `(() => {
      const edge = ${VIEW}.getBoundingClientRect().top
      const row = [...document.querySelectorAll('.row')].find((one) => one.getBoundingClientRect().bottom > edge)
      return [row.ariaLabel, Math.round(row.getBoundingClientRect().top)]
    })()`
    const before = await page.value(first)
    lab.wire.break()
    await passes(page, 600)
    // More than one page.
    await posts(120)
    await page.fill('textbox', `Message #${room.slug}`, 'a draft')
    await forward(page, 20)
    await mend(page)
    await page.waitFor(`!(${BAR})`)
    expect(await page.value(first)).toEqual(before)
    await agrees(page)
    await page.waitFor(`document.querySelector('textarea').value === 'a draft'`)
    await page.isClean({ allowed: lost })
  })

  test('for 10 minutes at the end: a text that was sent meanwhile goes once, and one is at the end again', async () => {
    await using page = await open()
    lab.wire.break()
    await page.fill('textbox', `Message #${room.slug}`, 'written without a connection')
    await page.press('Enter')
    await page.find('listitem', 'Ada, sending: written without a connection')
    await forward(page, 600)
    await posts(70)
    await mend(page)
    await page.find('listitem', /^Ada, \d\d:\d\d: written without a connection$/)
    await page.find('listitem', new RegExp(`message ${said}$`))
    await page.waitFor(`${VIEW}.scrollHeight - ${VIEW}.clientHeight - ${VIEW}.scrollTop < 1`)
    await agrees(page)
    await page.isClean({ allowed: lost })
  })

  test('because the page read too slowly: it goes on where it was', async () => {
    await using page = await open()
    lab.wire.rule = (request) => (isSocket(request) ? 'stall' : 'pass')
    await posts(5)
    // More than the buffers of a connection hold.
    for (let at = 0; at < 150; at++) await bo.posts('noise', '語'.repeat(16_000))
    await posts(5)
    lab.world.clock.advance(31_000)
    await page.wait('the end of the connection', async () => {
      const { body } = await lab.world.operator.get<{ counts: { streams: number } }>('/v1/health')
      return body.counts.streams === 0
    })
    lab.wire.release()
    await page.find('listitem', new RegExp(`message ${said}$`))
    await agrees(page)
    await page.isClean({ allowed: lost })
  })

  test('while messages were purged: what remains stands once, and the page says that older ones were removed', async () => {
    await using page = await open()
    lab.wire.break()
    await forward(page, 10)
    const kept = await posts(40)
    const purged = await lab.world.operator.post(`/v1/admin/channels/${room.id}/purge`, { keep: 20 })
    expect(purged.status).toBe(200)
    await mend(page)
    await page.shows('Older messages were removed from the server.')
    await page.find('listitem', new RegExp(`${kept.at(-1)?.body}$`))
    await agrees(page)
    await page.isClean({ allowed: [...lost, expectedError(410)] })
  })

  test('is not needed for a purge: it is seen at once', async () => {
    await using page = await open()
    await lab.world.operator.post(`/v1/admin/channels/${room.id}/purge`, { keep: 10 })
    await page.shows('Older messages were removed from the server.')
    await agrees(page)
    await page.isClean({ allowed: [expectedError(410)] })
  })

  test.skipIf(testStore === 'postgres')(
    'to a server that was put back to a backup: its history is shown, and nothing that it does not have',
    async () => {
      await using page = await open()
      const database = homePaths(lab.world.home).database
      const restored = fastDirectory()
      await lab.world.stop()
      cpSync(database, join(restored.path, 'old.db'))
      await lab.world.restart()
      await posts(10)
      await page.find('listitem', new RegExp(`message ${said}$`))
      await lab.world.stop()
      for (const end of ['', '-wal', '-shm']) rmSync(`${database}${end}`, { force: true })
      cpSync(join(restored.path, 'old.db'), database)
      await lab.world.restart()
      await page.value("dispatchEvent(new Event('online'))")
      await page.gone('listitem', new RegExp(`message ${said}$`))
      await posts(3)
      await page.find('listitem', new RegExp(`message ${said}$`))
      await agrees(page)
      await page.isClean({ allowed: lost })
      restored[Symbol.dispose]()
    },
  )
})
