/** The steps of a working day, one by one, as Ada sees them: question, claim, thread, approval, decision, answer, acknowledgement. */
import { toMicros } from '../../src/core/kernel/time'
import type { ConsolePage } from '../../test/browser/console/support'
import { MINUTE } from '../../test/support/fake-clock'
import type { Person, World } from '../../test/support/world'

/** 13:02 in London on a Tuesday. */
const STARTS_AT = Date.UTC(2026, 5, 9, 12, 2, 20)

export const DAY_STEPS = [
  'day-1-question',
  'day-2-claim',
  'day-3-thread',
  'day-4-approval',
  'day-5-decision',
  'day-6-answer',
  'day-7-done',
] as const

type Step = (typeof DAY_STEPS)[number]

/** Goes through the day on an empty server, and shows each step: a page of Ada, and what it has to show. */
export async function stepThroughDay(
  world: World,
  show: (
    step: Step,
    who: Person,
    path: string,
    until: (page: ConsolePage) => Promise<unknown>,
  ) => Promise<void>,
): Promise<void> {
  world.clock.set(toMicros(STARTS_AT * 1000))
  const after = (minutes: number) => world.clock.advance(minutes * MINUTE)
  await world.channel('release-42')
  const channels = { 'release-42': 'member' } as const
  const ada = await world.human('ada', { channels, displayName: 'Ada' })
  const bo = await world.human('bo', { channels, displayName: 'Bo' })
  const builder = await world.agent('builder', { channels })
  const scout = await world.agent('scout', { channels })
  const path = '/channels/release-42'
  const first = await bo.posts('release-42', 'Morning. We ship 4.2 on Friday; only fixes from now on.')
  await ada.put('/v1/channels/release-42/read', { cursor: first.cursor })
  after(3)

  const question = await ada.posts('release-42', '@builder why does the socket close after 30 s?')
  await show('day-1-question', ada, path, (page) => page.shows('waiting for builder'))

  await builder.get('/v1/inbox')
  after(1)
  const resource = 'file:src/live/ws.ts'
  await builder.put('/v1/presence', { state: 'working', note: 'reading the proxy’s log', ttl_s: 900 })
  await builder.post('/v1/claims', { resource, channel: 'release-42', ttl_s: 900 })
  await show('day-2-claim', ada, path, (page) => page.shows('seen by builder'))

  after(4)
  await builder.posts('release-42', 'I look at the proxy first.', { reply_to: question.id })
  after(2)
  await scout.posts('release-42', 'The proxy closes at 30 s. Pings start only after the first message.', {
    reply_to: question.id,
  })
  await show('day-3-thread', ada, `/threads/${question.id}`, (page) => page.shows('Pings start only'))
  await ada.post('/v1/inbox/ack', { cursor: 'now' })

  after(3)
  const asked = await builder.post<{ approval: { id: string } }>('/v1/approvals', {
    channel: 'release-42',
    question: 'May I deploy ws-ping to staging?',
    options: ['Deploy', 'Not now'],
    ttl_s: 3600,
  })
  await show('day-4-approval', ada, path, (page) => page.find('button', 'Deploy'))

  after(1)
  await bo.post(`/v1/approvals/${asked.body.approval.id}/decide`, {
    option: 'Deploy',
    note: 'nobody is on it',
  })
  await show('day-5-decision', ada, path, (page) => page.shows('Deploy, by Bo'))

  after(2)
  const { body: claims } = await builder.get<{ claims: { id: string; epoch: number }[] }>('/v1/claims')
  for (const { id, epoch } of claims.claims)
    await builder.post(`/v1/claims/${id}/release`, { epoch, outcome: 'done' })
  await builder.posts('release-42', '@ada it is deployed, and sockets stay open for an hour now.')
  await show('day-6-answer', ada, '/inbox', (page) => page.shows('it is deployed'))

  await show('day-7-done', ada, '/inbox', async (page) => {
    await page.click('button', 'Done')
    await page.shows('Nothing waits for you')
  })
}
