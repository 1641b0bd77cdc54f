// The administration in the browser: every page, on a desktop and on a phone, and what an operator does on a usual day.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Person } from '../../support/world'
import { browser, ConsoleLab, desktop, phone } from './support'

setDefaultTimeout(90_000)

const sections = [
  '',
  '/accounts',
  '/channels',
  '/tokens',
  '/devices',
  '/webhooks',
  '/settings',
  '/audit',
  '/configsync',
]
const dark = { ...phone, scheme: 'dark' } as const

describe.skipIf(browser === undefined)('administration', () => {
  let lab: ConsoleLab
  let ada: Person

  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    ada = await lab.world.human('ada', { isAdmin: true, channels: { general: 'admin' } })
    await lab.world.agent('builder', { channels: { general: 'member' } })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  for (const section of sections)
    test(`/admin${section} shows what the server has, and the command that does the same`, async () => {
      for (const window of [desktop, dark]) {
        await using page = await lab.sit(ada, `/admin${section}`, window)
        await page.find('region', 'In a terminal')
        expect(await page.value<number>('document.documentElement.scrollWidth')).toBe(window.width)
        await page.isClean()
      }
    })
})
