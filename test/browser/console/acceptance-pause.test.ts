// Pausing and going on, from the console to the agents (console.md 10, 13).
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { Receiver } from '../../support/receiver'
import { type Person, READ_AND_POST } from '../../support/world'
import { browser, ConsoleLab, type ConsolePage } from './support'

setDefaultTimeout(120_000)

describe.skipIf(browser === undefined)('what a pause holds', () => {
  let lab: ConsoleLab
  let ada: Person
  let builder: Person
  const hooks = new Receiver()
  beforeAll(async () => {
    lab = await ConsoleLab.open({ SYNAPSE_CHAIN_LIMIT: '1', SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.0/8' })
    for (const slug of ['general', 'research']) await lab.world.channel(slug)
    const channels = { general: 'member', research: 'member' } as const
    ada = await lab.world.human('ada', { channels, displayName: 'Ada', isAdmin: true })
    builder = await lab.world.agent('builder', { channels, scopes: [...READ_AND_POST] })
    const set = await builder.put('/v1/me/push', { enabled: true, webhook_url: hooks.url })
    expect(set.status, set.text).toBe(200)
  })
  afterAll(async () => {
    hooks[Symbol.dispose]()
    await lab[Symbol.asyncDispose]()
  })

  const woken = (body: string) => hooks.received.filter(({ text }) => text.includes(body))

  const pauses = async (page: ConsolePage) => {
    await page.find('heading', 'Pause agents')
    await (await page.all('button', 'Pause')).at(-1)?.click()
  }

  test('what wakes a paused agent waits, and is delivered after Resume', async () => {
    await using page = await lab.sit(ada, '/channels/general')
    await page.click('button', 'Pause')
    await pauses(page)
    await page.find('group', 'Pause')
    expect((await builder.post('/v1/messages', { channel: 'general', body: 'no' })).body).toMatchObject({
      code: 'paused',
    })
    await page.fill('textbox', 'Message #general', '@builder one thing, when you are back')
    await page.press('Enter')
    await page.find('listitem', /^Ada, .*when you are back/)
    await page.shows('waiting for builder')
    // A message to the same agent elsewhere comes through, so the one here is held and not merely late.
    await ada.posts('research', '@builder this one reaches you')
    await until(() => woken('this one reaches you').length === 1)
    expect(woken('when you are back')).toEqual([])
    await page.click('button', 'Resume')
    await until(() => woken('when you are back').length === 1)
    await page.shows('builder notified')
    await page.isClean()
  })

  test('after its limit an agent goes on with Continue, once', async () => {
    const root = await ada.posts('research', '@builder why does it close?')
    const reply = () =>
      builder.post<{ code?: string }>('/v1/messages', {
        channel: 'research',
        body: 'I look into it',
        reply_to: root.id,
      })
    expect((await reply()).status).toBe(201)
    expect((await reply()).body.code).toBe('chain_limit')
    await using page = await lab.sit(ada, `/threads/${root.id}`)
    await page.find('region', 'Thread in research')
    await page.shows('builder used its 1 reply')
    await page.click('button', 'Continue')
    await page.gone('button', 'Continue')
    expect((await reply()).status).toBe(201)
    expect((await reply()).body.code).toBe('chain_limit')
    await page.find('button', 'Continue')
    await page.isClean()
  })
})

async function until(isSo: () => boolean): Promise<void> {
  for (const last = Date.now() + 15_000; !isSo(); await Bun.sleep(10))
    if (Date.now() > last) throw new Error(`never: ${isSo}`)
}
