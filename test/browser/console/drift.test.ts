// What somebody reads stays where it is, whatever comes around it (console.md 5.3).
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { pngOf } from '../../support/png'
import type { Message, Person } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage, desktop } from './support'

setDefaultTimeout(120_000)

const VIEW = 'document.querySelector(".sliding-view")'

/**
 * Follows the first visible row from now on, as it is painted: a resize observer that is made last is called after every
 * other one, and before paint.
 */
const WATCH = `(() => {
  const view = ${VIEW}
  const edge = view.getBoundingClientRect().top + 0.5
  const row = [...document.querySelectorAll('.row')].find((one) => one.getBoundingClientRect().bottom > edge)
  const { key } = row.dataset
  const { top } = row.getBoundingClientRect()
  const watched = { key, top, drift: 0, frames: 0, missing: 0 }
  globalThis.watched = watched
  const probe = document.body.appendChild(document.createElement('div'))
  probe.style.position = 'fixed'
  probe.style.height = '1px'
  new ResizeObserver(() => {
    const found = document.querySelector('[data-key="' + CSS.escape(key) + '"]')
    if (found) watched.drift = Math.max(watched.drift, Math.abs(found.getBoundingClientRect().top - top))
    else watched.missing++
    watched.frames++
  }).observe(probe)
  const tick = () => {
    probe.style.width = (watched.frames % 2 ? 10 : 20) + 'px'
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
  return key
})()`

/** Acts just before the page draws. The event of a scroll that is made then comes after the frame. */
const beforeDrawing = (act: string) => `(() => {
  const next = requestAnimationFrame.bind(window)
  window.requestAnimationFrame = (draw) => next((time) => {
    ${act}
    draw(time)
  })
})()`

interface Watched {
  readonly drift: number
  readonly frames: number
  readonly missing: number
}

describe.skipIf(browser === undefined)('what somebody reads', () => {
  let lab: ConsoleLab
  let ada: Person
  let builder: Person
  const posted: Message[] = []
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    ada = await lab.world.human('ada', { channels: { general: 'member' } })
    builder = await lab.world.agent('builder', { channels: { general: 'member' } })
    for (let at = 0; at < 400; at++) {
      const body = at % 9 === 0 ? `${at}\n`.repeat(40) : `message ${at} ${'word '.repeat((at * 31) % 60)}`
      posted.push(await builder.posts('general', body))
    }
  })
  // Nothing is new, so the page opens at the end.
  beforeEach(() => ada.put('/v1/channels/general/read', { cursor: 'now' }))
  afterAll(() => lab[Symbol.asyncDispose]())

  const watched = (page: ConsolePage) => page.value<Watched>('globalThis.watched')
  const frames = (page: ConsolePage, count: number) => page.waitFor(`globalThis.watched.frames >= ${count}`)

  test('does not move while 500 messages, edits, reactions, images and folds arrive, and older messages above', async () => {
    await using page = await lab.sit(ada, '/channels/general', desktop)
    await page.waitFor(`${VIEW} && ${VIEW}.scrollHeight > 3000`)
    // So near the beginning of what is loaded that older messages are put in above, too.
    await page.value(`${VIEW}.scrollTop = 900`)
    const oldest = await page.value("document.querySelector('.row').dataset.key")
    const image = await builder.post<{ id: string }>('/v1/attachments', pngOf(60, 200), {
      'content-type': 'image/png',
      'content-disposition': 'attachment; filename="shot.png"',
    })
    await page.value(WATCH)
    const recent = posted.slice(-50)
    for (let at = 0; at < 250; at++) {
      const attachments = at === 40 ? { attachments: [image.body.id] } : {}
      const [, , old] = await Promise.all([
        builder.posts('general', `later ${at} ${'word '.repeat(at % 50)}`, attachments),
        ada.posts('general', `mine ${at}`),
        recent[(at * 7) % recent.length],
      ])
      if (old && at % 3 === 0) await ada.put(`/v1/messages/${old.id}/reactions/${encodeURIComponent('👍')}`)
      if (old && at % 3 === 1)
        await builder.patch(`/v1/messages/${old.id}`, { body: `edited ${at}\n\n${'more\n'.repeat(at % 20)}` })
    }
    await page.value("document.querySelector('.folded-toggle')?.click()")
    const { frames: so_far } = await watched(page)
    await frames(page, so_far + 30)
    expect(await watched(page)).toMatchObject({ drift: 0, missing: 0 })
    expect(await page.value("document.querySelector('.row').dataset.key")).not.toBe(oldest)
    await page.find('button', /new/)
    await page.isClean()
  })

  test('does not move while older messages are put in above', async () => {
    await using page = await lab.sit(ada, '/channels/general', desktop)
    await page.waitFor(`${VIEW} && ${VIEW}.scrollHeight > 3000`)
    const before = await page.value<number>("document.querySelectorAll('.row').length")
    await page.value(`${VIEW}.scrollTop = 300`)
    await page.waitFor(`${VIEW}.scrollTop === 300`)
    await page.value(WATCH)
    await page.waitFor(`document.querySelectorAll('.row').length > ${before}`)
    const { frames: so_far } = await watched(page)
    await frames(page, so_far + 10)
    expect(await watched(page)).toMatchObject({ drift: 0, missing: 0 })
  })

  test('is not disturbed while one scrolls: older messages that were read are put in above afterwards', async () => {
    await using page = await lab.sit(ada, '/channels/general', desktop)
    await page.waitFor(`${VIEW} && ${VIEW}.scrollHeight > 3000`)
    const rows = "document.querySelectorAll('.row').length"
    const before = await page.value<number>(rows)
    await page.value(`(() => {
      const scroll = { frames: 0, disturbed: 0 }
      globalThis.scroll = scroll
      ${VIEW}.scrollTop = 700
      const isRead = () => performance.getEntriesByType('resource').some(({ name }) => name.includes('before='))
      const look = () => {
        if (isRead()) scroll.frames++
        if (${rows} !== ${before}) scroll.disturbed++
        // At rest until the page is asked for, and from then on to and fro.
        if (scroll.frames > 0) ${VIEW}.scrollTop += scroll.frames % 2 ? 6 : -6
        if (scroll.frames < 40) return requestAnimationFrame(look)
        const { top, height } = ${VIEW}.getBoundingClientRect()
        globalThis.row = [...document.querySelectorAll('.row')].find((one) => one.getBoundingClientRect().bottom > top + height / 2)
        globalThis.top0 = row.getBoundingClientRect().top
      }
      requestAnimationFrame(look)
    })()`)
    await page.waitFor('globalThis.scroll.frames >= 40')
    expect(await page.value('globalThis.scroll.disturbed')).toBe(0)
    await page.waitFor(`${rows} > ${before}`)
    expect(await page.value<number>('row.getBoundingClientRect().top - top0')).toBeCloseTo(0, 0)
  })

  test('has at most 300 rows around it, however far one goes back', async () => {
    await using page = await lab.sit(ada, '/channels/general', desktop)
    await page.waitFor(`${VIEW} && ${VIEW}.scrollHeight > 3000`)
    await page.waitFor(`(() => {
      ${VIEW}.scrollTop = 0
      return document.querySelector('.beginning') !== null
    })()`)
    expect(await page.value("document.querySelectorAll('.row').length")).toBe(300)
    // And all the way to the newest again, in one step.
    await page.click('button', /Newest|new/)
    await page.waitFor(`${VIEW}.scrollHeight - ${VIEW}.clientHeight - ${VIEW}.scrollTop < 1`)
    await page.find('listitem', /mine 249$/)
  })

  test('stays at the end while it grows', async () => {
    await using page = await lab.sit(ada, '/channels/general', desktop)
    await page.waitFor(`${VIEW} && ${VIEW}.scrollHeight > 3000`)
    for (let at = 0; at < 20; at++) await builder.posts('general', `${at}\n`.repeat(at + 1))
    await builder.posts('general', 'the last one')
    await page.find('listitem', /the last one$/)
    const distance = `${VIEW}.scrollHeight - ${VIEW}.clientHeight - ${VIEW}.scrollTop`
    expect(await page.value<number>(distance)).toBeLessThan(1)
  })

  test('is left by whoever scrolls up in the moment in which a message comes', async () => {
    await using page = await lab.sit(ada, '/channels/general', desktop)
    await page.waitFor(`${VIEW} && ${VIEW}.scrollHeight > 2000`)
    await page.value(
      beforeDrawing(`if (globalThis.left > 0 && --globalThis.left === 0) {
        ${VIEW}.dispatchEvent(new WheelEvent('wheel', { deltaY: -200 }))
        ${VIEW}.scrollTop -= 200
      }`),
    )
    const distance = `${VIEW}.scrollHeight - ${VIEW}.clientHeight - ${VIEW}.scrollTop`
    for (let frame = 1; frame <= 4; frame++) {
      await page.waitFor(`${distance} < 1`)
      await page.value(`globalThis.left = ${frame}`)
      await builder.posts('general', `comes while one scrolls ${frame}`)
      await page.waitFor('globalThis.left === 0')
      await page.find('listitem', new RegExp(`comes while one scrolls ${frame}$`))
      expect(await page.value<number>(distance)).toBeGreaterThan(100)
      await page.click('button', /new|Newest/)
    }
  })
})
