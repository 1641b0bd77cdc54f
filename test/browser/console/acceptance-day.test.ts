// A working day of people and agents (console.md 10, 1): question, claim, thread, approval, decision, answer, ack.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from '@synapse/client'
import type { Message } from '../../support/world'
import { browser, ConsoleLab, desktop } from './support'

setDefaultTimeout(120_000)

// Over plain http in a local network a browser withholds a part of what it can do.
const places = [
  ['light', 'localhost'],
  ['dark', 'localhost'],
  ['light', 'lan.test'],
] as const

test.skipIf(browser === undefined).each(places)('a working day: %s, %s', async (scheme, domain) => {
  await using lab = await ConsoleLab.open({}, domain)
  await lab.world.channel('release-42')
  const channels = { 'release-42': 'member' } as const
  const ada = await lab.world.human('ada', { channels, displayName: 'Ada' })
  const bo = await lab.world.human('bo', { channels, displayName: 'Bo' })
  const builder = await lab.world.agent('builder', { channels })
  const scout = await lab.world.agent('scout', { channels })
  const library = connect({ url: lab.world.url, token: scout.secret })
  await using asks = await lab.sit(ada, '/channels/release-42', { ...desktop, scheme })
  await using decides = await lab.sit(bo, '/channels/release-42', { ...desktop, scheme })

  // The question, and what became of it, in order.
  await asks.fill('textbox', 'Message #release-42', '@builder why does the socket close?')
  await asks.press('Enter')
  await asks.shows('waiting for builder')
  await decides.find('listitem', /^Ada, .*why does the socket close/)
  const inbox = await builder.get<{ items: { message: Message }[] }>('/v1/inbox')
  const question = inbox.body.items[0]?.message
  if (!question) throw new Error(`nothing reached builder: ${inbox.text}`)
  await asks.shows('seen by builder')
  const claim = await builder.post('/v1/claims', {
    resource: 'file:src/ws.ts',
    channel: 'release-42',
    ttl_s: 300,
  })
  expect(claim.status, claim.text).toBe(201)
  await asks.shows('ws.ts')

  // The thread, seen under its root by the other person.
  await builder.posts('release-42', 'I look at the proxy first', { reply_to: question.id })
  await decides.shows('I look at the proxy first')
  await asks.shows('acked by builder')
  await library.post('release-42', 'The proxy closes at 30 s', { replyTo: question.id })
  await decides.shows('2 replies')

  // The approval: both see it, one decides, both see by whom.
  const asked = await builder.post('/v1/approvals', {
    channel: 'release-42',
    question: 'May I deploy ws-ping?',
    options: ['Deploy', 'Not now'],
    ttl_s: 3600,
  })
  expect(asked.status, asked.text).toBe(201)
  await asks.find('group', 'May I deploy ws-ping?')
  await decides.find('group', 'May I deploy ws-ping?')
  // A card takes nothing in the moment after it came.
  await decides.waitFor(
    'globalThis.cameAt ??= performance.now(), performance.now() - cameAt > 600 && document.body',
  )
  await decides.click('button', 'Deploy')
  await decides.shows('Deploy, by you')
  await asks.shows('Deploy, by Bo')

  // The answer names Ada, who is done with it.
  const answer = await library.post('release-42', '@ada it is deployed')
  await asks.find('listitem', /^scout, agent, .*it is deployed/)
  await asks.goes('/inbox')
  await asks.shows('it is deployed')
  await asks.click('button', 'Done')
  const isAcked = async () =>
    (await scout.get<{ summary: { acked?: number } }>(`/v1/messages/${answer.id}/deliveries`)).body.summary
      .acked === 1
  for (const until = Date.now() + 15_000; !(await isAcked()); await Bun.sleep(10))
    if (Date.now() > until) throw new Error('the item of Ada was never acknowledged')
  for (const page of [asks, decides]) {
    expect(await page.page.contrast()).toEqual({ scheme, faint: [] })
    await page.isClean()
  }
})
