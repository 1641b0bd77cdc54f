// Signing in and out, and what a new server shows.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { PASSWORD, type Person } from '../../support/world'
import { browser, ConsoleLab, desktop, expectedError, phone } from './support'

setDefaultTimeout(120_000)

/** Who is not signed in finds that out by an answer that the browser notes. */
const allowed = [expectedError(401)]

describe.skipIf(browser === undefined)('signing in', () => {
  let lab: ConsoleLab
  let ada: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    ada = await lab.world.human('ada', { channels: { general: 'member' }, displayName: 'Ada' })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  test('a person signs in by keys alone, and is where the address led', async () => {
    await using page = await lab.visit('somebody', '/inbox')
    await page.find('heading', 'Kestrel lab')
    await (await page.find('textbox', 'Handle')).focus()
    await page.type('ada')
    await page.press('Tab')
    await page.type('wrong')
    await page.press('Enter')
    await page.shows('Handle or password is wrong.')
    await page.fill('textbox', 'Password', PASSWORD)
    await page.press('Enter')
    await page.find('navigation', 'Conversations')
    expect(await page.path()).toBe('/inbox')
    await page.isClean({ allowed })
  })

  test('a person who is signed in goes on where the address leads', async () => {
    await using page = await lab.sit(ada, '/login')
    await page.find('navigation', 'Conversations')
    await page.waitFor("location.pathname === '/' || location.pathname.startsWith('/channels/')")
    await page.isClean()
  })

  test.each(['light', 'dark'] as const)('the sign-in is accessible and fits a phone: %s', async (scheme) => {
    for (const window of [phone, desktop]) {
      await using page = await lab.visit(`look-${scheme}`, '/', { ...window, scheme })
      await page.find('button', 'Sign in')
      expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
      await page.isClean({ allowed })
    }
  })
})

describe.skipIf(browser === undefined)('a new server', () => {
  test('says how to get the first person, and goes on by itself', async () => {
    await using lab = await ConsoleLab.open()
    await using page = await lab.visit('first')
    await page.shows('Nobody can sign in yet.')
    await page.shows('synapse quickstart')
    await page.isClean({ allowed })
    await lab.world.human('ada')
    await page.find('button', 'Sign in')
  })
})
