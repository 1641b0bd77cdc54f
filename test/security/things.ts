import type { Cast } from './cast'
import type { Thing, Who } from './rules'

/** Nobody's and nothing's id. */
const MISSING = '0197a1b2-c3d4-7e5f-8a6b-0c1d2e3f4a5b'

/** What a call may be about, for somebody; what there is none of comes last. */
export type Things = (cast: Cast, who: Who) => Thing[]

const missing: Thing = { name: 'missing', words: { id: MISSING, handle: 'no-such-account' }, isMissing: true }

export const nothing: Things = () => [{ name: '-', words: {} }]

/** Rooms, each with a message in it; the host is in all of them, the loner in none. */
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

/** Oneself, somebody who shares a room, somebody who shares none. */
export const accounts: Things = (cast, who) => [
  ...[who.name, 'host', 'loner'].flatMap((name) => {
    const person = cast.people.get(name)
    return person ? [{ name, words: { handle: name, id: person.id }, isNear: name !== 'loner' }] : []
  }),
  missing,
]

/** Accounts of agents. */
export const agents: Things = (cast, who) => accounts(cast, who).filter(({ name }) => name !== who.name)

/** What of a person there is an own one of, one of another person, and none of. */
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

/** Personal ones, and that of an agent. */
export const tokens: Things = (cast, who) => [
  { name: 'token of host', words: { id: cast.host.tokenId } },
  ...ofPeople('token')(cast, who),
]

/** What was ended before, so that to end it again changes nothing. */
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
