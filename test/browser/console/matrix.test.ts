// What the console shows of the homeserver.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { signIn, V3 } from '../../matrix/homeserver'
import type { Person } from '../../support/world'
import { browser, ConsoleLab, desktop, phone } from './support'

setDefaultTimeout(120_000)

/** Nobody is notified there. */
const PUSH = 'http://127.0.0.1:9/_matrix/push/v1/notify'

describe.skipIf(browser === undefined)('the console beside a homeserver', () => {
  let lab: ConsoleLab
  let ada: Person
  beforeAll(async () => {
    lab = await ConsoleLab.open({
      SYNAPSE_MATRIX_SERVER_NAME: 'example.org',
      SYNAPSE_MATRIX_PUSH_TARGETS: '127.0.0.1',
    })
    await lab.world.channel('general')
    ada = await lab.world.human('ada', { channels: { general: 'member' }, displayName: 'Ada' })
  })
  afterAll(() => lab[Symbol.asyncDispose]())

  for (const [size, device] of Object.entries({ desktop, phone }))
    test(`the details of a channel say what its address on Matrix is (${size})`, async () => {
      await using page = await lab.sit(ada, '/channels/general', device)
      await page.click('button', 'Details')
      await page.shows('#general:example.org')
      await page.find('button', 'Copy the address on Matrix')
      await page.isClean()
    })

  for (const [size, device] of Object.entries({ desktop, phone }))
    test(`an administrator sees the devices of an account, and signs one out (${size})`, async () => {
      const boss = await lab.world.human(`boss-${size}`, { isAdmin: true })
      const device_id = `TABLET${size.toUpperCase()}`
      const tablet = await signIn(lab.world, ada, {
        device_id,
        initial_device_display_name: `Tablet ${size}`,
      })
      const { status, text } = await tablet.post(`${V3}/pushers/set`, {
        kind: 'http',
        app_id: 'org.example.chat',
        pushkey: size,
        app_display_name: 'Chat',
        device_display_name: `Push of ${size}`,
        lang: 'en',
        data: { url: PUSH },
      })
      expect(status, text).toBe(200)
      await using page = await lab.sit(boss, '/admin/accounts/ada', device)
      await page.shows('@ada:example.org')
      await page.shows(device_id)
      await page.shows(`Push of ${size}`)
      await page.click('button', `Sign Tablet ${size} out`)
      await page.click('button', 'Sign out')
      await page.shows('It is signed in on no device.')
      await page.isClean()
    })

  test('a channel has its address only for who asks for it', async () => {
    const { body: plain } = await ada.get<object>('/v1/channels/general')
    expect(plain).not.toHaveProperty('matrix')
    const { body } = await ada.get<{ matrix: object }>('/v1/channels/general?include=matrix')
    expect(body.matrix).toEqual({
      room_id: expect.stringMatching(/^![0-9a-f]{32}:example\.org$/),
      alias: '#general:example.org',
    })
  })
})
