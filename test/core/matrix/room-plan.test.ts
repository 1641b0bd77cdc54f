// The state events of a room that is made over Matrix, and their order.
import { describe, expect, test } from 'bun:test'
import { parseInitialState, plannedState, type RoomRequest } from '../../../src/core/matrix/room-plan'
import { version } from './example'
import { alice, bob } from './example-room'

const plain: RoomRequest = {
  visibility: 'private',
  invite: [],
  isDirect: false,
  creationContent: {},
  initialState: [],
  powerOverride: {},
}

const plan = (request: Partial<RoomRequest>, room = '11', alias: string | null = null) =>
  plannedState({ ...plain, ...request }, { version: version(room), creator: alice, alias, profile: {} })
const contentOf = (events: ReturnType<typeof plan>, type: string) =>
  events.find((event) => event.type === type)?.content

describe('a new room', () => {
  test('has its state in the order of the specification', () => {
    const initialState = parseInitialState([
      { type: 'm.room.encryption', content: {} },
      { type: 'org.example', state_key: 'x', content: { a: 1 } },
    ])
    const events = plan({ name: 'N', topic: 'T', initialState: initialState ?? [] }, '11', '#n:example.org')
    expect(events.map(({ type }) => type)).toEqual([
      'm.room.create',
      'm.room.member',
      'm.room.power_levels',
      'm.room.canonical_alias',
      'm.room.join_rules',
      'm.room.history_visibility',
      'm.room.guest_access',
      'm.room.encryption',
      'org.example',
      'm.room.name',
      'm.room.topic',
    ])
    expect(events[1]).toMatchObject({ stateKey: alice, content: { membership: 'join' } })
  })

  test('is public or private as its preset says, else as its visibility', () => {
    const rule = (request: Partial<RoomRequest>) => contentOf(plan(request), 'm.room.join_rules')
    expect(rule({})).toEqual({ join_rule: 'invite' })
    expect(rule({ visibility: 'public' })).toEqual({ join_rule: 'public' })
    expect(rule({ visibility: 'public', preset: 'private_chat' })).toEqual({ join_rule: 'invite' })
  })

  test('has what the client sets instead of what the preset would set, and its name last', () => {
    const initialState = [
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'knock' } },
      { type: 'm.room.name', stateKey: '', content: { name: 'first' } },
    ]
    const events = plan({ initialState, name: 'second' })
    expect(events.filter(({ type }) => type === 'm.room.join_rules')).toHaveLength(1)
    expect(contentOf(events, 'm.room.join_rules')).toEqual({ join_rule: 'knock' })
    expect(events.filter(({ type }) => type === 'm.room.name').map(({ content }) => content)).toEqual([
      { name: 'second' },
    ])
  })

  test('has the version and the creator that the server decides', () => {
    const creationContent = { room_version: '1', creator: bob, 'm.federate': false, type: 'm.space' }
    const create = (room: string) => contentOf(plan({ creationContent }, room), 'm.room.create')
    expect(create('11')).toEqual({ 'm.federate': false, type: 'm.space', room_version: '11' })
    expect(create('10')).toEqual({ 'm.federate': false, type: 'm.space', room_version: '10', creator: alice })
  })

  test('gives those invited to a trusted chat the power of the creator', () => {
    const trusted = { preset: 'trusted_private_chat', invite: [bob] } as const
    expect(contentOf(plan(trusted), 'm.room.power_levels')).toMatchObject({
      users: { [alice]: 100, [bob]: 100 },
    })
    const newest = plan(trusted, '12')
    expect(contentOf(newest, 'm.room.create')).toEqual({ room_version: '12', additional_creators: [bob] })
    expect(contentOf(newest, 'm.room.power_levels')).toMatchObject({ users: {} })
  })

  test('has the levels that the client overrides', () => {
    const events = plan({ powerOverride: { events_default: 50, events: { 'm.reaction': 0 } } })
    expect(contentOf(events, 'm.room.power_levels')).toMatchObject({
      events_default: 50,
      events: { 'm.reaction': 0 },
      state_default: 50,
    })
  })
})

describe('initial_state', () => {
  test('is a list of state events', () => {
    expect(parseInitialState(undefined)).toEqual([])
    for (const value of [
      {},
      [1],
      [{ type: 'a' }],
      [{ content: {} }],
      [{ type: 'a', content: {}, state_key: 1 }],
    ])
      expect(parseInitialState(value)).toBeUndefined()
  })

  test('sets neither the create event nor a member', () => {
    for (const type of ['m.room.create', 'm.room.member'])
      expect(parseInitialState([{ type, content: {} }])).toBeUndefined()
  })
})
