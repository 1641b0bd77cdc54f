// What is new, and when it counts as read (console.md 5.4).
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Message, Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, phone } from './support'

setDefaultTimeout(120_000)

const VIEW = 'document.querySelector(".sliding-view")'

describe.skipIf(browser === undefined)('what is new', () => {
  let lab: ConsoleLab
  let ada: Person
  let bo: Person
  let builder: Person
  let slug = ''
  let channels = 0
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    ada = await lab.world.human('ada', { displayName: 'Ada' })
    bo = await lab.world.human('bo', { displayName: 'Bo' })
    builder = await lab.world.agent('builder')
  })
  // Each test has a channel of its own.
  beforeEach(async () => {
    slug = `room-${++channels}`
    await lab.world.channel(slug)
    for (const { handle } of [ada, bo, builder]) await lab.world.joins(handle, slug, 'member')
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const posts = async (count: number, begin = 0): Promise<Message[]> => {
    const posted: Message[] = []
    for (let at = begin; at < begin + count; at++) posted.push(await bo.posts(slug, `entry ${at}`))
    return posted
  }
  const unread = async () => {
    const { body } = await ada.get<{ channels: { slug: string; unread: number }[] }>('/v1/channels')
    return body.channels.find((channel) => channel.slug === slug)?.unread
  }
  const becomes = (page: ConsolePage, count: number) =>
    page.waitFor(`fetch('/v1/channels').then((answer) => answer.json())
      .then(({ channels }) => channels.find(({ slug }) => slug === '${slug}').unread === ${count})`)
  /** Somebody is there: moves the pointer a little. */
  const touch = ({ page }: ConsolePage) =>
    page.cdp('Input.dispatchMouseEvent', {
      type: 'mouseMoved',
      x: 700,
      y: 20 + Math.round(Math.random() * 10),
    })
  const lineTop = (page: ConsolePage) =>
    page.value<number>("document.querySelector('.line.new').getBoundingClientRect().top")

  test('is not read by opening it; it is read when somebody is there and has seen it', async () => {
    await posts(3)
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await page.find('listitem', /entry 2$/)
    await page.shows('New: 3')
    // Nobody has touched the page, and more comes.
    await posts(1, 3)
    await page.find('listitem', /entry 3$/)
    expect(await unread()).toBe(4)
    await touch(page)
    await becomes(page, 0)
    // The line stays until one leaves.
    await page.shows('New: 3')
    await page.isClean()
  })

  test('is the same in two tabs and on a phone', async () => {
    await posts(2)
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await using tab = await lab.sit(ada, '/inbox')
    await using pocket = await lab.sit(ada, '/', phone)
    await pocket.click('link', 'Chats')
    const side = new RegExp(`^${slug}.*2 unread`)
    for (const one of [tab, pocket]) await one.find('link', side)
    await page.find('listitem', /entry 1$/)
    await touch(page)
    for (const one of [tab, pocket]) await one.gone('link', side)
    // And unread again, for all of them.
    await (await page.find('listitem', /entry 0$/)).focus()
    await page.press('u')
    for (const one of [tab, pocket]) await one.find('link', side)
  })

  test('is marked again from a message on, and stays so while one looks at it', async () => {
    const posted = await posts(6)
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await page.find('listitem', /entry 5$/)
    await touch(page)
    await becomes(page, 0)
    await (await page.find('listitem', /entry 3$/)).focus()
    await page.press('u')
    await becomes(page, 3)
    expect(await page.value(`document.querySelector('.line.new').nextElementSibling.dataset.message`)).toBe(
      posted[3]?.id ?? '',
    )
    // Another second and more input.
    await touch(page)
    await page.value(
      'new Promise((resolve) => { const begin = performance.now(); const look = (now) => now - begin > 1500 ? resolve() : requestAnimationFrame(look); requestAnimationFrame(look) })',
    )
    await touch(page)
    expect(await unread()).toBe(3)
  })

  test('up to 200 messages: the page opens where they begin', async () => {
    await posts(30)
    await ada.put(`/v1/channels/${slug}/read`, { cursor: 'now' })
    await posts(120, 30)
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await page.shows('New: 120')
    const top = await lineTop(page)
    expect(top).toBeGreaterThan(0)
    expect(top).toBeLessThan(300)
    await page.find('listitem', /entry 30$/)
  })

  test('more than that: the page opens at the end, and both ends are one step away', async () => {
    await posts(5)
    await ada.put(`/v1/channels/${slug}/read`, { cursor: 'now' })
    await posts(1, 5)
    await Promise.all(Array.from({ length: 1202 }, () => bo.posts(slug, 'one of many')))
    await posts(1, 1208)
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await page.find('listitem', /entry 1208$/)
    await page.find('group', 'Unread messages')
    await page.shows('1,204 new since')
    await page.isClean()
    await page.click('button', 'Jump')
    await page.find('listitem', /entry 5$/)
    await page.waitFor("document.activeElement.ariaLabel?.endsWith('entry 5')")
    await page.gone('group', 'Unread messages')
    await page.shows('New: 1,204')
    await page.click('button', /new|Newest/)
    await page.find('listitem', /entry 1208$/)
  })

  test('more than 200 messages are done with in one step', async () => {
    await posts(1)
    await ada.put(`/v1/channels/${slug}/read`, { cursor: 'now' })
    await posts(230, 1)
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await page.click('button', 'Mark read')
    await becomes(page, 0)
    await page.gone('group', 'Unread messages')
  })

  test('Escape marks all of it as read and goes to the end', async () => {
    await posts(60)
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await page.shows('New: 60')
    await page.press('Escape')
    await becomes(page, 0)
    await page.waitFor(`${VIEW}.scrollHeight - ${VIEW}.clientHeight - ${VIEW}.scrollTop < 1`)
  })

  test('a reply in a thread shows under its root with a dot, which goes when the thread is opened', async () => {
    const root = await ada.posts(slug, 'who looks at it?')
    await using page = await lab.sit(ada, `/channels/${slug}`)
    await page.find('listitem', /who looks at it/)
    await builder.posts(slug, 'I do, @ada', { thread_id: root.id })
    const summary = /1 reply.*builder: I do, @ada/
    await page.find('link', summary)
    await page.find('image', 'Something for you is new')
    await posts(60)
    await page.find('listitem', /entry 59$/)
    await page.click('button', '1 thread above')
    await page.click('link', summary)
    await page.find('complementary', 'Thread')
    await touch(page)
    await page.gone('image', 'Something for you is new')
  })
})
