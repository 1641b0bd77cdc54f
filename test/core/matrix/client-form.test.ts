// Events as clients see them, and the state that invited users are shown.
import { describe, expect, test } from 'bun:test'
import { clientEvent, forReader, membershipOf, renderEvent, strippedState } from '../../../src/core/matrix'
import { alice, bob, carol, ExampleRoom, member, populated } from './example-room'

const room = new ExampleRoom(11)
const event = { eventId: '$x', pdu: room.pdu({ sender: bob, content: { body: 'hi' } }) }

describe('the client form', () => {
  test('it has the members of clients and none of servers', () => {
    expect(clientEvent(event, room.id)).toEqual({
      content: { body: 'hi' },
      event_id: '$x',
      origin_server_ts: event.pdu.origin_server_ts,
      room_id: room.id,
      sender: bob,
      type: 'm.room.message',
      unsigned: {},
    })
    expect(clientEvent({ eventId: '$y', pdu: room.create.pdu }, undefined)).toMatchObject({ state_key: '' })
    expect(clientEvent(event, undefined)).not.toHaveProperty('room_id')
  })

  test.each([10, 11])('a redaction of version %i names its target in both places', (number) => {
    const made = new ExampleRoom(number)
    const pdu = made.pdu({ type: 'm.room.redaction', content: { reason: 'x' }, redacts: '$gone' })
    expect(clientEvent({ eventId: '$x', pdu }, undefined)).toMatchObject({
      redacts: '$gone',
      content: { reason: 'x', redacts: '$gone' },
    })
  })

  test('only redactions have a target beside their content', () => {
    const pdu = room.pdu({ content: { redacts: '$gone' } })
    expect(clientEvent({ eventId: '$x', pdu }, undefined)).not.toHaveProperty('redacts')
  })

  test('what depends on the reader is added to what was rendered once', () => {
    const shared = { prev_content: { a: 1 }, replaces_state: '$old' }
    for (const unsigned of [undefined, shared]) {
      const rendered = renderEvent(event, room.id, unsigned)
      const whole = clientEvent(event, room.id, unsigned)
      const mine = { age: 5, membership: 'join', transaction_id: 'a"b' }
      expect(JSON.parse(forReader(rendered, mine))).toEqual({ ...whole, unsigned: { ...unsigned, ...mine } })
      expect(JSON.parse(forReader(rendered, { age: 5 }))).toEqual({
        ...whole,
        unsigned: { ...unsigned, age: 5 },
      })
    }
  })
})

describe('stripped state', () => {
  const described = () => {
    const made = populated(11)
    made.set('m.room.join_rules', '', { join_rule: 'invite' })
    made.set('m.room.name', '', { name: 'Garden' })
    made.set('m.room.history_visibility', '', { history_visibility: 'shared' })
    return made
  }

  test('an invited user sees what the room is, who invites and the invite', () => {
    const made = described()
    const invite = made.pdu(member(alice, carol, 'invite'))
    const stripped = strippedState(made, invite)
    expect(stripped.map(({ type, state_key }) => `${type} ${state_key}`.trim())).toEqual([
      'm.room.create',
      'm.room.join_rules',
      'm.room.name',
      `m.room.member ${alice}`,
      `m.room.member ${carol}`,
    ])
    for (const shown of stripped)
      expect(Object.keys(shown).sort()).toEqual(['content', 'sender', 'state_key', 'type'])
    expect(stripped.at(-1)?.content).toEqual({ membership: 'invite' })
  })

  test('a user who knocks sees the own knock once', () => {
    const made = described()
    const stripped = strippedState(made, made.pdu(member(carol, carol, 'knock')))
    expect(stripped.filter(({ type }) => type === 'm.room.member').map(({ sender }) => sender)).toEqual([
      carol,
    ])
  })

  test('a membership that is unknown is none', () => {
    const made = populated(11).members({ [carol]: 'strange' })
    expect([alice, carol, '@nobody:example.org'].map((id) => membershipOf(made, id))).toEqual([
      'join',
      'leave',
      'leave',
    ])
  })
})
