// Oneself: what a person can say about themselves, and what acts for them.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Person } from '../../support/person'
import { browser, ConsoleLab, desktop, expectedError, phone, tablet } from './support'

setDefaultTimeout(120_000)

/** What the browser says of a dialog that takes the focus itself. */
const autofocus = /Autofocus processing was blocked/

const sections = ['', '/look', '/alerts', '/keys', '/devices', '/tokens', '/webhooks']

describe.skipIf(browser === undefined)('oneself', () => {
  let lab: ConsoleLab
  beforeAll(async () => {
    lab = await ConsoleLab.open()
    await lab.world.channel('general')
    await lab.world.channel('research')
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  const person = (handle: string): Promise<Person> =>
    lab.world.human(handle, { channels: { general: 'member', research: 'member' } })

  test.each(['light', 'dark'] as const)('each section is clean at every width: %s', async (scheme) => {
    const ada = await person(`ada-${scheme}`)
    await ada.post('/v1/me/tokens', { name: 'deploy', scopes: ['channel:*:read'] })
    await ada.post('/v1/me/webhooks', { name: 'pager', url: 'https://example.com/hook', on: 'inbox' })
    for (const window of [phone, tablet, desktop]) {
      await using page = await lab.sit(ada, '/me', { ...window, scheme })
      for (const section of sections) {
        await page.goes(`/me${section}`)
        await page.find('navigation', 'About you')
        await page.waitFor("!document.querySelector('.me-page [aria-busy]')")
        expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
        if (window === phone) {
          expect(await page.small(24)).toEqual([])
          expect(
            await page.value(
              "document.querySelector('.me [aria-current=true]').getBoundingClientRect().right - innerWidth",
            ),
          ).toBeLessThan(1)
        }
        await page.isClean()
      }
    }
  })

  test('the name is changed for others too', async () => {
    const bo = await person('bo')
    await using page = await lab.sit(bo, '/me')
    await page.fill('textbox', 'Name', 'Bo of the night')
    await page.fill('textbox', 'About you', 'Deploys, at night')
    await page.click('button', 'Save')
    await page.shows('Saved.')
    const { body } = await bo.get<{ display_name: string; about: string }>('/v1/accounts/bo')
    expect(body).toMatchObject({ display_name: 'Bo of the night', about: 'Deploys, at night' })
    await page.isClean()
  })

  test('a refused password says why, and keeps what was typed', async () => {
    const cy = await person('cy')
    await using page = await lab.sit(cy, '/me')
    await page.fill('textbox', 'Current password', 'not the password')
    await page.fill('textbox', 'New password', 'another long password 42')
    await page.click('button', 'Change the password')
    await page.find('alert', /(?:)/)
    expect(await page.value("document.querySelector('[name=new]').value")).toBe('another long password 42')
    await page.isClean({ allowed: [expectedError(400), expectedError(401), expectedError(403)] })
  })

  test('a channel is made silent', async () => {
    const di = await person('di')
    await using page = await lab.sit(di, '/me/alerts')
    const select = await page.find('combobox', 'Notifications of #research')
    await select.call(
      "function () { this.value = 'none'; this.dispatchEvent(new Event('change', { bubbles: true })) }",
    )
    await page.waitFor(`fetch('/v1/channels').then((answer) => answer.json()).then(({ channels }) =>
      channels.some(({ slug, notify }) => slug === 'research' && notify === 'none'))`)
    await page.isClean()
  })

  test('a token is made, shown once, and revoked after one question', async () => {
    const em = await person('em')
    const works = async () => {
      const { body } = await em.get<{ tokens: { name: string; revoked_at: string | null }[] }>(
        '/v1/me/tokens',
      )
      return body.tokens.filter(({ revoked_at }) => revoked_at === null).map(({ name }) => name)
    }
    await using page = await lab.sit(em, '/me/tokens')
    await page.shows('You have no token.')
    await page.fill('textbox', 'Name', 'deploy')
    await page.click('button', 'Make')
    await page.find('heading', 'Your new token')
    await page.isClean()
    const secret = await page.value<string>("document.querySelector('.secret pre').textContent")
    const answer = await fetch(`${lab.world.url}/v1/auth/me`, {
      headers: { authorization: `Bearer ${secret}` },
    })
    expect(answer.status).toBe(200)
    await page.click('button', 'Done')
    await page.shows('it cannot be shown again')
    await page.click('button', 'Close all the same')
    expect(await works()).toEqual(['deploy'])
    await page.click('button', 'Rotate deploy')
    await page.click('button', 'Rotate')
    await page.click('button', 'Done')
    await page.shows('it cannot be shown again')
    await page.click('button', 'Close all the same')
    expect(await works()).toEqual(['deploy'])
    await page.click('button', 'Revoke deploy')
    await page.find('heading', 'Revoke deploy?')
    await page.click('button', 'Revoke')
    await page.shows('You have no token.')
    expect(await works()).toEqual([])
    expect(await page.value<string>('document.body.innerText')).not.toContain(secret)
  })

  test('a device gets a code, and loses it again', async () => {
    const flo = await person('flo')
    await using page = await lab.sit(flo, '/me/devices')
    await page.shows('this browser')
    await page.click('button', 'Let a device in')
    await page.fill('textbox', 'Name of the device', 'viewer-hall')
    await page.click('button', 'Make a code')
    await page.find('image', 'Scan it with the camera of the device')
    await page.press('Escape')
    await page.click('button', 'Revoke viewer-hall')
    await page.click('button', 'Revoke')
    await page.shows('No device was let in by a code.')
    await page.isClean()
  })

  test('a webhook is made, changed, tested, and shows what it was sent', async () => {
    const gil = await person('gil')
    const stored = async () => {
      const { body } = await gil.get<{ webhooks: Record<string, unknown>[] }>('/v1/me/webhooks')
      return body.webhooks.find(({ name }) => name === 'pager')
    }
    await using page = await lab.sit(gil, '/me/webhooks')
    await page.click('button', 'New webhook')
    await page.fill('textbox', 'Name', 'pager')
    await page.fill('textbox', 'Address', 'https://example.com/hook')
    await page.fill('textbox', 'Channels', '#research')
    await page.isClean({ allowed: [autofocus] })
    await page.click('button', 'Make')
    await page.click('button', 'Done')
    await page.shows('it cannot be shown again')
    await page.click('button', 'Close all the same')
    expect(await stored()).toMatchObject({ mode: 'message', channels: ['research'] })

    const act = async (name: string) => {
      await page.click('button', 'Acts for pager')
      await page.click('menuitem', name)
    }
    await act('Edit')
    await page.click('checkbox', 'a reply')
    const requests = await page.find('combobox', 'Requests')
    await requests.call(
      "function () { this.value = 'inbox'; this.dispatchEvent(new Event('change', { bubbles: true })) }",
    )
    await page.fill('spinbutton', 'Seconds to gather items', '30')
    await page.fill('textbox', 'Channels', '')
    await page.click('button', 'Save')
    await page.gone('dialog', /./)
    expect(await stored()).toMatchObject({
      reasons: ['dm', 'mention', 'approval', 'overdue', 'thread'],
      mode: 'inbox',
      batch_s: 30,
      channels: null,
    })

    await act('Send a test')
    // By key: the row grows when the test has failed, which moves the button.
    const deliveries = await page.find('button', 'Deliveries of pager')
    await deliveries.focus()
    await page.press('Enter')
    await page.waitFor("document.querySelector('dialog tbody')?.innerText.includes('webhook.test')")
    await page.isClean({ allowed: [autofocus] })
    await page.press('Escape')
    await act('Delete')
    await page.click('button', 'Delete')
    await page.shows('The server calls no address for you.')
  })

  test('a webhook for events has the types that are wanted', async () => {
    const hal = await person('hal')
    await using page = await lab.sit(hal, '/me/webhooks')
    await page.click('button', 'New webhook')
    const kind = await page.find('combobox', 'What it is called for')
    await kind.call(
      "function () { this.value = 'events'; this.dispatchEvent(new Event('change', { bubbles: true })) }",
    )
    await page.fill('textbox', 'Name', 'log')
    await page.fill('textbox', 'Address', 'https://example.com/log')
    await page.fill('textbox', 'Types of events', 'message.created claim.*')
    await page.click('button', 'Make')
    await page.find('region', 'Secret')
    const { body } = await hal.get<{ webhooks: Record<string, unknown>[] }>('/v1/me/webhooks')
    expect(body.webhooks.find(({ name }) => name === 'log')).toMatchObject({
      on: 'events',
      types: ['message.created', 'claim.*'],
      channels: null,
    })
  })
})
