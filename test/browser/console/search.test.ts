// Finding messages: filters that complete themselves, results by keys, and the way back.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type AtWork, atWork } from './at-work'
import { browser, ConsoleLab, desktop, phone } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined)('search', () => {
  let lab: ConsoleLab
  let team: AtWork
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    team = await atWork(lab)
    for (let count = 1; count <= 30; count++)
      await team.scout.posts('general', `👩‍🚀 note ${count} of the herons in the reeds`)
    for (let found = 0; found < 30; ) {
      const { body } = await team.ada.get<{ results: unknown[] }>('/v1/search?q=herons&limit=100')
      found = body.results.length
    }
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  test.each(['light', 'dark'] as const)('what was found is marked, and fits a phone: %s', async (scheme) => {
    for (const window of [phone, desktop]) {
      await using page = await lab.sit(team.bo, '/search?q=herons', { ...window, scheme })
      await page.shows('the first 20 results')
      // Characters of several code units stand before it.
      expect(await page.value("document.querySelector('mark').textContent")).toBe('herons')
      expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
      await page.isClean()
    }
  })

  test('filters complete themselves by keys, and narrow what is found', async () => {
    await using page = await lab.sit(team.ada, '/search')
    await (await page.find('combobox', 'Search')).focus()
    await page.type('fr')
    await page.find('option', /^from:/)
    await page.press('ArrowDown')
    await page.press('Enter')
    await page.find('option', /^scout/)
    await page.type('bu')
    await page.gone('option', /^scout/)
    await page.press('ArrowDown')
    await page.press('Enter')
    await page.type('proxy')
    expect(await page.value("document.querySelector('input').value")).toBe('from:builder proxy')
    await page.press('Enter')
    await page.shows('1 result')
    await page.find('link', /builder.*The proxy closes/)
    expect(await page.path()).toBe('/search?q=from%3Abuilder+proxy')
    await page.isClean()
  })

  test('a filter that means nothing says so', async () => {
    await using page = await lab.sit(team.ada, '/search?q=pings+in%3Anowhere')
    await page.shows('in:nowhere: no conversation has this name.')
    await page.isClean()
  })

  test('Enter opens a result in its conversation, and back returns to the row', async () => {
    await using page = await lab.sit(team.ada, '/search?q=herons')
    await page.click('button', 'Show more')
    await page.shows('30 results')
    await (await page.find('link', /note 30 of/)).focus()
    await page.press('End')
    const row = await page.value<string>('document.activeElement.dataset.row')
    const scroll = await page.value<number>("document.querySelector('main').scrollTop")
    expect(scroll).toBeGreaterThan(0)
    await page.press('Enter')
    await page.waitFor("location.pathname === '/channels/general'")
    expect(await page.path()).toContain(row)
    await page.value('history.back()')
    await page.waitFor(`document.activeElement.dataset.row === '${row}'`)
    expect(await page.value<number>("document.querySelector('main').scrollTop")).toBe(scroll)
    expect(await page.all('link', /note \d+ of/)).toHaveLength(30)
  })
})
