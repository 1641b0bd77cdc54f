// A client that folds the answers of `/sync` has the room as it is, whatever happens and however little it is shown.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { engines } from '../store/engines'
import { type HandMade, type HandMadeRoom, handMade, idOf } from './rooms-by-hand'
import type { ClientEvent, RoomAnswer, SyncAnswer } from './syncing'

// The first test on Postgres starts a server that all of them share.
setDefaultTimeout(180_000)

const PEOPLE = ['ada', 'bob', 'carol'] as const
const READER = 'bob'
const BEGINNING = undefined

type Step =
  | { readonly is: 'says'; readonly who: string }
  | { readonly is: 'sets'; readonly type: string; readonly n: number }
  | { readonly is: 'member'; readonly who: string; readonly membership: string }
  | { readonly is: 'sync'; readonly limit: number }

const who = fc.constantFrom(...PEOPLE)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ is: fc.constant('says' as const), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant('sets' as const),
      type: fc.constantFrom('m.room.name', 'm.room.topic', 'org.example.thing'),
      n: fc.nat(3),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('member' as const),
      who,
      membership: fc.constantFrom('join', 'leave', 'invite', 'kick', 'ban', 'unban'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ is: fc.constant('sync' as const), limit: fc.integer({ min: 1, max: 4 }) }),
  },
)

/** What a client knows of one room. */
class Client {
  since: string | undefined = BEGINNING
  readonly state = new Map<string, string>()
  readonly timeline: string[] = []
  isIn = false
  readonly members = new Set<string>()

  constructor(
    private readonly s: HandMade,
    private readonly room: HandMadeRoom,
    private readonly options: { readonly after: boolean; readonly lazy: boolean },
  ) {}

  async sync(limit: number): Promise<void> {
    const { after, lazy } = this.options
    const filter = { room: { timeline: { limit }, state: { lazy_load_members: lazy } } }
    const request = {
      since: this.since,
      filter: JSON.stringify(filter),
      stateAfter: after ? ('state_after' as const) : undefined,
    }
    // Before the other one, which notes which members the device was sent.
    const fromStore = lazy ? undefined : await this.s.syncAfterStart(READER, request)
    const answer = await this.s.sync(READER, request)
    if (fromStore) expect(answer).toEqual(fromStore)
    await this.fold(answer)
    this.since = answer.next_batch
  }

  private async fold({ rooms }: SyncAnswer): Promise<void> {
    const joined = rooms.join[this.room.id]
    const left = rooms.leave[this.room.id]
    if (joined && left) throw new Error('a room is both joined and left')
    // Who has left and is invited again is shown the invite alone.
    if (rooms.invite[this.room.id]) this.isIn = false
    const shown = joined ?? left
    if (shown) await this.foldRoom(shown, joined !== undefined)
  }

  private async foldRoom(shown: RoomAnswer, isIn: boolean): Promise<void> {
    // Who comes back is shown all state, and the history as of the leave may have grown.
    if (!this.isIn) {
      this.state.clear()
      this.timeline.length = 0
    }
    const { timeline, state, state_after: stateAfter } = shown
    const stated = (this.options.after ? stateAfter : state)?.events ?? []
    if (!this.options.after) {
      const both = timeline.events.filter(({ event_id: id }) => stated.some((event) => event.event_id === id))
      expect(both).toEqual([])
    }
    this.apply(stated)
    if (!this.options.after) this.apply(timeline.events)
    // Who was never in the room has no history of it.
    if (timeline.limited && (isIn || this.isIn)) await this.fill(timeline.prev_batch)
    this.timeline.push(...timeline.events.map(({ event_id: id }) => id))
    if (isIn && this.options.lazy)
      for (const { sender } of timeline.events) expect([...this.members]).toContain(sender)
    this.isIn = isIn
  }

  private apply(events: readonly ClientEvent[]): void {
    for (const { type, state_key: key, event_id: id } of events) {
      if (key === undefined) continue
      this.state.set(`${type} ${key}`, id)
      if (type === 'm.room.member') this.members.add(key)
    }
  }

  /** Reads what is missing between the last answer and this one. */
  private async fill(from: string): Promise<void> {
    const missing: string[] = []
    const known = new Set(this.timeline)
    for (let token: string | undefined = from; token !== undefined; ) {
      const page: { chunk: readonly ClientEvent[]; end?: string } = (await this.s.reading.history.messages(
        this.s.actor(READER),
        this.room.id,
        { direction: 'b', from: token, to: undefined, limit: 3, filter: undefined },
      )) as never
      const fresh = page.chunk.filter(({ event_id: id }) => !known.has(id))
      missing.unshift(...fresh.map(({ event_id: id }) => id).toReversed())
      token = fresh.length < page.chunk.length ? undefined : page.end
    }
    this.timeline.push(...missing)
  }
}

async function act(room: HandMadeRoom, step: Exclude<Step, { is: 'sync' }>): Promise<void> {
  const attempt = () => {
    switch (step.is) {
      case 'says':
        return room.says(step.who, 'hello')
      case 'sets':
        return room.sets('ada', step.type, { n: step.n })
      case 'member': {
        const { who, membership } = step
        if (membership === 'join') return room.member(who, 'join')
        if (membership === 'leave') return who === 'ada' ? undefined : room.member(who, 'leave')
        if (who === 'ada') return undefined
        return room.member(who, membership === 'kick' || membership === 'unban' ? 'leave' : membership, 'ada')
      }
    }
  }
  try {
    await attempt()
  } catch (error) {
    // The room does not allow everything.
    if ((error as { reason?: string }).reason !== 'm_forbidden') throw error
  }
}

async function check(s: HandMade, client: Client, room: HandMadeRoom, lazy: boolean): Promise<void> {
  if (!client.isIn) return
  const reader = s.actor(READER)
  const actual = await s.reading.states.state(reader, room.id)
  const keyed = actual.map((event): [string, string] => [
    `${event['type']} ${event['state_key']}`,
    String(event['event_id']),
  ])
  // With lazy members a client knows some of them, and of these the newest event.
  const expected = keyed.filter(
    ([key]) => !lazy || !key.startsWith('m.room.member ') || client.state.has(key),
  )
  const sorted = (entries: readonly (readonly [string, string])[]) => entries.map(String).sort()
  expect(sorted([...client.state])).toEqual(sorted(expected))
  expect(client.state.has(`m.room.member ${idOf(READER)}`)).toBe(true)
  const all = (await s.reading.history.messages(reader, room.id, {
    ...{ direction: 'f', from: undefined, to: undefined, limit: 1000, filter: undefined },
  })) as { chunk: readonly ClientEvent[] }
  expect(client.timeline).toEqual(all.chunk.map(({ event_id: id }) => id))
}

const variants = [
  { after: false, lazy: false },
  { after: true, lazy: false },
  { after: false, lazy: true },
  { after: true, lazy: true },
]

describe.each(engines)('on %s', (engine) => {
  const runs = engine === 'sqlite' ? 60 : 8
  test.each(variants)('folded answers are the state and the whole history (%p)', async (options) => {
    await using s = await handMade(engine, PEOPLE)
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.constantFrom('shared', 'joined', 'invited', 'world_readable'),
      async (steps, visibility) => {
        const room = await s.room('ada', [
          { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
          { type: 'm.room.history_visibility', stateKey: '', content: { history_visibility: visibility } },
        ])
        const client = new Client(s, room, options)
        for (const step of [...steps, { is: 'sync', limit: 2 } as const])
          if (step.is === 'sync') {
            await client.sync(step.limit)
            await check(s, client, room, options.lazy)
          } else await act(room, step)
      },
    )
    await fc.assert(property, { numRuns: runs })
  })
})
