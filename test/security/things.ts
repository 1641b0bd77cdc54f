import type { Cast } from './cast'
import type { Thing, Who } from './rules'

/** An id that belongs to no object. */
const MISSING = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

/** The subjects of a call for a caller; a missing subject comes last. */
export type Things = (cast: Cast, who: Who) => Thing[]

const missing: Thing = { name: 'missing', words: { id: MISSING, handle: 'no-such-account' }, isMissing: true }

export const nothing: Things = () => [{ name: '-', words: {} }]

/** Rooms with a message each; the host is a member of all, the loner of none. */
export const rooms: Things = (cast, who) => [
  ...cast.placesOf(who).map(({ id, message, ...room }) => ({
    name: room.slug,
    words: { slug: room.slug, id, message, ...hostAndLoner(cast) },
    room,
  })),
  {
    name: 'nowhere',
    words: { slug: 'nowhere', id: MISSING, message: MISSING, ...hostAndLoner(cast) },
    room: { slug: 'nowhere', kind: 'none', isArchived: false },
    isMissing: true,
  },
]

const hostAndLoner = ({ people }: Cast) => ({
  host: people.get('host')?.id ?? '',
  loner: people.get('loner')?.id ?? '',
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
export const archivedAccount: Things = ({ people }) => [
  { name: 'archived account', words: { id: people.get('token-of-archived')?.id ?? '' } },
  missing,
]
export const archivedRooms: Things = (cast, who) =>
  rooms(cast, who).filter(({ room, isMissing }) => isMissing || room?.isArchived)
export const liveRooms: Things = (cast, who) => rooms(cast, who).filter(({ room }) => !room?.isArchived)

export const settings: Things = () => [
  { name: 'wait.max_s', words: { key: 'wait.max_s' } },
  { name: 'no setting', words: { key: 'no.setting' }, isMissing: true },
]
