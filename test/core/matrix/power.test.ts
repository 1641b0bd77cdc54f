// Power levels: the defaults of this server's rooms, and how levels and roles follow from each other.
import { describe, expect, test } from 'bun:test'
import {
  archivedPowerLevels,
  canonicalJson,
  channelPowerLevels,
  newRoomPowerLevels,
  PowerLevels,
  ROOM_VERSIONS,
  withRole,
} from '../../../src/core/matrix'
import { system, version } from './example'
import { alice, bob, carol, ExampleRoom, mod, populated } from './example-room'

const v11 = version('11')
const v12 = version('12')
const levelsIn = (room: ExampleRoom) => new PowerLevels(room.version, room)

describe('power levels of the room of a channel', () => {
  test('V7: they are those of the contract', () => {
    const text = canonicalJson(channelPowerLevels(v11, system))
    expect(text).toHaveLength(375)
    expect(Bun.SHA256.hash(text, 'hex')).toBe(
      '307568dc57b6e014fb733b89d7ce2e4dfb7ba90789acef6cf3bb3cef5356ff9c',
    )
  })

  test('in version 12 the server is above them, and a tombstone needs 150', () => {
    const content = channelPowerLevels(v12, system)
    expect(content).toMatchObject({
      users: {},
      events: { 'm.room.tombstone': 150, 'm.room.encryption': 101 },
    })
  })

  test('in an archived channel nobody writes, and everybody keeps the own level', () => {
    const room = new ExampleRoom(11)
    const open = withRole(withRole(channelPowerLevels(v11, system), alice, 'admin'), bob, 'read_only')
    room.set('m.room.power_levels', '', archivedPowerLevels(open))
    const levels = levelsIn(room)
    expect([system, alice, carol, bob].map((id) => levels.of(id))).toEqual([101, 100, 0, -1])
    for (const type of ['m.room.message', 'm.room.name', 'm.room.power_levels', 'other'])
      for (const isState of [true, false]) expect(levels.neededFor(type, isState)).toBe(101)
    for (const act of ['ban', 'kick', 'redact', 'invite'] as const) expect(levels.needed(act)).toBe(101)
    expect(levels.neededToNotify('room')).toBe(101)
  })
})

describe('power levels of a room made over Matrix', () => {
  const made = (preset: 'private_chat' | 'trusted_private_chat' | 'public_chat', id = '11', override = {}) =>
    newRoomPowerLevels(version(id), { preset, creator: alice, invited: [bob], override })

  test('they are those of the contract', () => {
    expect(canonicalJson(made('public_chat'))).toBe(
      '{"ban":50,"events":{"m.room.avatar":50,"m.room.canonical_alias":50,"m.room.encryption":100,"m.room.history_visibility":100,"m.room.name":50,"m.room.power_levels":100,"m.room.server_acl":100,"m.room.tombstone":100},"events_default":0,"invite":50,"kick":50,"redact":50,"state_default":50,"users":{"@alice:example.org":100},"users_default":0}',
    )
  })

  test('everybody invites to a private chat, and trusted users have the level of the creator', () => {
    expect(made('private_chat')).toMatchObject({ invite: 0, users: { [alice]: 100 } })
    expect(made('trusted_private_chat')).toMatchObject({ invite: 0, users: { [alice]: 100, [bob]: 100 } })
  })

  test('in version 12 creators and trusted users have no entry', () => {
    for (const preset of ['public_chat', 'trusted_private_chat'] as const)
      expect(made(preset, '12')).toMatchObject({ users: {}, events: { 'm.room.tombstone': 150 } })
  })

  test('given members replace whole members of the default', () => {
    const content = made('public_chat', '11', { events: { x: 5 }, users_default: 10 })
    expect(content).toMatchObject({ ban: 50, users_default: 10 })
    expect(content['events']).toEqual({ x: 5 })
  })
})

describe('levels', () => {
  test.each(ROOM_VERSIONS)('in version %s what is absent has its default', (id) => {
    const without = levelsIn(new ExampleRoom(Number(id)))
    expect(without.of(alice)).toBe(Number(id) >= 12 ? Number.POSITIVE_INFINITY : 100)
    expect(without.of(bob)).toBe(0)
    expect([without.neededFor('x', true), without.neededFor('x', false)]).toEqual([0, 0])
    const empty = levelsIn(new ExampleRoom(Number(id)).levels({}))
    expect([empty.neededFor('x', true), empty.neededFor('x', false)]).toEqual([50, 0])
    for (const levels of [without, empty]) {
      expect(levels.of(bob)).toBe(0)
      expect((['ban', 'kick', 'redact', 'invite'] as const).map((act) => levels.needed(act))).toEqual([
        50, 50, 50, 0,
      ])
      expect(levels.neededToNotify('room')).toBe(50)
    }
  })

  test('types named like members of every object have no level of their own', () => {
    const levels = levelsIn(populated(11, { events_default: 7 }))
    for (const type of ['constructor', '__proto__', 'toString']) expect(levels.neededFor(type, false)).toBe(7)
  })

  test('only early versions read levels from strings', () => {
    const read = (number: number) =>
      levelsIn(new ExampleRoom(number).levels({ ban: ' 060', kick: '+7', redact: '5x' }))
    const early = read(9)
    expect([early.needed('ban'), early.needed('kick'), early.needed('redact')]).toEqual([60, 7, 50])
    const late = read(10)
    expect([late.needed('ban'), late.needed('kick')]).toEqual([50, 50])
  })

  test('additional creators of version 12 are above every level', () => {
    const room = populated(12, {}, { additional_creators: [carol] })
    expect([alice, carol, mod].map((id) => levelsIn(room).of(id))).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      50,
    ])
  })
})

describe('roles', () => {
  test('a role gives a level, which gives the role', () => {
    const room = new ExampleRoom(11)
    for (const role of ['admin', 'member', 'read_only'] as const) {
      const before = withRole(channelPowerLevels(v11, system), bob, 'admin')
      room.set('m.room.power_levels', '', withRole(before, bob, role))
      expect(levelsIn(room).roleOf(bob)).toBe(role)
    }
  })

  test('a level of 100 or a creator is an admin, one below that of messages only reads, others are members', () => {
    const roles = (content: object, users: Record<string, number>, number = 11) => {
      const room = populated(number).levels(content as never, users)
      return [alice, mod, bob, carol].map((id) => levelsIn(room).roleOf(id))
    }
    expect(roles({}, { [mod]: 99, [bob]: -1 })).toEqual(['admin', 'member', 'read_only', 'member'])
    expect(roles({ events: { 'm.room.message': 10 } }, { [mod]: 10, [bob]: 9 })).toEqual([
      'admin',
      'member',
      'read_only',
      'read_only',
    ])
    expect(roles({ users_default: 100 }, {}, 12)).toEqual(['admin', 'admin', 'admin', 'admin'])
  })

  test('the same role again changes nothing', () => {
    const content = withRole(channelPowerLevels(v11, system), bob, 'admin')
    expect(withRole(content, bob, 'admin')).toBe(content)
    expect(withRole(content, carol, 'member')).toBe(content)
    expect(withRole(content, bob, 'member')).toEqual(channelPowerLevels(v11, system))
  })

  test('more than a thousand users who only read are not listed', () => {
    const count = (content: object) => Object.keys((content as { users: object }).users).length
    let content = channelPowerLevels(v11, system)
    for (let i = 0; i < 1100; i++) content = withRole(content, `@user${i}:example.org`, 'read_only')
    expect(count(content)).toBe(1000)
    expect(count(withRole(content, '@another:example.org', 'admin'))).toBe(1001)
    // A listed user is listed no more when there are too many.
    const crowded = withRole(content, '@another:example.org', 'admin')
    expect(count(withRole(crowded, '@another:example.org', 'read_only'))).toBe(1000)
  })
})
