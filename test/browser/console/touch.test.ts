// What fingers do with a message: they open its acts, and select a part of its text.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { browser, ConsoleLab, type ConsolePage, phone } from './support'

setDefaultTimeout(120_000)

/** A finger rests on the middle of the element that has this text, and is lifted when the acts can open. */
async function rest(page: ConsolePage, selector: string) {
  const place = await page.waitFor<{ x: number; y: number }>(`(() => {
    const { left, top, height } = document.querySelector('${selector}')?.getBoundingClientRect() ?? {}
    return left === undefined ? undefined : { x: left + 20, y: top + height / 2 }
  })()`)
  await page.page.cdp('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [place] })
  await page.waitFor('globalThis.restsSince ??= performance.now(), performance.now() - restsSince > 700')
  await page.page.cdp('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  await page.value('delete globalThis.restsSince')
}

test.skipIf(browser === undefined)(
  'a finger that rests opens the acts; Select text selects it, until it is left',
  async () => {
    await using lab = await ConsoleLab.open()
    await lab.world.channel('general')
    const ada = await lab.world.human('ada', { channels: { general: 'member' } })
    const bo = await lab.world.human('bo', { channels: { general: 'member' }, displayName: 'Bo' })
    await bo.posts('general', 'The code is 4711, keep it.')
    await using page = await lab.sit(ada, '/channels/general', phone)
    await page.shows('4711')
    const row = "document.querySelector('[data-message]')"
    expect(await page.value(`getComputedStyle(${row}).userSelect`)).toBe('none')
    await rest(page, '[data-message] .prose')
    await page.click('menuitem', 'Select text')
    await page.waitFor("getSelection().toString().includes('The code is 4711')")
    expect(await page.value(`getComputedStyle(${row}).userSelect`)).toBe('text')
    await page.value('getSelection().removeAllRanges()')
    await page.waitFor(`getComputedStyle(${row}).userSelect === 'none'`)

    // The name takes a finger, and the time stands close to it.
    const gap = await page.value<number>(`(() => {
      const range = document.createRange()
      range.selectNodeContents(document.querySelector('.row-head .name'))
      return document.querySelector('.row-head time').getBoundingClientRect().left - range.getBoundingClientRect().right
    })()`)
    expect(gap).toBeLessThan(20)
    expect(await page.small(44)).toEqual([])
    await page.isClean()
  },
)
