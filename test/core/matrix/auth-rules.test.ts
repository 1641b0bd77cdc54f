// Authorisation: for each rule an event that it allows and one that it refuses, in the versions that differ.
import { describe, expect, test } from 'bun:test'
import {
  type EventDraft,
  PowerLevels,
  ROOM_VERSIONS,
  redactionApplies,
  signedText,
  signJson,
} from '../../../src/core/matrix'
import { signer } from './example'
import { alice, bob, carol, ExampleRoom, eve, member, mod, populated, state } from './example-room'

type Draft = Partial<EventDraft>

interface Case {
  readonly title: string
  readonly since?: number
  readonly until?: number
  readonly room: (version: number) => ExampleRoom
  /** Events that the room allows. */
  readonly allowed: (room: ExampleRoom) => readonly Draft[]
  /** Events that it refuses, and the rule that does. */
  readonly refused: (room: ExampleRoom) => readonly Draft[]
  readonly rule: string
}

const fresh = (version: number) => new ExampleRoom(version)
const usual = (version: number) => populated(version)
const withRule =
  (join_rule: string, levels: Record<string, unknown> = {}) =>
  (version: number) => {
    const room = populated(version, levels)
    room.set('m.room.join_rules', '', { join_rule })
    return room
  }
const invitedJoins = (room: ExampleRoom) => {
  room.members({ [carol]: 'invite' })
  return [member(carol, carol, 'join'), member(bob, bob, 'join')]
}
const uninvitedJoin = (room: ExampleRoom) => {
  room.members({ [carol]: 'leave' })
  return [member(carol, carol, 'join')]
}
const dan = '@dan:example.org'
const authorised = (by: string) => member(dan, dan, 'join', { join_authorised_via_users_server: by })
/** Power levels in this room, changed in some members. */
const levelsOf = (room: ExampleRoom, changes: Record<string, unknown>) => ({
  ...room.event('m.room.power_levels', '')?.pdu.content,
  ...changes,
})
const usersOf = (room: ExampleRoom, changes: Record<string, unknown>) =>
  levelsOf(room, {
    users: { ...(room.event('m.room.power_levels', '')?.pdu.content['users'] as object), ...changes },
  })
const set = (room: ExampleRoom, sender: string, changes: Record<string, unknown>) =>
  state(sender, 'm.room.power_levels', levelsOf(room, changes))
const setUsers = (room: ExampleRoom, sender: string, changes: Record<string, unknown>) =>
  state(sender, 'm.room.power_levels', usersOf(room, changes))
/** A room in which mod, with 50, may change the power levels. */
const editable = (version: number) =>
  populated(version, {
    events: { 'm.room.power_levels': 50, 'm.room.name': 50, 'm.room.topic': 80 },
    notifications: { room: 50, other: 80 },
    ban: 50,
    kick: 80,
  })

const thirdParty = (version: number) => {
  const room = populated(version, { invite: 50 })
  const keys = { public_keys: [{ public_key: signer.publicKey }] }
  room.set('m.room.third_party_invite', 'tok', keys, mod)
  room.set('m.room.third_party_invite', 'unkeyed', { public_key: 'AAAA' }, mod)
  return room
}
const thirdPartyInvite = (
  target: string,
  signedFields: Record<string, unknown> = {},
  sender = mod,
  signatures: unknown = signJson({ mxid: carol, token: 'tok', ...signedFields }, 'example.org', signer),
) => {
  const signed = { mxid: carol, token: 'tok', ...signedFields }
  return member(sender, target, 'invite', { third_party_invite: { signed: { ...signed, signatures } } })
}

/** The signature of `thirdPartyInvite(carol)`. */
const signature = signer.sign(signedText({ mxid: carol, token: 'tok' }))

const create = (draft: Draft, content: Record<string, unknown> = {}) => ({
  type: 'm.room.create',
  stateKey: '',
  prevEvents: [],
  content,
  ...draft,
})
const creator = { creator: alice }

const cases: readonly Case[] = [
  {
    title: 'a create event comes first',
    until: 11,
    room: fresh,
    allowed: () => [create({}, creator)],
    refused: (room) => [create({ prevEvents: [room.create.eventId] }, creator)],
    rule: 'create',
  },
  {
    title: 'a create event comes first, and has no room id',
    since: 12,
    room: fresh,
    allowed: () => [create({ roomId: null })],
    refused: (room) => [create({ roomId: null, prevEvents: [room.create.eventId] }), create({})],
    rule: 'create',
  },
  {
    title: 'the room id of a create event names the server of its sender',
    until: 11,
    room: fresh,
    allowed: () => [create({ roomId: '!x:example.org' }, creator)],
    refused: () => [create({ roomId: '!x:other.org' }, creator)],
    rule: 'create',
  },
  {
    title: 'a create event has a known room version',
    room: fresh,
    allowed: ({ number }) => [
      create(number > 11 ? { roomId: null } : {}, { ...creator, room_version: String(number) }),
    ],
    refused: ({ number }) =>
      ['13', 'org.example', 6, null].map((room_version) =>
        create(number > 11 ? { roomId: null } : {}, { ...creator, room_version }),
      ),
    rule: 'create',
  },
  {
    title: 'a create event names its creator',
    until: 10,
    room: fresh,
    allowed: () => [create({}, creator)],
    refused: () => [create({})],
    rule: 'create',
  },
  {
    title: 'additional creators are a list of user ids',
    since: 12,
    room: fresh,
    allowed: () => [create({ roomId: null }, { additional_creators: [bob, eve] })],
    refused: () =>
      [bob, [bob, 'eve'], [5], {}].map((list) => create({ roomId: null }, { additional_creators: list })),
    rule: 'create',
  },
  {
    title: 'an event is of the room of its create event',
    room: usual,
    allowed: () => [{ sender: bob }],
    refused: () => [{ sender: bob, roomId: '!other:example.org' }],
    rule: 'room',
  },
  {
    title: 'a room that is not federated is for its own server',
    room: (version) => populated(version, {}, { 'm.federate': false }).members({ [eve]: 'join' }),
    allowed: () => [{ sender: bob }],
    refused: () => [{ sender: eve }, member(eve, eve, 'join')],
    rule: 'federate',
  },
  {
    title: 'a room that is federated is for every server',
    room: (version) => populated(version, {}, { 'm.federate': true }).members({ [eve]: 'join' }),
    allowed: () => [{ sender: eve }],
    refused: () => [{ sender: '@nobody:other.org' }],
    rule: 'not_joined',
  },
  {
    title: 'a server sets its own aliases',
    until: 5,
    room: usual,
    allowed: () => [state(carol, 'm.room.aliases', {}, 'example.org')],
    refused: () => [state(alice, 'm.room.aliases', {}, 'other.org'), { type: 'm.room.aliases' }],
    rule: 'aliases',
  },
  {
    title: 'aliases are state like other state',
    since: 6,
    room: usual,
    allowed: () => [state(alice, 'm.room.aliases', {}, 'other.org')],
    refused: () => [state(bob, 'm.room.aliases', {}, 'example.org')],
    rule: 'level',
  },
  {
    title: 'a member event has a state key and a membership that the version knows',
    room: usual,
    allowed: () => [member(bob, bob, 'leave')],
    refused: () => [
      { ...member(bob, bob, 'leave'), stateKey: undefined } as never,
      { ...member(bob, bob, 'leave'), content: {} },
      member(bob, bob, 'x'),
      { ...member(bob, bob, 'leave'), content: { membership: 5 } },
    ],
    rule: 'membership',
  },
  {
    title: 'an authorised join is signed by the server of the authorising user',
    since: 8,
    room: withRule('restricted'),
    allowed: () => [authorised(mod)],
    refused: () => [
      authorised(eve),
      authorised(5 as never),
      member(bob, bob, 'leave', { join_authorised_via_users_server: eve }),
    ],
    rule: 'membership',
  },
  {
    title: 'the creator joins the new room',
    room: fresh,
    allowed: () => [member(alice, alice, 'join')],
    refused: ({ create }) => [
      member(bob, bob, 'join'),
      { ...member(alice, alice, 'join'), prevEvents: ['$other'] },
      { ...member(alice, alice, 'join'), prevEvents: [create.eventId, '$other'] },
    ],
    rule: 'join',
  },
  {
    title: 'the creator is named by the content of early create events',
    until: 10,
    room: (version) => new ExampleRoom(version, { creator: bob }),
    allowed: () => [member(bob, bob, 'join')],
    refused: () => [member(alice, alice, 'join')],
    rule: 'join',
  },
  {
    title: 'the creator is the sender of later create events',
    since: 11,
    room: (version) => new ExampleRoom(version, { creator: bob }),
    allowed: () => [member(alice, alice, 'join')],
    refused: () => [member(bob, bob, 'join')],
    rule: 'join',
  },
  {
    title: 'nobody joins for another user',
    room: withRule('public'),
    allowed: () => [member(carol, carol, 'join')],
    refused: () => [member(alice, carol, 'join')],
    rule: 'join',
  },
  {
    title: 'a banned user does not join',
    room: withRule('public'),
    allowed: () => [member(carol, carol, 'join')],
    refused: (room) => {
      room.members({ [eve]: 'ban' })
      return [member(eve, eve, 'join')]
    },
    rule: 'join',
  },
  {
    title: 'a room without join rules is joined by invite',
    room: usual,
    allowed: invitedJoins,
    refused: uninvitedJoin,
    rule: 'join',
  },
  {
    title: 'a room for invited users is joined by invite',
    room: withRule('invite'),
    allowed: invitedJoins,
    refused: uninvitedJoin,
    rule: 'join',
  },
  {
    title: 'a room to knock at is joined by invite',
    since: 7,
    room: withRule('knock'),
    allowed: invitedJoins,
    refused: uninvitedJoin,
    rule: 'join',
  },
  {
    title: 'a private room is not joined, nor one whose rule the version does not know',
    room: withRule('private'),
    allowed: (room) => {
      room.members({ [carol]: 'invite' })
      const unknown = { knock: 7, restricted: 8, knock_restricted: 10 }
      for (const [join_rule, since] of Object.entries(unknown)) {
        room.set('m.room.join_rules', '', { join_rule })
        expect(room.judge(room.pdu(member(carol, carol, 'join')))).toBe(
          room.number < since ? 'join' : 'allowed',
        )
      }
      room.set('m.room.join_rules', '', { join_rule: 'private' })
      return [member(bob, bob, 'leave')]
    },
    refused: () => [member(carol, carol, 'join')],
    rule: 'join',
  },
  {
    title: 'a restricted room is joined by invite, or with a member who may invite',
    since: 8,
    room: withRule('restricted', { invite: 50 }),
    allowed: (room) => [authorised(mod), ...invitedJoins(room)],
    refused: (room) => [authorised(bob), authorised('@nobody:example.org'), ...uninvitedJoin(room)],
    rule: 'join',
  },
  {
    title: 'a restricted room to knock at is joined in the same way',
    since: 10,
    room: withRule('knock_restricted', { invite: 50 }),
    allowed: (room) => [authorised(mod), ...invitedJoins(room)],
    refused: (room) => [authorised(bob), ...uninvitedJoin(room)],
    rule: 'join',
  },
  {
    title: 'a public room is joined by everybody',
    room: withRule('public'),
    allowed: (room) => [...uninvitedJoin(room), member(eve, eve, 'join')],
    refused: () => [member(bob, carol, 'join')],
    rule: 'join',
  },
  {
    title: 'a member with the level invites who is neither in the room nor banned',
    room: (version) => populated(version, { invite: 50 }).members({ [eve]: 'ban' }),
    allowed: () => [member(mod, carol, 'invite')],
    refused: () => [
      member(bob, carol, 'invite'),
      member('@nobody:example.org', carol, 'invite'),
      member(mod, bob, 'invite'),
      member(mod, eve, 'invite'),
    ],
    rule: 'invite',
  },
  {
    title: 'without power levels everybody invites',
    room: (version) => new ExampleRoom(version).members({ [alice]: 'join', [bob]: 'join' }),
    allowed: () => [member(bob, carol, 'invite')],
    refused: () => [member(carol, eve, 'invite')],
    rule: 'invite',
  },
  {
    title: 'a third-party invite is signed by one of its keys, for its user and by its sender',
    room: thirdParty,
    allowed: () => [thirdPartyInvite(carol)],
    refused: (room) => {
      room.members({ [eve]: 'ban' })
      return [
        thirdPartyInvite(eve, { mxid: eve }),
        thirdPartyInvite(carol, { mxid: eve }),
        thirdPartyInvite(carol, { token: 'unknown' }),
        thirdPartyInvite(carol, { token: 'unkeyed' }),
        thirdPartyInvite(carol, { token: 5 }),
        thirdPartyInvite(carol, {}, alice),
        thirdPartyInvite(carol, {}, mod, {}),
        thirdPartyInvite(carol, {}, mod, { 'example.org': { 'rsa:1': signature } }),
        thirdPartyInvite(carol, {}, mod, { 'example.org': { 'ed25519:1': 5 } }),
        thirdPartyInvite(carol, {}, mod, { 'example.org': signature }),
        thirdPartyInvite(carol, {}, mod, signature),
        member(mod, carol, 'invite', { third_party_invite: {} }),
        member(mod, carol, 'invite', { third_party_invite: null }),
      ]
    },
    rule: 'third_party_invite',
  },
  {
    title: 'users who are invited or in the room leave it',
    room: (version) => populated(version).members({ [carol]: 'invite', [eve]: 'ban' }),
    allowed: () => [member(bob, bob, 'leave'), member(carol, carol, 'leave')],
    refused: () => [member(eve, eve, 'leave'), member('@nobody:example.org', '@nobody:example.org', 'leave')],
    rule: 'leave',
  },
  {
    title: 'who knocked may leave',
    since: 7,
    room: (version) => populated(version).members({ [carol]: 'knock' }),
    allowed: () => [member(carol, carol, 'leave')],
    refused: () => [member(eve, eve, 'leave')],
    rule: 'leave',
  },
  {
    title: 'a member with the level removes users of lower levels',
    room: (version) => populated(version).members({ [carol]: 'invite' }),
    allowed: () => [member(mod, bob, 'leave'), member(mod, carol, 'leave'), member(alice, mod, 'leave')],
    refused: () => [
      member(bob, carol, 'leave'),
      member(mod, alice, 'leave'),
      member(carol, bob, 'leave'),
      member(eve, bob, 'leave'),
    ],
    rule: 'kick',
  },
  {
    title: 'a user of the same level is not removed',
    room: (version) => populated(version, {}, {}).levels({}, { [mod]: 50, [bob]: 50 }),
    allowed: () => [member(alice, bob, 'leave')],
    refused: () => [member(mod, bob, 'leave')],
    rule: 'kick',
  },
  {
    title: 'a ban is lifted by who may ban',
    room: (version) => populated(version, { ban: 60, kick: 50 }).members({ [carol]: 'ban' }),
    allowed: () => [member(alice, carol, 'leave')],
    refused: () => [member(mod, carol, 'leave')],
    rule: 'ban',
  },
  {
    title: 'who may ban and remove lifts a ban',
    room: (version) => populated(version).members({ [carol]: 'ban' }),
    allowed: () => [member(mod, carol, 'leave')],
    refused: () => [member(bob, carol, 'leave')],
    rule: 'ban',
  },
  {
    title: 'a member with the level bans users of lower levels',
    room: usual,
    allowed: () => [member(mod, bob, 'ban'), member(mod, carol, 'ban'), member(alice, mod, 'ban')],
    refused: () => [
      member(bob, carol, 'ban'),
      member(mod, alice, 'ban'),
      member(mod, mod, 'ban'),
      member(carol, bob, 'ban'),
    ],
    rule: 'ban',
  },
  {
    title: 'users knock for themselves where the room lets them',
    since: 7,
    room: withRule('knock'),
    allowed: () => [member(carol, carol, 'knock')],
    refused: (room) => {
      const before = room.judge(room.pdu(member(mod, carol, 'knock')))
      room.members({ [eve]: 'ban', '@invited:example.org': 'invite' })
      expect(before).toBe('knock')
      return [
        member(eve, eve, 'knock'),
        member('@invited:example.org', '@invited:example.org', 'knock'),
        member(bob, bob, 'knock'),
      ]
    },
    rule: 'knock',
  },
  {
    title: 'users knock at restricted rooms that let them',
    since: 10,
    room: withRule('knock_restricted'),
    allowed: () => [member(carol, carol, 'knock')],
    refused: (room) => {
      room.set('m.room.join_rules', '', { join_rule: 'public' })
      return [member(carol, carol, 'knock')]
    },
    rule: 'knock',
  },
  {
    title: 'nobody knocks in a version that does not know it',
    until: 6,
    room: withRule('knock'),
    allowed: () => [member(bob, bob, 'leave')],
    refused: () => [member(carol, carol, 'knock')],
    rule: 'membership',
  },
  {
    title: 'only members send events',
    room: (version) => populated(version).members({ [carol]: 'invite' }),
    allowed: () => [{ sender: bob }],
    refused: () => [{ sender: carol }, { sender: eve }, state(carol, 'm.room.name', {})],
    rule: 'not_joined',
  },
  {
    title: 'who may invite makes third-party invites, whatever the level of the type',
    room: (version) => populated(version, { invite: 50, events: { 'm.room.third_party_invite': 90 } }),
    allowed: () => [state(mod, 'm.room.third_party_invite', {}, 'token')],
    refused: () => [state(bob, 'm.room.third_party_invite', {}, 'token')],
    rule: 'third_party_invite',
  },
  {
    title: 'the sender has the level of the type',
    room: (version) =>
      populated(version, {
        events: { special: 50, 'm.room.topic': 0 },
        events_default: 0,
        state_default: 60,
      }),
    allowed: () => [
      { sender: bob },
      { sender: mod, type: 'special' },
      state(bob, 'm.room.topic', {}),
      state(alice, 'm.room.name', {}),
      { sender: bob, type: 'constructor' },
    ],
    refused: () => [
      { sender: bob, type: 'special' },
      state(mod, 'm.room.name', {}),
      state(mod, 'toString', {}),
    ],
    rule: 'level',
  },
  {
    title: 'without power levels members send state, and the creator has 100',
    room: (version) => new ExampleRoom(version).members({ [alice]: 'join', [bob]: 'join' }),
    allowed: () => [state(bob, 'm.room.name', {}), member(alice, bob, 'ban')],
    refused: () => [member(bob, alice, 'ban')],
    rule: 'ban',
  },
  {
    title: 'a state key that begins with @ is the sender',
    room: usual,
    allowed: () => [state(alice, 'x', {}, alice), state(alice, 'x', {}, 'bob')],
    refused: () => [state(alice, 'x', {}, bob), state(alice, 'x', {}, '@')],
    rule: 'state_key',
  },
  {
    title: 'levels are integers',
    since: 10,
    room: usual,
    allowed: (room) => [set(room, alice, { ban: 60, events: { x: 1 }, notifications: { room: 2 } })],
    refused: (room) => [
      ...['ban', 'kick', 'redact', 'invite', 'users_default', 'events_default', 'state_default'].flatMap(
        (name) => ['50', 1.5, null, true].map((value) => set(room, alice, { [name]: value })),
      ),
      set(room, alice, { events: { x: '1' } }),
      set(room, alice, { events: [] }),
      set(room, alice, { notifications: { room: null } }),
      set(room, alice, { notifications: 5 }),
      setUsers(room, alice, { [bob]: '1' }),
    ],
    rule: 'power_levels',
  },
  {
    title: 'levels may be strings that hold integers',
    until: 9,
    room: usual,
    allowed: (room) => [
      setUsers(room, alice, { [bob]: ' +01 ' }),
      set(room, alice, { ban: '60' }),
      set(room, alice, { ban: 'x' }),
    ],
    refused: (room) => [
      setUsers(room, alice, { [bob]: 'x' }),
      setUsers(room, alice, { [bob]: '1.5' }),
      setUsers(room, alice, { [bob]: [5] }),
    ],
    rule: 'power_levels',
  },
  {
    title: 'users are user ids',
    room: usual,
    allowed: (room) => [setUsers(room, alice, { [carol]: 10 })],
    refused: (room) => [
      setUsers(room, alice, { carol: 10 }),
      setUsers(room, alice, { '@carol': 10 }),
      setUsers(room, alice, { [carol]: null }),
      set(room, alice, { users: [] }),
    ],
    rule: 'power_levels',
  },
  {
    title: 'creators are above every level, so they have none',
    since: 12,
    room: (version) => populated(version, {}, { additional_creators: [mod] }),
    allowed: (room) => [
      set(room, alice, { ban: 1_000_000, users: { [bob]: 1_000_000 } }),
      set(room, mod, { ban: 1_000_000, users: {} }),
    ],
    refused: (room) => [
      set(room, alice, { users: { [alice]: 100 } }),
      set(room, alice, { users: { [mod]: 1 } }),
    ],
    rule: 'power_levels',
  },
  {
    title: 'the first power levels may have any level',
    room: (version) => new ExampleRoom(version).members({ [alice]: 'join', [bob]: 'join' }),
    allowed: () => [state(bob, 'm.room.power_levels', { ban: 1000, users: { [bob]: 500 } })],
    refused: () => [state(bob, 'm.room.power_levels', { users: { bob: 500 } })],
    rule: 'power_levels',
  },
  {
    title: 'nobody changes a level that is above the own one, or sets one above it',
    room: editable,
    allowed: (room) => [
      set(room, mod, {}),
      set(room, mod, { ban: 40 }),
      set(room, mod, { redact: 50 }),
      set(room, mod, { events: { 'm.room.power_levels': 50, 'm.room.name': 10, 'm.room.topic': 80, x: 50 } }),
      set(room, mod, { events: { 'm.room.power_levels': 50, 'm.room.topic': 80 } }),
      set(room, mod, { notifications: { room: 20, other: 80 } }),
    ],
    refused: (room) => [
      set(room, mod, { ban: 51 }),
      set(room, mod, { kick: 50 }),
      set(room, mod, { kick: undefined }),
      set(room, mod, { redact: 51 }),
      set(room, mod, { events: { 'm.room.power_levels': 50, 'm.room.name': 50 } }),
      set(room, mod, { events: { 'm.room.power_levels': 50, 'm.room.name': 50, 'm.room.topic': 50 } }),
      set(room, mod, { events: { 'm.room.power_levels': 50, 'm.room.name': 51, 'm.room.topic': 80 } }),
      set(room, mod, { events: { 'm.room.power_levels': 50, 'm.room.name': 50, 'm.room.topic': 80, x: 51 } }),
    ],
    rule: 'power_levels',
  },
  {
    title: 'the levels of notifications are guarded in the same way',
    since: 6,
    room: editable,
    allowed: (room) => [set(room, mod, { notifications: { room: 20, other: 80 } })],
    refused: (room) => [
      set(room, mod, { notifications: { room: 51, other: 80 } }),
      set(room, mod, { notifications: { room: 50 } }),
      set(room, mod, { notifications: undefined }),
    ],
    rule: 'power_levels',
  },
  {
    title: 'notifications are not guarded in early versions',
    until: 5,
    room: editable,
    allowed: (room) => [set(room, mod, { notifications: { room: 100 } })],
    refused: (room) => [set(room, mod, { ban: 100 })],
    rule: 'power_levels',
  },
  {
    title: 'a user changes the levels of users below, up to the own one, and the own one down',
    room: (version) =>
      editable(version).levels(
        { events: { 'm.room.power_levels': 50 } },
        { [mod]: 50, [bob]: 20, '@peer:example.org': 50, '@boss:example.org': 90 },
      ),
    allowed: (room) => [
      setUsers(room, mod, { [bob]: 50 }),
      setUsers(room, mod, { [bob]: undefined }),
      setUsers(room, mod, { [carol]: 50 }),
      setUsers(room, mod, { [mod]: 10 }),
      setUsers(room, mod, { [mod]: undefined }),
    ],
    refused: (room) => [
      setUsers(room, mod, { [bob]: 51 }),
      setUsers(room, mod, { [carol]: 51 }),
      setUsers(room, mod, { [mod]: 51 }),
      setUsers(room, mod, { '@peer:example.org': 49 }),
      setUsers(room, mod, { '@peer:example.org': undefined }),
      setUsers(room, mod, { '@boss:example.org': 50 }),
    ],
    rule: 'power_levels',
  },
  {
    title: 'a redaction needs the level of its type alone',
    room: usual,
    allowed: (room) => [{ type: 'm.room.redaction', sender: bob, redacts: room.create.eventId }],
    refused: (room) => {
      room.levels({ events: { 'm.room.redaction': 10 } })
      return [{ type: 'm.room.redaction', sender: bob, redacts: room.create.eventId }]
    },
    rule: 'level',
  },
]

/** Members that are undefined would not be in the JSON of an event. */
const clean = (draft: Draft): Draft => JSON.parse(JSON.stringify(draft))

describe.each(ROOM_VERSIONS.map(Number))('in room version %i', (version) => {
  for (const { title, since = 0, until = 12, room, allowed, refused, rule } of cases) {
    if (version < since || version > until) continue
    test(title, () => {
      const first = room(version)
      const granted = allowed(first).map((draft) => first.judge(first.pdu(clean(draft))))
      expect(granted).toEqual(granted.map(() => 'allowed'))
      expect(granted.length).toBeGreaterThan(0)
      const second = room(version)
      const denied = refused(second).map((draft) => second.judge(second.pdu(clean(draft))))
      expect(denied).toEqual(denied.map(() => rule))
      expect(denied.length).toBeGreaterThan(0)
    })
  }

  test('a room without its create event allows nothing', () => {
    const room = populated(version)
    const empty = { event: () => undefined }
    expect(room.judge(room.pdu({ sender: alice }), { state: empty })).toBe('room')
  })

  test('a redaction takes effect by its level, or on events of the own server', () => {
    const room = populated(version).members({ [eve]: 'join' })
    const levels = new PowerLevels(room.version, room)
    const applies = (sender: string, target: string) =>
      redactionApplies(room.pdu({ sender }), room.pdu({ sender: target }), levels)
    expect(applies(mod, eve)).toBeTrue()
    expect(applies(bob, alice)).toBeTrue()
    expect(applies(bob, eve)).toBeFalse()
    expect(applies(eve, bob)).toBeFalse()
  })
})
