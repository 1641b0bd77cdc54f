// A channel with 100,000 messages (console.md 10, 4): every place in it is exact, and few rows are in the page.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { fill } from '../../support/fill'
import { DAY, type Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage } from './support'

setDefaultTimeout(120_000)

const COUNT = 100_000
const DAYS = 100
const VIEW = 'document.querySelector(".sliding-view")'
/** The number in the text of a row. */
const NUMBER = '((row) => Number(/long (\\d+)$/.exec(row.ariaLabel)?.[1]))'
const NUMBERS = `[...document.querySelectorAll('.row[data-message]')].map(${NUMBER})`

/** Goes up as a person does, to the first row that is there, again and again. Notes what it meets. */
const UP = `(() => {
  const met = { lowest: Infinity, most: 0, holes: 0, moved: 0 }
  globalThis.met = met
  let kept
  const look = () => {
    const view = ${VIEW}
    const row = document.querySelector('.row[data-message]')
    if (row !== kept?.row) {
      const numbers = ${NUMBERS}
      met.lowest = numbers[0]
      met.most = Math.max(met.most, numbers.length)
      met.holes += numbers.filter((number, at) => at > 0 && number !== numbers[at - 1] + 1).length
      // The rows that came above have not moved what was first.
      if (kept) met.moved = Math.max(met.moved, Math.abs(kept.row.getBoundingClientRect().top - kept.top))
    }
    if (view.scrollTop > 0) view.scrollTop = 0
    kept = { row, top: row.getBoundingClientRect().top }
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})()`

describe.skipIf(browser === undefined)('a channel with 100,000 messages', () => {
  let lab: ConsoleLab
  let ada: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('long')
    await lab.world.channel('other')
    await lab.world.agent('builder', { channels: { long: 'member' } })
    await lab.world.stop()
    // They were posted from now on, and the time of the server is after them.
    await fill(lab.world, {
      channel: 'long',
      sender: 'builder',
      count: COUNT,
      every: (DAYS * DAY * 1000) / COUNT,
    })
    lab.world.clock.advance(DAYS * DAY + 1000)
    await lab.world.restart()
    ada = await lab.world.human('ada', { channels: { long: 'member', other: 'member' } })
    await ada.put('/v1/channels/long/read', { cursor: 'now' })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const numbers = (page: ConsolePage) => page.value<number[]>(NUMBERS)
  const first = (page: ConsolePage) =>
    page.value<[number, number]>(`(() => {
      const edge = ${VIEW}.getBoundingClientRect().top
      const row = [...document.querySelectorAll('.row[data-message]')].find((one) => one.getBoundingClientRect().bottom > edge + 1)
      return [${NUMBER}(row), Math.round(row.getBoundingClientRect().top - edge)]
    })()`)
  /** The rows follow each other, and there are at most 300. */
  const isExact = async (page: ConsolePage) => {
    const all = await numbers(page)
    expect(all).toEqual(all.map((_, at) => (all[0] ?? 0) + at))
    expect(await page.value<number>("document.querySelectorAll('.row').length")).toBeLessThanOrEqual(300)
  }

  test('opens at its end with pages of 50, and 5,000 messages up nothing is left out or moves', async () => {
    await using page = await lab.sit(ada, '/channels/long')
    await page.find('listitem', /long 99999$/)
    expect(await page.value(`${VIEW}.scrollHeight - ${VIEW}.clientHeight - ${VIEW}.scrollTop`)).toBeLessThan(
      1,
    )
    const pages = page.page.requests.filter((url) => url.includes('/v1/messages?'))
    // The page that is shown, and at most one above it.
    expect(pages.length).toBeLessThanOrEqual(2)
    expect(pages.every((url) => new URL(url).searchParams.get('limit') === '50')).toBe(true)
    await isExact(page)
    await page.value(UP)
    for (let at = COUNT - 1000; at >= COUNT - 5000; at -= 1000)
      await page.waitFor(`globalThis.met.lowest <= ${at}`)
    const { most, ...met } = await page.value<{ most: number }>('globalThis.met')
    expect(met).toMatchObject({ holes: 0, moved: 0 })
    expect(most).toBeLessThanOrEqual(300)
    await isExact(page)
    // In one step to the end.
    await page.click('button', /new|Newest/)
    await page.find('listitem', /long 99999$/)
    await isExact(page)
    await page.isClean()
  })

  test('a date, a permalink, and the way back are exact', async () => {
    await using page = await lab.sit(ada, '/channels/long')
    await page.find('listitem', /long 99999$/)
    const [start] = (await ada.reads('long', { since: 'oldest', limit: 1 })).body.messages
    const day = new Date(Date.parse(start?.created_at ?? '') + 40 * DAY).toISOString().slice(0, 10)
    await page.click('button', 'Jump to a date')
    await page.find('dialog', 'Jump to a date')
    await page.value(`(() => {
      const field = document.querySelector('#jump-day')
      field.value = '${day}'
      field.dispatchEvent(new Event('input', { bubbles: true }))
    })()`)
    await page.click('button', 'Jump')
    await page.waitFor('document.activeElement.dataset.message !== undefined')
    const found = await page.value<number>(`${NUMBER}(document.activeElement)`)
    const midnight = await page.value<number>(`new Date('${day}T00:00:00').getTime()`)
    const at = (number: number) => Date.parse(start?.created_at ?? '') + (number * DAYS * DAY) / COUNT
    // The first message of that day.
    expect(at(found)).toBeGreaterThanOrEqual(midnight)
    expect(at(found - 1)).toBeLessThan(midnight)
    await isExact(page)
    await page.value(`${VIEW}.scrollTop += 123`)
    await page.waitFor("!document.querySelector('.row.marked')")
    const before = await first(page)

    const leaves = async () => {
      await page.click('link', /^other/)
      await page.find('region', 'other')
      await page.value('history.back()')
      await page.find('region', 'long')
    }
    await leaves()
    await page.find('listitem', new RegExp(`long ${before[0]}$`))
    expect(await first(page)).toEqual(before)

    const target = (await ada.reads('long', { since: 'oldest', limit: 200 })).body.messages[123]
    await page.goes(`/m/${target?.id}`)
    await page.waitFor(`document.activeElement.dataset.message === '${target?.id}'`)
    expect(await page.value(`${NUMBER}(document.activeElement)`)).toBe(123)
    await isExact(page)
    await page.waitFor("!document.querySelector('.row.marked')")
    const there = await first(page)
    await leaves()
    await page.find('listitem', /long 123$/)
    expect(await first(page)).toEqual(there)
    await isExact(page)
    await page.isClean()
  })
})
