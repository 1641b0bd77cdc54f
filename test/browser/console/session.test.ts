// The end of a session: signing out, being signed out, a build that went, a page that fails.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { PASSWORD, type Person } from '../../support/world'
import { browser, ConsoleLab, expectedError } from './support'

setDefaultTimeout(120_000)

const allowed = [expectedError(401)]

describe.skipIf(browser === undefined)('a session', () => {
  let lab: ConsoleLab
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const person = (handle: string): Promise<Person> =>
    lab.world.human(handle, { channels: { general: 'member' } })

  test('a session that was ended elsewhere asks for the password, and goes on at the same place', async () => {
    const ada = await person('ada')
    await using page = await lab.sit(ada, '/channels/general')
    await page.find('link', 'general')
    const { body } = await ada.get<{ sessions: { id: string }[] }>('/v1/auth/sessions')
    await lab.world.operator.patch(`/v1/admin/accounts/${ada.id}`, { password: PASSWORD })
    expect(body.sessions).toHaveLength(1)
    await page.shows('You were signed out.')
    expect(await page.path()).toBe('/channels/general')
    await page.fill('textbox', 'Handle', 'ada')
    await page.fill('textbox', 'Password', PASSWORD)
    await page.click('button', 'Sign in')
    await page.find('link', 'general')
    expect(await page.path()).toBe('/channels/general')
    await page.isClean({ allowed: [...allowed, /WebSocket/] })
  })

  test('code that is gone after an upgrade is fetched by loading the page anew, once', async () => {
    const chief = await lab.world.human('chief', { isAdmin: true, channels: { general: 'member' } })
    await using page = await lab.sit(chief, '/?start')
    await page.find('button', 'Show the code')
    await page.value('window.isOld = true')
    // Further files fail, as those of another build do.
    await page.page.cdp('Network.setBlockedURLs', { urls: ['*/console/index-*.js'] })
    await page.click('button', 'Show the code')
    await page.waitFor('window.isOld !== true')
    await page.shows('The server has a new version')
    await page.click('button', 'Show the code')
    await page.shows('This page failed')
    await page.page.cdp('Network.setBlockedURLs', { urls: [] })
  })

  test('a page that fails says why, the rest goes on, and Retry begins it again', async () => {
    const cy = await person('cy')
    await cy.posts('general', 'something to show')
    await using page = await lab.sit(cy, '/inbox')
    await page.find('link', 'general')
    await page.value(`(() => {
      window.kept = Date.prototype.toISOString
      Date.prototype.toISOString = () => { throw new Error('a broken clock') }
    })()`)
    await page.click('link', 'general')
    await page.shows('a broken clock')
    await page.click('link', 'Inbox')
    await page.waitFor("location.pathname === '/inbox'")
    await page.click('link', 'general')
    await page.shows('a broken clock')
    await page.value('Date.prototype.toISOString = window.kept')
    await page.click('button', 'Retry')
    await page.shows('something to show')
    await page.isClean()
  })

  test('a person chooses the look, lets a device in, and signs out, which leaves nothing in the browser', async () => {
    const di = await person('di')
    await using page = await lab.sit(di, '/me/look')
    await page.click('radio', 'Dark')
    await page.waitFor("getComputedStyle(document.body).backgroundColor === 'rgb(18, 18, 24)'")
    await page.goes('/me/look')
    await page.waitFor("document.documentElement.dataset.theme === 'dark'")
    await page.find('radio', 'Dark')
    await page.isClean()
    await page.goes('/me/devices')
    await page.click('button', 'Let a device in')
    await page.click('button', 'Make a code')
    await page.find('image', 'Scan it with the camera of the device')
    await page.isClean()
    await page.press('Escape')
    await page.goes('/channels/general')
    await page.fill('textbox', 'Message #general', 'half a thought')
    await page.goes('/me')
    await page.click('button', 'Sign out')
    await page.shows('There is text here that was not sent.')
    await page.click('button', 'Sign out and discard')
    await page.find('button', 'Sign in')
    expect(await page.value('localStorage.length')).toBe(0)
    expect((await di.get('/v1/auth/me')).status).toBe(401)
    await page.isClean({ allowed: [...allowed, /WebSocket/] })
  })
})
