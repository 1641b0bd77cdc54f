// Many members act at once: they post, repeat posts and read in every way, while an operator grants and removes
// memberships and rotates tokens. Everything acknowledged, refused and received must be consistent. The choices follow
// from a seed, which is in the title of a failing test: TEST_SEED=<seed> repeats the last of them.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { homePaths } from '../../src/home'
import { Chance } from '../support/chance'
import { bodyOf, judge, Ledger, logOf } from '../support/ledger'
import { everythingReadable, everyWay, overPolls, Reader, type Scene, type Session } from '../support/readers'
import { type Caller, type Person, type Room, type World, world } from '../support/world'

setDefaultTimeout(120_000)

const PEOPLE = 6
const POSTS = 60
const ACTS = 80
const ROOMS = ['alpha', 'beta', 'gamma'] as const
/** A channel that all members are always in. */
const LOBBY = 'lobby'

/** What a member may do, as far as the operator knows; `changes` is a counter that tells a race from a fault. */
interface Right {
  isHeld: boolean
  changes: number
}

/** A member whose token is rotated from time to time. */
interface Member {
  readonly person: Person
  /** The headers of every request; changed in place. */
  readonly credential: { authorization: string }
  tokenId: string
  tokens: number
  readonly rights: ReadonlyMap<string, Right>
}

class Drama {
  readonly ledger = new Ledger()
  readonly wrong: string[] = []
  private goal: number | undefined
  private readonly over = Promise.withResolvers<void>()
  readonly scene: Scene

  constructor(
    readonly w: World,
    readonly chance: Chance,
    readonly rooms: ReadonlyMap<string, Room>,
    readonly members: readonly Member[],
  ) {
    this.scene = {
      ledger: this.ledger,
      url: () => w.url,
      chance,
      over: this.over.promise,
      goal: () => this.goal,
    }
  }

  async write(member: Member): Promise<void> {
    const caller = this.callerOf(member)
    for (let n = 0; n < POSTS; n++) {
      const slug = this.one([LOBBY, ...ROOMS])
      const key = `${member.person.handle}-${n}`
      const right = member.rights.get(slug)
      const before = { ...right, tokens: member.tokens }
      this.ledger.attempted(key, slug)
      const times = this.chance.below(5) === 0 ? 2 : 1
      const fields = { channel: slug, body: bodyOf(key, 'said') }
      const answers = await Promise.all(
        Array.from({ length: times }, () =>
          caller.post<{ id: string; channel: string; cursor: string; code?: string }>(
            '/v1/messages',
            fields,
            {
              'idempotency-key': key,
            },
          ),
        ),
      )
      const isSteady = before.changes === right?.changes && before.tokens === member.tokens
      for (const { status, body, text } of answers) {
        if (status === 201) this.ledger.acked(key, body)
        else if (status !== 401 && status !== 403 && status !== 404)
          this.wrong.push(`${key}: ${status} ${text}`)
        if (isSteady && (status === 201) !== before.isHeld)
          this.wrong.push(`${key}: ${status} in ${slug}, where its right was ${before.isHeld}: ${text}`)
      }
    }
  }

  /** Grants and removes memberships and rotates tokens of these members. */
  async operate(members: readonly Member[]): Promise<void> {
    for (let n = 0; n < ACTS; n++) {
      const member = this.one(members)
      if (this.chance.below(4) === 0) await this.exchangeToken(member)
      else await this.toggle(member, this.one(ROOMS))
    }
  }

  /** Reads in one way until the end. */
  read(member: Member, session: Session, types: readonly string[] | null, from: string): Promise<void> {
    const { handle } = member.person
    const reader = new Reader(this.scene, {
      name: `${handle}-${session.name}`,
      account: handle,
      credential: member.credential,
      selection: { channels: '*', types },
      rooms: [LOBBY],
      from,
    })
    return reader.read(session)
  }

  /** Posts the last message, which all members receive: a reader that has it is done. */
  async end(host: Person): Promise<void> {
    this.ledger.attempted('the-end', LOBBY)
    const { status, text, body } = await host.post<{
      id: string
      channel: string
      cursor: string
      seq: number
    }>('/v1/messages', { channel: LOBBY, body: bodyOf('the-end') })
    if (status !== 201) throw new Error(`the last word was refused: ${text}`)
    this.ledger.acked('the-end', body)
    this.goal = body.seq
    this.over.resolve()
  }

  callerOf({ credential }: Member): Caller {
    return this.w.caller(credential)
  }

  private one<Item>(of: readonly Item[]): Item {
    const item = of[this.chance.below(of.length)]
    if (item === undefined) throw new Error('nothing to choose from')
    return item
  }

  private async toggle({ person, rights }: Member, slug: string): Promise<void> {
    const right = rights.get(slug)
    const room = this.rooms.get(slug)
    if (!right || !room) throw new Error(`there is no ${slug}`)
    const { handle } = person
    right.changes++
    this.ledger.right(right.isHeld ? 'taking' : 'giving', handle, slug)
    if (right.isHeld) await this.w.leaves(person, room)
    else await this.w.joins(person, room)
    this.ledger.right(right.isHeld ? 'taken' : 'given', handle, slug)
    right.isHeld = !right.isHeld
    right.changes++
  }

  private async exchangeToken(member: Member): Promise<void> {
    const issued = await this.w.operator.post<{ id: string; token: string }>('/v1/admin/tokens', {
      account_handle: member.person.handle,
      scopes: ['channel:*:read', 'channel:*:post'],
      expires_at: null,
    })
    if (issued.status !== 201) throw new Error(`no token: ${issued.text}`)
    const old = { id: member.tokenId, caller: this.w.caller({ ...member.credential }) }
    member.tokens++
    member.credential.authorization = `Bearer ${issued.body.token}`
    member.tokenId = issued.body.id
    await this.w.operator.post(`/v1/admin/tokens/${old.id}/revoke`)
    const { status } = await old.caller.post('/v1/messages', { channel: LOBBY, body: 'by a revoked token' })
    if (status !== 401) this.wrong.push(`a revoked token of ${member.person.handle} was answered ${status}`)
  }
}

async function stage(w: World, chance: Chance): Promise<{ drama: Drama; host: Person }> {
  const rooms = new Map<string, Room>()
  for (const slug of ROOMS) rooms.set(slug, await w.channel(slug, { kind: 'private' }))
  await w.channel(LOBBY)
  const inLobby = { channels: { [LOBBY]: 'member' as const } }
  const host = await w.agent('host', inLobby)
  const members: Member[] = []
  for (let i = 0; i < PEOPLE; i++) {
    const person = await w.agent(`person-${i}`, inLobby)
    members.push({
      person,
      credential: { authorization: person.credential.authorization ?? '' },
      tokenId: person.tokenId,
      tokens: 0,
      rights: new Map([LOBBY, ...ROOMS].map((slug) => [slug, { isHeld: slug === LOBBY, changes: 0 }])),
    })
  }
  const drama = new Drama(w, chance, rooms, members)
  for (const { person } of members) drama.ledger.members(LOBBY, person.handle)
  return { drama, host }
}

describe('many members at once', () => {
  for (const seed of [1, 20_261_121, new Chance().seed])
    test(`everything acknowledged, refused and received is consistent (seed ${seed})`, async () => {
      await using w = await world({
        settings: { SYNAPSE_LOG_LEVEL: 'warning', SYNAPSE_STREAMS_PER_ACCOUNT: '50' },
      })
      const { drama, host } = await stage(w, new Chance(seed))
      const { body } = await host.get<{ head_cursor: string }>('/v1/server')
      const reading = drama.members.flatMap((member, i) =>
        everyWay.map((session, k) => {
          const types = session !== overPolls && (i + k) % 2 === 0 ? null : ['message.created']
          return drama.read(member, session, types, body.head_cursor)
        }),
      )
      const half = PEOPLE / 2
      await Promise.all([
        ...drama.members.map((member) => drama.write(member)),
        drama.operate(drama.members.slice(0, half)),
        drama.operate(drama.members.slice(half)),
      ])
      await drama.end(host)
      await Promise.all(reading)
      // A witness in all channels reads everything.
      const witness = await w.agent('witness', {
        channels: Object.fromEntries([LOBBY, ...ROOMS].map((slug) => [slug, 'member' as const])),
      })
      const readable = await everythingReadable(witness)
      expect(drama.wrong).toEqual([])
      const log = logOf(homePaths(w.home).database)
      expect(judge(drama.ledger.entries, { log, readable })).toEqual([])
      expect(readable.length).toBeGreaterThan(PEOPLE * 5)
    })
})
