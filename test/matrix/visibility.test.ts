// Who sees which part of a room's history, in every way to read it.
import { describe, expect, test } from 'bun:test'
import { engines } from '../store/engines'
import { type HandMade, type HandMadeRoom, handMade, idOf } from './rooms-by-hand'

const SETTINGS = ['world_readable', 'shared', 'invited', 'joined', undefined] as const
const TIMES = ['before', 'invited', 'joined', 'left'] as const

/** What somebody sees who was invited, joined and left, of what was said at each of these times. */
const SEEN: Readonly<Record<string, readonly string[]>> = {
  world_readable: ['before', 'invited', 'joined', 'left'],
  shared: ['before', 'invited', 'joined'],
  invited: ['invited', 'joined'],
  joined: ['joined'],
  undefined: ['before', 'invited', 'joined'],
}

async function roomWith(s: HandMade, visibility: string | undefined) {
  const state = [
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'invite' } },
    ...(visibility === undefined
      ? []
      : [
          {
            type: 'm.room.history_visibility',
            stateKey: '',
            content: { history_visibility: visibility },
          },
        ]),
  ]
  const room = await s.room('ada', state)
  const said = new Map<string, string>()
  const says = async (body: string) => said.set(body, (await room.says('ada', body)).eventId)
  await says('before')
  await room.member('bob', 'invite', 'ada')
  await says('invited')
  await room.member('bob', 'join')
  await says('joined')
  const { next_batch: since } = await s.sync('bob')
  await room.member('bob', 'leave')
  await says('left')
  return { room, said, since }
}

const bodiesIn = (events: readonly { readonly content?: unknown }[]) =>
  events.flatMap(({ content }) => {
    const body = (content as { body?: string }).body
    return body === undefined ? [] : [body]
  })

const filter = undefined
const everything = { from: undefined, to: undefined, limit: 100, filter } as const

const reasonOf = async (read: Promise<unknown>) => {
  const { reason } = (await read.then(
    () => ({ reason: 'none' }),
    (error) => error,
  )) as { reason: string }
  return reason
}

async function readsAll(s: HandMade, room: HandMadeRoom, name: string): Promise<string[]> {
  const page = await s.reading.history.messages(s.actor(name), room.id, { ...everything, direction: 'f' })
  return bodiesIn(page['chunk'] as [])
}

/** Whether somebody is answered for an event. */
async function finds(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    expect((error as { reason: string }).reason).toBe('m_not_found')
    return false
  }
}

describe.each(SETTINGS)('with history %p', (setting) => {
  const seen = SEEN[String(setting)] ?? []

  test('who was there sees the same in messages, event and context, and no more over /sync', async () => {
    await using s = await handMade('sqlite', ['ada', 'bob', 'eve'])
    const { room, said, since } = await roomWith(s, setting)
    const bob = s.actor('bob')
    expect(await readsAll(s, room, 'bob')).toEqual([...seen])
    for (const time of TIMES) {
      const id = said.get(time) ?? ''
      const isSeen = seen.includes(time)
      expect([time, await finds(() => s.reading.history.event(bob, room.id, id))]).toEqual([time, isSeen])
      const context = () => s.reading.history.context(bob, room.id, id, { limit: 10, filter })
      expect([time, await finds(context)]).toEqual([time, isSeen])
    }
    const { rooms } = await s.sync('bob', { since })
    const [left] = Object.values(rooms.leave)
    expect(bodiesIn(left?.timeline.events ?? [])).toEqual([])
    expect(left?.timeline.events.map(({ content }) => content['membership'])).toEqual(['leave'])
  })

  test('a new member sees over /sync what it sees in messages', async () => {
    await using s = await handMade('sqlite', ['ada', 'bob'])
    const { room } = await roomWith(s, setting)
    await room.member('bob', 'invite', 'ada')
    await room.member('bob', 'join')
    const all = await readsAll(s, room, 'bob')
    // What was said while it was away, too, where history is shared.
    const again = setting === 'shared' || setting === undefined ? [...TIMES] : [...seen]
    expect(all).toEqual(again)
    const { rooms } = await s.sync('bob', { filter: '{"room":{"timeline":{"limit":50}}}' })
    expect(bodiesIn(rooms.join[room.id]?.timeline.events ?? [])).toEqual(again)
  })

  test('others see nothing, unless anybody may read it', async () => {
    await using s = await handMade('sqlite', ['ada', 'bob', 'eve'])
    const { room, said } = await roomWith(s, setting)
    const eve = s.actor('eve')
    const { history, states } = s.reading
    const isOpen = setting === 'world_readable'
    const refusal = isOpen ? 'none' : 'channel_not_found'
    expect(await reasonOf(history.messages(eve, room.id, { ...everything, direction: 'f' }))).toBe(refusal)
    expect(await reasonOf(states.state(eve, room.id))).toBe(refusal)
    expect(await reasonOf(states.joined(eve, room.id))).toBe('channel_not_found')
    const event = history.event(eve, room.id, said.get('joined') ?? '')
    expect(await reasonOf(event)).toBe(isOpen ? 'none' : 'm_not_found')
    const { rooms } = await s.sync('eve')
    expect(rooms).toEqual({ join: {}, invite: {}, knock: {}, leave: {} })
  })
})

test('who left reads the state and the members of its leave', async () => {
  await using s = await handMade('sqlite', ['ada', 'bob', 'carol'])
  const room = await s.room('ada', [
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
    { type: 'm.room.name', stateKey: '', content: { name: 'then' } },
  ])
  await room.member('bob', 'join')
  await room.member('bob', 'leave')
  await room.sets('ada', 'm.room.name', { name: 'now' })
  await room.member('carol', 'join')
  const nameFor = async (name: string) =>
    (await s.reading.states.stateEvent(s.actor(name), room.id, 'm.room.name', ''))['content']
  expect(await nameFor('bob')).toEqual({ name: 'then' })
  expect(await nameFor('carol')).toEqual({ name: 'now' })
  const membersFor = async (name: string, membership?: string) => {
    const query = { at: undefined, membership, notMembership: undefined }
    const events = await s.reading.states.members(s.actor(name), room.id, query)
    return events.map((event) => event['state_key']).sort()
  }
  expect(await membersFor('bob')).toEqual(['@ada:example.org', '@bob:example.org'])
  expect(await membersFor('carol', 'join')).toEqual(['@ada:example.org', '@carol:example.org'])
})

test('an invitation shows what describes the room, and nothing else of it', async () => {
  await using s = await handMade('sqlite', ['ada', 'bob'])
  const room = await s.room('ada', [{ type: 'm.room.name', stateKey: '', content: { name: 'plans' } }])
  await room.sets('ada', 'org.example.secret', { secret: true })
  const { next_batch: since } = await s.sync('bob')
  await room.member('bob', 'invite', 'ada')
  const { rooms } = await s.sync('bob', { since })
  const stripped = rooms.invite[room.id]?.invite_state.events ?? []
  expect(stripped.map(({ type }) => type)).toEqual([
    ...['m.room.create', 'm.room.name', 'm.room.member', 'm.room.member'],
  ])
  expect(stripped.at(-1)).toMatchObject({ state_key: '@bob:example.org', content: { membership: 'invite' } })
  const states = s.reading.states.state(s.actor('bob'), room.id)
  expect(await states.catch((error) => error.reason)).toBe('channel_not_found')
})

test('events of ignored users are left out, their state is not, and so are their invitations', async () => {
  await using s = await handMade('sqlite', ['ada', 'bob', 'eve'])
  const room = await s.room('ada', [
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
  ])
  await room.member('bob', 'join')
  await room.member('eve', 'join')
  await s.engine.sql(
    `INSERT INTO matrix_account_data (account_id, channel_id, type, json, mx) VALUES (${s.actor('bob').account.id}, 0, 'm.ignored_user_list', '{"ignored_users":{"@eve:example.org":{}}}', 0)`,
  )
  await room.says('eve', 'buy this')
  await room.says('ada', 'hello')
  expect(await readsAll(s, room, 'bob')).toEqual(['hello'])
  const { rooms } = await s.sync('bob')
  expect(bodiesIn(rooms.join[room.id]?.timeline.events ?? [])).toEqual(['hello'])
  expect(JSON.stringify(rooms.join)).toContain('@eve:example.org')
  const other = await s.room('eve')
  await other.member('bob', 'invite', 'eve')
  expect((await s.sync('bob')).rooms.invite).toEqual({})
})

test('who left and rejects a new invitation is told nothing of the time between', async () => {
  await using s = await handMade('sqlite', ['ada', 'bob'])
  const room = await s.room('ada')
  await room.member('bob', 'invite', 'ada')
  await room.member('bob', 'join')
  await room.member('bob', 'leave')
  for (const fullState of [false, true])
    for (const stateAfter of ['state_after', undefined] as const) {
      const { next_batch: since } = await s.sync('bob')
      await room.sets('ada', 'org.example.secret', { secret: 'of those inside' })
      await room.says('ada', 'a secret, too')
      await room.member('bob', 'invite', 'ada')
      await room.member('bob', 'leave')
      const { rooms } = await s.sync('bob', { since, fullState, stateAfter })
      const shown = rooms.leave[room.id]
      expect(shown?.timeline.events.map(({ content }) => content['membership'])).toEqual(['invite', 'leave'])
      expect(JSON.stringify(rooms)).not.toContain('secret')
    }
})

test('who left sees a later ban of itself, but no state of the time between', async () => {
  await using s = await handMade('sqlite', ['ada', 'bob', 'carol'])
  const room = await s.room('ada', [
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
  ])
  await room.member('bob', 'join')
  await room.member('bob', 'leave')
  await room.sets('ada', 'org.example.secret', { secret: 'of those inside' })
  await room.member('carol', 'join')
  const { eventId } = await room.member('bob', 'ban', 'ada')
  const { history } = s.reading
  const shown = await history.context(s.actor('bob'), room.id, eventId, { limit: 5, filter: undefined })
  const state = shown['state'] as { type: string; state_key: string }[]
  expect(state.map(({ type }) => type)).toContain('m.room.join_rules')
  expect(JSON.stringify(shown)).not.toContain('secret')
  expect(JSON.stringify(shown)).not.toContain(idOf('carol'))
})

test('who has forgotten a room reads nothing of it, until it comes in again', async () => {
  await using s = await handMade('sqlite', ['ada', 'bob'])
  const room = await s.room('ada', [
    { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
  ])
  await room.member('bob', 'join')
  await room.says('ada', 'hello')
  await room.member('bob', 'leave')
  expect(await readsAll(s, room, 'bob')).toEqual(['hello'])
  await s.store.transact((tx) => tx.matrix().forgetRoom(idOf('bob'), room.channel.id))
  expect(await reasonOf(readsAll(s, room, 'bob'))).toBe('channel_not_found')
  expect(await reasonOf(s.reading.states.state(s.actor('bob'), room.id))).toBe('channel_not_found')
  await room.member('bob', 'join')
  expect(await readsAll(s, room, 'bob')).toEqual(['hello'])
})

test.each(engines)(
  'who ignores more users than a statement has places for reads threads on %s',
  async (engine) => {
    await using s = await handMade(engine, ['ada', 'bob'])
    const room = await s.room('ada')
    const root = await room.says('ada', 'root')
    await room.add('ada', {
      type: 'm.room.message',
      content: { msgtype: 'm.text', body: 'reply' },
      relation: { pos: root.pos, type: 'm.thread' },
      threadPos: root.pos,
    })
    const accountId = s.actor('ada').account.id
    const ids = [...Array.from({ length: 66_000 }, (_, i) => idOf(`u${i}`)), '@half\ud800:example.org']
    const json = JSON.stringify({ ignored_users: Object.fromEntries(ids.map((id) => [id, {}])) })
    await s.store.transact(async (tx) => {
      const mx = await tx.matrix().nextMx(`a${accountId}`)
      const type = 'm.ignored_user_list'
      await tx.matrix().setAccountDatum({ accountId, channelId: 0, type, json, mx })
    })
    const { rooms } = await s.sync('ada')
    const [shown] =
      rooms.join[room.id]?.timeline.events.filter(({ event_id }) => event_id === root.eventId) ?? []
    expect(shown?.unsigned?.['m.relations']).toMatchObject({ 'm.thread': { count: 1 } })
  },
)
