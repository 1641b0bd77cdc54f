// Every page on a phone (console.md 10, 9): nothing scrolls sideways, and fingers hit what they press.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { type AtWork, atWork } from './at-work'
import { browser, ConsoleLab, expectedError, phone } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined).each(['localhost', 'lan.test'] as const)(
  'on a phone at %s',
  (domain) => {
    let lab: ConsoleLab
    let team: AtWork
    let direct: string
    beforeAll(async () => {
      lab = await ConsoleLab.open({}, domain)
      team = await atWork(lab)
      direct = (await team.ada.post<{ slug: string }>('/v1/dms', { handle: 'scout' })).body.slug
      await team.ada.posts(direct, 'Anything new?')
      await lab.world.indexed()
    })
    afterAll(() => lab[Symbol.asyncDispose]())

    const pages = (): Record<string, string> => ({
      '/channels/release-42': 'May I deploy ws-ping',
      [`/channels/${direct}`]: 'Anything new?',
      [`/threads/${team.question.message_id}`]: 'May I deploy ws-ping',
      '/inbox': 'shall we ship today',
      '/approvals': 'May I deploy ws-ping',
      '/activity': 'needs the database password',
      '/search?q=pings': 'off by default',
      '/me': 'Ada',
    })

    test.each([390, 320])('every page fits %i px, with targets for fingers', async (width) => {
      await using page = await lab.sit(team.ada, '/inbox', { ...phone, width })
      const wrong: Record<string, unknown> = {}
      for (const [path, words] of Object.entries(pages())) {
        await page.goes(path)
        await page.shows(words)
        const small = await page.small(44)
        const wide = await page.value<number>('document.documentElement.scrollWidth - innerWidth')
        if (small.length > 0 || wide > 0) wrong[path] = { small, wide }
      }
      expect(wrong).toEqual({})
      await page.isClean({ allowed: [expectedError(404)] })
    })

    test('the message field stays above a keyboard', async () => {
      await using page = await lab.sit(team.ada, '/channels/general', phone)
      const field = await page.find('textbox', 'Message #general')
      await field.focus()
      // A keyboard leaves the page this part of the window, as `interactive-widget=resizes-content` asks for.
      for (const height of [844, 420]) {
        await page.page.cdp('Emulation.setDeviceMetricsOverride', {
          width: 390,
          height,
          deviceScaleFactor: 1,
          mobile: true,
        })
        await page.waitFor(`visualViewport.height === ${height}`)
        await page.waitFor(
          `document.activeElement.getBoundingClientRect().bottom <= ${height} && document.activeElement.matches('textarea')`,
        )
      }
      await page.isClean()
    })
  },
)
