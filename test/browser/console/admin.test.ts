// The administration in the browser: every page, on a desktop and on a phone, a new agent, and a setting.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Person } from '../../support/world'
import { browser, ConsoleLab, desktop, expectedError, phone, tablet } from './support'

setDefaultTimeout(120_000)

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
/** What the browser says of a dialog that takes the focus itself. */
const autofocus = /Autofocus processing was blocked/

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
      for (const window of [desktop, tablet, dark]) {
        await using page = await lab.sit(ada, `/admin${section}`, window)
        await page.find('region', 'In a terminal')
        expect(await page.value<number>('document.documentElement.scrollWidth')).toBe(window.width)
        await page.isClean()
      }
    })

  test('an agent is made with a token that works, and its token is revoked', async () => {
    await using page = await lab.sit(ada, '/admin/accounts')
    await page.click('button', 'Agent')
    await page.fill('textbox', 'Handle', 'scout')
    await page.click('checkbox', '#general')
    await page.click('button', 'Create')
    const shown = await (await page.find('region', 'Token')).text()
    const token = /syn_\S+/.exec(shown)?.[0] ?? ''
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ channel: 'general', body: 'I am here.' })
    const post = () => fetch(`${lab.world.url}/v1/messages`, { method: 'POST', headers, body })
    expect((await post()).status).toBe(201)
    // Nothing was copied, so it asks before it closes.
    await page.click('button', 'Done')
    await page.shows('it cannot be shown again')
    await page.isClean({ allowed: [autofocus] })
    await page.click('button', 'Close all the same')
    await page.find('link', /scout/)

    await page.goes('/admin/accounts/scout')
    await page.click('button', /^Revoke /)
    await page.shows('This cannot be undone.')
    await page.isClean({ allowed: [autofocus] })
    await page.click('button', 'Revoke')
    await page.shows('that were revoked')
    expect((await post()).status).toBe(401)
  })

  test('the account of the server itself is not among those that are administered', async () => {
    // The server remarks on a decision, in its own name.
    const asks = await lab.world.agent('asks', { channels: { general: 'member' } })
    const question = { channel: 'general', question: 'Ship it?', options: ['Yes', 'No'] }
    const { body } = await asks.post<{ approval: { id: string } }>('/v1/approvals', question)
    expect((await ada.post(`/v1/approvals/${body.approval.id}/decide`, { option: 'Yes' })).status).toBe(200)
    const all = await ada.get<{ handle: string }[]>('/v1/admin/accounts')
    expect(all.body.map(({ handle }) => handle)).toContain('system')
    await using page = await lab.sit(ada, '/admin/accounts')
    await page.find('link', /asks/)
    expect(await page.all('link', /system/)).toEqual([])
  })

  test('a setting is refused in the words of the server, set, and unset', async () => {
    await using page = await lab.sit(ada, '/admin/settings/auth.session_days')
    await page.fill('textbox', 'New value', '-1')
    await page.click('button', 'Set')
    await page.find('alert', /(?:)/)
    await page.waitFor("document.querySelector('#setting-problem')?.textContent.length > 10")
    const value = async () => {
      const { body } = await ada.get<{ settings: { key: string; value: number }[] }>('/v1/config')
      return body.settings.find(({ key }) => key === 'auth.session_days')?.value
    }
    expect(await value()).toBe(14)
    await page.fill('textbox', 'New value', '30')
    await page.click('button', 'Set')
    await page.shows('auth.session_days is 30')
    expect(await value()).toBe(30)
    await page.isClean({ allowed: [expectedError(400)] })
    await page.click('button', 'Unset…')
    await page.click('button', 'Unset')
    await page.gone('button', 'Unset…')
    expect(await value()).toBe(14)
  })
})
