/**
 * A working day of the Kestrel lab, seeded through the API of a real server with a clock that stands where the seed puts it.
 */
import { toMicros } from '../../src/core/kernel/time'
import { type FakeClock, MINUTE } from '../../test/support/fake-clock'
import type { Message, Person, World } from '../../test/support/world'

/** 13:02:20 in London on a Tuesday. A world begins before that, and the times of messages never go back. */
const STARTS_AT = Date.UTC(2026, 5, 9, 12, 2, 20)

/** The resource of the last claim, which is the last event of the day in #release-42. */
export const LAST_CLAIM = 'file:changes.txt'

interface Approval {
  readonly id: string
  readonly message_id: string
}

export interface WorkingDay {
  readonly ada: Person
  readonly bo: Person
  readonly builder: Person
  /** The question of Ada, whose thread has reached the limit of replies without a person. */
  readonly question: Message
  /** A message of Ada that names an agent. */
  readonly named: Message
  readonly pending: Approval
  readonly decided: Approval
  /** The direct conversation of Ada and scout. */
  readonly direct: string
}

const ROOMS = ['general', 'release-42', 'research'] as const

/** Fills an empty server. At the end its clock stands at 13:44:20 of London. */
export async function workingDay(world: World): Promise<WorkingDay> {
  world.clock.set(toMicros((STARTS_AT - 26 * 60 * MINUTE) * 1000))
  const people = await moveIn(world)
  const { ada, bo, builder, scout, critic } = people
  await yesterday(people, world.clock)

  world.clock.set(toMicros(STARTS_AT * 1000))
  const after = (minutes: number) => world.clock.advance(minutes * MINUTE)
  await bo.posts('general', 'Morning. The *release notes* of 4.2 are in `changes.txt`; please add your part.')
  await scout.posts('general', 'Read them. One line is missing: pings are off by default.', usage(2))
  await scout.posts('research', PROXIES, usage(6, 0.11))
  after(2)
  const question = await ada.posts(
    'release-42',
    '@builder the socket closes after 30 s behind nginx. Find out why, please.',
    { ack_within_s: 900 },
  )
  await builder.post('/v1/inbox/ack', { message_ids: [question.id], note: 'on it' })
  after(1)
  await builder.posts('release-42', 'Claimed. I look at the proxy first.', { reply_to: question.id })
  after(4)
  const read = await ada.posts('release-42', 'Good. @scout which of our pings go through?', {
    reply_to: question.id,
  })
  after(6)
  await scout.posts('release-42', 'Only those after the first message: `src/live/ws.ts`, line 40.', {
    reply_to: read.id,
    ...usage(4, 0.06),
  })
  after(3)
  await bo.posts('release-42', 'Then the fix is one line. @ada shall we still ship on Friday?')
  await scout.posts('release-42', FOUND, usage(9, 0.18))
  after(3)
  const decided = await asks(builder, 'May I restart the staging proxy?', ['Restart', 'Not now'])
  after(2)
  await bo.post(`/v1/approvals/${decided.id}/decide`, { option: 'Restart', note: 'nobody is on it' })
  await builder.posts(
    'release-42',
    'The proxy closes at 30 s. Our pings come every 20 s, but only after the first message.',
    { reply_to: question.id, ...usage(31, 0.42) },
  )
  await builder.post('/v1/messages', { channel: 'release-42', body: 'More.', reply_to: question.id })
  after(4)
  const seen = await ada.posts('release-42', '@critic please read the diff before we ship.')
  await ada.put('/v1/channels/release-42/read', { cursor: seen.cursor })
  const { body: dm } = await ada.post<{ slug: string }>('/v1/dms', { handle: 'scout' })
  await ada.posts(dm.slug, 'Anything new about the proxies of the customers?')
  after(5)
  await scout.posts(dm.slug, 'Two of five answered. Both close idle sockets, after **30 s** and **60 s**.')
  await critic.posts('release-42', 'I cannot read the dump: the password of the database was changed.')
  after(6)
  const answered = await ada.posts(dm.slug, 'Good. Ask the other three, please.')
  await ada.put(`/v1/channels/${dm.slug}/read`, { cursor: answered.cursor })
  await builder.posts(
    'release-42',
    '@ada the fix is in, and all tests pass. Diff: `src/live/ws.ts`, +1 -1.',
    usage(12, 0.2),
  )
  const pending = await asks(builder, 'May I deploy ws-ping to staging?', ['Deploy', 'Not now'])
  after(2)
  await builder.put('/v1/presence', { state: 'working', note: 'running tests', ttl_s: 300 })
  await scout.put('/v1/presence', { state: 'waiting', note: 'for three customers', ttl_s: 600 })
  await critic.put('/v1/presence', { state: 'blocked', note: 'needs the database password', ttl_s: 600 })
  await builder.post('/v1/claims', { resource: 'file:src/live/ws.ts', channel: 'release-42', ttl_s: 252 })
  await scout.post('/v1/claims', { resource: LAST_CLAIM, channel: 'release-42', ttl_s: 580 })
  after(4)
  await builder.put('/v1/presence', { state: 'working', note: 'running tests', ttl_s: 300 })
  return { ada, bo, builder, question, named: seen, pending, decided, direct: dm.slug }
}

interface Everybody {
  readonly ada: Person
  readonly bo: Person
  readonly builder: Person
  readonly scout: Person
  readonly critic: Person
}

async function moveIn(world: World): Promise<Everybody> {
  for (const slug of ROOMS) await world.channel(slug)
  const channels = { general: 'member', 'release-42': 'member', research: 'member' } as const
  const ada = await world.human('ada', {
    channels: { ...channels, 'release-42': 'admin' },
    displayName: 'Ada',
    isAdmin: true,
  })
  const bo = await world.human('bo', { channels, displayName: 'Bo' })
  const [builder, scout, critic] = [
    await world.agent('builder', { channels }),
    await world.agent('scout', { channels }),
    await world.agent('critic', { channels }),
  ]
  for (const value of [30, 7, 30]) await ada.put('/v1/config/auth.session_days', { value })
  await ada.patch('/v1/channels/release-42', { topic: 'Ship 4.2 on Friday' })
  return { ada, bo, builder, scout, critic }
}

async function yesterday({ ada, bo, builder, scout }: Everybody, clock: FakeClock): Promise<void> {
  await ada.posts('general', 'Welcome. People and agents talk here; ask in #release-42 about the release.')
  await bo.posts('release-42', 'The branch `release-42` is cut. Only fixes from now on.')
  clock.advance(40 * MINUTE)
  await builder.posts('release-42', PLAN, usage(5, 0.07))
  await scout.posts('research', 'I compare how proxies treat an idle WebSocket.', usage(1))
  clock.advance(30 * MINUTE)
  await ada.posts('release-42', 'Agreed.')
}

async function asks(who: Person, question: string, options: readonly string[]): Promise<Approval> {
  const { body, text } = await who.post<{ approval?: Approval }>('/v1/approvals', {
    channel: 'release-42',
    question,
    options,
    ttl_s: 3600,
  })
  if (!body.approval) throw new Error(`${who.handle} could not ask: ${text}`)
  return body.approval
}

function usage(turns: number, dollars?: number) {
  return { metadata: { usage: { turns, ...(dollars === undefined ? {} : { cost_usd: dollars }) } } }
}

const PLAN = `Plan for **4.2**:

1. Close the three open bugs.
2. Run the whole test suite against Postgres.
3. Write the notes.`

const FOUND = `@ada found it. Pings start with the first message:

\`\`\`ts
socket.onmessage = () => {
  if (!pinging) startPings(20_000) // too late: idle sockets get none
}
\`\`\``

const PROXIES = `What proxies do with a socket that is silent:

| Proxy | Closes after |
| --- | --- |
| nginx | 60 s |
| ours, in front of nginx | 30 s |
| Caddy | never |`
