import type { Cast } from './cast'
import { administrates, MISSING, type Place, type Thing, type Who } from './rules'

/** The subjects of a call for a caller; a missing subject comes last. */
export type Things = (cast: Cast, who: Who) => Thing[]

const missing: Thing = { name: 'missing', words: { id: MISSING, handle: 'no-such-account' }, isMissing: true }

export const nothing: Things = () => [{ name: '-', words: {} }]

/** A pause, a webhook and a delivery that are not there. */
export const lost: Things = () => [
  { name: 'lost', words: { pause: MISSING, webhook: MISSING, delivery: MISSING } },
]

/** Rooms with a message and a deleted message each, both of the host. The host is a member of all, the loner of none. */
export const rooms: Things = (cast, who) => [
  ...cast.placesOf(who).map(({ id, message, tombstone, attachment, claim, approval, ...room }) => ({
    name: room.slug,
    words: { slug: room.slug, id, message, tombstone, attachment, claim, approval, ...others(cast) },
    room,
  })),
  {
    name: 'nowhere',
    words: {
      slug: 'nowhere',
      id: MISSING,
      message: MISSING,
      tombstone: MISSING,
      attachment: MISSING,
      claim: MISSING,
      approval: MISSING,
      ...others(cast),
    },
    room: { slug: 'nowhere', kind: 'none', isArchived: false },
    isMissing: true,
  },
]

const others = ({ people }: Cast) => ({
  emoji: 'thumbs_up',
  host: people.get('host')?.id ?? '',
  loner: people.get('loner')?.id ?? '',
  a_member: 'host',
  no_member: 'loner',
})

/** The caller itself, an account that shares a room, and one that shares none. */
export const accounts: Things = (cast, who) => [
  ...[who.name, 'host', 'loner'].flatMap((name) => {
    const person = cast.people.get(name)
    return person ? [{ name, words: { handle: name, id: person.id }, isNear: name !== 'loner' }] : []
  }),
  missing,
]

/** Accounts of agents. */
export const agents: Things = (cast, who) => accounts(cast, who).filter(({ name }) => name !== who.name)

/** Objects of people: the caller's own, another person's, and a missing one. */
const ofPeople =
  (what: 'token' | 'session'): Things =>
  ({ spares }, { name }) => [
    ...[name, 'pal'].flatMap((owner) => {
      const id = spares.get(`${what} of ${owner}`)
      return id === undefined ? [] : [{ name: `${what} of ${owner}`, words: { id }, isOwn: owner === name }]
    }),
    missing,
  ]

export const sessions = ofPeople('session')

/** Personal tokens, and the token of an agent. */
export const tokens: Things = (cast, who) => [
  { name: 'token of host', words: { id: cast.host.tokenId } },
  ...ofPeople('token')(cast, who),
]

/** A token that was revoked before, so that revoking it again changes nothing. */
export const revokedToken: Things = ({ people }) => [
  { name: 'revoked token', words: { id: people.get('revoked-token')?.tokenId ?? '' } },
  missing,
]
export const revokedDevice: Things = ({ spares }) => [
  { name: 'revoked device', words: { id: spares.get('device') ?? '' } },
  missing,
]
/** Devices of others are as devices that do not exist (test/http/own-devices.test.ts). */
export const noDevice: Things = () => [missing]
export const archivedAccount: Things = ({ people }) => [
  {
    name: 'archived account',
    words: { id: people.get('token-of-archived')?.id ?? '', handle: 'token-of-archived' },
  },
  missing,
]
export const archivedRooms: Things = (cast, who) =>
  rooms(cast, who).filter(({ room, isMissing }) => isMissing || room?.isArchived)
/** Rooms that the caller may join without a change: without public ones that it is not in. */
export const joinedRooms: Things = (cast, who) =>
  rooms(cast, who).filter(({ room, isMissing }) => isMissing || room?.kind !== 'public' || isIn(who, room))
/** Rooms that the caller cannot leave. */
export const lastingRooms: Things = (cast, who) =>
  rooms(cast, who).filter(({ room }) => !room || room.isArchived || room.kind === 'dm' || !isIn(who, room))

const isIn = (who: Who, { slug }: Place) => slug in who.rooms

/** Accounts with whom the caller opens no new direct channel. */
export const peers: Things = (cast, who) =>
  accounts(cast, who).filter(({ name }) => name !== 'loner' || !administrates(who))

export const liveRooms: Things = (cast, who) => rooms(cast, who).filter(({ room }) => !room?.isArchived)

export const settings: Things = () => [
  { name: 'wait.max_s', words: { key: 'wait.max_s' } },
  { name: 'no setting', words: { key: 'no.setting' }, isMissing: true },
]
