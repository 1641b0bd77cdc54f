// Which state an event names among its auth events, and what a received event may not name.
import { describe, expect, test } from 'bun:test'
import { problemOfAuthEvents, ROOM_VERSIONS, selectAuthEvents } from '../../../src/core/matrix'
import { alice, bob, carol, type ExampleRoom, eve, member, mod, populated, state } from './example-room'

const numbers = ROOM_VERSIONS.map(Number)

/** The state that a draft's auth events are, as `type` or `type of user`. */
function selected(room: ExampleRoom, draft: ReturnType<typeof member>): string[] {
  const { type, sender, content, stateKey } = draft
  const ids = selectAuthEvents(room.version, { type, sender, content, state_key: stateKey }, room)
  const places: [string, string][] = [
    ['m.room.create', ''],
    ['m.room.power_levels', ''],
    ['m.room.join_rules', ''],
    ['m.room.third_party_invite', 'tok'],
    ...[alice, bob, mod, carol].map((id): [string, string] => ['m.room.member', id]),
  ]
  return ids.map((id) => {
    const place = places.find(([type, key]) => room.event(type, key)?.eventId === id)
    return place ? (place[1] === '' ? place[0] : place[1]) : id
  })
}

describe.each(numbers)('in room version %i', (number) => {
  const room = () => {
    const made = populated(number)
    made.set('m.room.join_rules', '', { join_rule: 'public' })
    made.set('m.room.third_party_invite', 'tok', {}, mod)
    return made.members({ [carol]: 'invite' })
  }
  // From version 12 on the room id names the create event.
  const base = number >= 12 ? ['m.room.power_levels'] : ['m.room.create', 'm.room.power_levels']

  test('a message names create, power levels and its sender', () => {
    expect(selected(room(), { ...state(bob, 'm.room.message', {}), stateKey: '' } as never)).toEqual([
      ...base,
      bob,
    ])
  })

  test('a create event names nothing', () => {
    expect(selected(room(), state(alice, 'm.room.create', {}) as never)).toEqual([])
  })

  test('a member event names its target, and where users come in the join rules', () => {
    expect(selected(room(), member(carol, carol, 'join'))).toEqual([...base, carol, 'm.room.join_rules'])
    expect(selected(room(), member(mod, carol, 'invite'))).toEqual([...base, mod, carol, 'm.room.join_rules'])
    expect(selected(room(), member(carol, carol, 'knock'))).toEqual([...base, carol, 'm.room.join_rules'])
    expect(selected(room(), member(bob, bob, 'leave'))).toEqual([...base, bob])
    expect(selected(room(), member(mod, bob, 'ban'))).toEqual([...base, mod, bob])
  })

  test('an invite that follows from a third-party invite names it', () => {
    const invite = { third_party_invite: { signed: { token: 'tok' } } }
    expect(selected(room(), member(mod, carol, 'invite', invite))).toEqual([
      ...base,
      mod,
      carol,
      'm.room.join_rules',
      'tok',
    ])
    expect(selected(room(), member(mod, carol, 'leave', invite))).not.toContain('tok')
  })

  test('a join that a member authorises names that member, in versions that know it', () => {
    const join = member(carol, carol, 'join', { join_authorised_via_users_server: mod })
    expect(selected(room(), join).includes(mod)).toBe(number >= 8)
    for (const by of [carol, bob, 5]) {
      const named = selected(room(), member(carol, bob, 'join', { join_authorised_via_users_server: by }))
      expect(named).toEqual([...base, carol, bob, 'm.room.join_rules'])
    }
  })

  test('an event names only auth events of its kind, each once, and those accepted in its room', () => {
    const made = room()
    const event = made.pdu({ sender: bob })
    const named = (type: string, key = '') => {
      const found = made.event(type, key)
      if (!found) throw new Error(`no ${type}`)
      return { ...found, rejected: false }
    }
    const create = number >= 12 ? [] : [named('m.room.create')]
    const right = [...create, named('m.room.power_levels'), named('m.room.member', bob)]
    const problem = (events: typeof right) => problemOfAuthEvents(made.version, event, events)
    expect(problem(right)).toBeUndefined()
    expect(problem([...right, named('m.room.power_levels')])).toContain(
      'two auth events of m.room.power_levels',
    )
    expect(problem([...right, named('m.room.join_rules')])).toContain('m.room.join_rules is no auth event')
    expect(problem([...right, named('m.room.member', mod)])).toContain('m.room.member is no auth event')
    expect(problem([...create, { ...named('m.room.power_levels'), rejected: true }])).toContain('rejected')
    const elsewhere = named('m.room.power_levels')
    const moved = { ...elsewhere, pdu: { ...elsewhere.pdu, room_id: '!other:example.org' } }
    expect(problem([...create, moved])).toContain('of another room')
    const message = { eventId: '$message', pdu: made.pdu({ sender: eve }), rejected: false }
    expect(problem([...right, message])).toContain('no state event')
    const lacking = problem([named('m.room.power_levels')])
    if (number >= 12) {
      expect(lacking).toBeUndefined()
      expect(problem([...right, named('m.room.create')])).toContain('m.room.create is no auth event')
    } else expect(lacking).toContain('lack m.room.create')
  })
})
