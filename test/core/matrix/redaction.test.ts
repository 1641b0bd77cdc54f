// What redaction keeps, by room version and type.
import { describe, expect, test } from 'bun:test'
import { ROOM_VERSIONS, redacted } from '../../../src/core/matrix'
import { room, system, ts, version } from './example'

const everything = {
  membership: 'join',
  join_authorised_via_users_server: system,
  third_party_invite: { display_name: 'x', signed: { token: 't' } },
  creator: system,
  room_version: 'x',
  join_rule: 'public',
  allow: [],
  ban: 1,
  events: {},
  events_default: 2,
  invite: 3,
  kick: 4,
  notifications: {},
  redact: 5,
  state_default: 6,
  users: {},
  users_default: 7,
  history_visibility: 'shared',
  aliases: [],
  redacts: '$x',
  reason: 'x',
  body: 'x',
}

const levels = [
  'ban',
  'events',
  'events_default',
  'kick',
  'redact',
  'state_default',
  'users',
  'users_default',
]

/** The members of a content that are kept in a version. */
const kept: Readonly<Record<string, (version: number) => readonly string[]>> = {
  'm.room.member': (n) => [
    'membership',
    ...(n >= 9 ? ['join_authorised_via_users_server'] : []),
    ...(n >= 11 ? ['third_party_invite'] : []),
  ],
  'm.room.create': (n) => (n >= 11 ? Object.keys(everything) : ['creator']),
  'm.room.join_rules': (n) => ['join_rule', ...(n >= 8 ? ['allow'] : [])],
  'm.room.power_levels': (n) => [...levels, ...(n >= 11 ? ['invite'] : [])],
  'm.room.history_visibility': () => ['history_visibility'],
  'm.room.aliases': (n) => (n < 6 ? ['aliases'] : []),
  'm.room.redaction': (n) => (n >= 11 ? ['redacts'] : []),
  'm.room.message': () => [],
  'm.room.name': () => [],
}

const event = (type: string, content: object = everything) => ({
  type,
  sender: system,
  room_id: room,
  state_key: '',
  content: { ...content },
  origin_server_ts: ts,
  depth: 1,
  prev_events: [],
  auth_events: [],
  hashes: { sha256: 'x' },
  signatures: {},
  event_id: '$x',
  origin: 'example.org',
  membership: 'join',
  prev_state: [],
  redacts: '$x',
  unsigned: {},
  other: 1,
})

describe.each(ROOM_VERSIONS)('in room version %s', (id) => {
  test.each(Object.keys(kept))('%s keeps its members and no others', (type) => {
    const { content } = redacted(version(id), event(type))
    expect(Object.keys(content).sort()).toEqual([...(kept[type]?.(Number(id)) ?? [])].sort())
    for (const [key, value] of Object.entries(content))
      if (type === 'm.room.create' || key !== 'third_party_invite')
        expect(value).toEqual(everything[key as keyof typeof everything])
  })

  test('an event keeps its members and no others', () => {
    const early = Number(id) < 11 ? ['origin', 'membership', 'prev_state'] : []
    const {
      redacts: _,
      unsigned: __,
      other: ___,
      origin: ____,
      membership: _____,
      prev_state: ______,
      ...always
    } = event('m.room.message')
    expect(Object.keys(redacted(version(id), event('m.room.message'))).sort()).toEqual(
      [...Object.keys(always), ...early].sort(),
    )
  })
})

test('a third-party invite keeps what was signed', () => {
  const invite = (third_party_invite: unknown) =>
    redacted(version('11'), event('m.room.member', { third_party_invite })).content
  expect(invite(everything.third_party_invite)).toEqual({ third_party_invite: { signed: { token: 't' } } })
  expect(invite({ display_name: 'x' })).toEqual({ third_party_invite: {} })
  expect(invite('x')).toEqual({})
})
