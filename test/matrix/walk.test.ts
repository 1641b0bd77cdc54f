// Random histories of rooms, and clients that read along with random limits, filters, gaps, lost answers and restarts of
// the server: what a client has put together is what a plain model says that its user sees, each event once and in order,
// with the state as it is.
import { expect, test } from 'bun:test'
import { engines } from '../store/engines'
import { Chance } from '../support/chance'
import { type HandMadeRoom, handMade, idOf } from './rooms-by-hand'
import { type Habits, History, knownState, storedIn, Walker, wantedState } from './walking'

/** `WALK_STEPS=2000` searches longer, `WALK_SEED` repeats a finding. */
const STEPS = Number(process.env['WALK_STEPS'] ?? 120)
const SEED = Number(process.env['WALK_SEED'] ?? 20_261_201)

const PEOPLE = ['ada', 'bob', 'carol', 'eve'] as const
const VISIBILITIES = ['world_readable', 'shared', 'invited', 'joined'] as const
const MESSAGES = ['m.room.message']

const HABITS: readonly Habits[] = [
  { limit: 10, types: undefined, lazy: false, stateAfter: undefined },
  { limit: 2, types: undefined, lazy: false, stateAfter: 'state_after' },
  { limit: 3, types: undefined, lazy: true, stateAfter: undefined },
  { limit: 1, types: undefined, lazy: true, stateAfter: 'state_after' },
  { limit: 2, types: MESSAGES, lazy: false, stateAfter: undefined },
  { limit: 4, types: MESSAGES, lazy: true, stateAfter: undefined },
  { limit: 0, types: undefined, lazy: false, stateAfter: undefined },
]

test.each(engines)(
  'clients that walk through random rooms on %s know each event once, and the state',
  async (engine) => {
    await using hand = await handMade(engine, PEOPLE)
    const chance = new Chance(SEED)
    const one = <T>(list: readonly T[]): T => list[chance.below(list.length)] as T
    const eve = idOf('eve')
    const ignoring = await hand.store.transact(async (tx) => {
      const { id } = hand.actor('carol').account
      const json = JSON.stringify({ ignored_users: { [eve]: {} } })
      const mx = await tx.matrix().nextMx(`a${id}`)
      await tx
        .matrix()
        .setAccountDatum({ accountId: id, channelId: 0, type: 'm.ignored_user_list', json, mx })
      return 'carol'
    })
    const rooms: { readonly room: HandMadeRoom; readonly history: History }[] = []
    for (const visibility of [one(VISIBILITIES), one(VISIBILITIES)]) {
      const room = await hand.room('ada', [
        { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
        // A room without a name names its members in its summary.
        { type: 'm.room.name', stateKey: '', content: { name: 'Garden' } },
        {
          type: 'm.room.history_visibility',
          stateKey: '',
          content: { history_visibility: visibility },
        },
      ])
      const history = new History()
      history.add(...(await storedIn(hand, room)))
      rooms.push({ room, history })
    }
    const walkers = ['bob', 'carol'].flatMap((name, person) =>
      HABITS.map((habits, i) => new Walker(hand, name, 100 * (person + 1) + i, habits)),
    )

    const happens = async (step: number) => {
      const { room, history } = one(rooms)
      const is = (name: string) => history.membershipOf(idOf(name))
      const inside = PEOPLE.filter((name) => is(name) === 'join')
      const name = one(PEOPLE)
      const roll = chance.below(20)
      if (roll < 11) return history.add(await room.says(one(inside), `message ${step}`))
      if (roll < 13) return history.add(await room.sets('ada', 'm.room.topic', { topic: `topic ${step}` }))
      if (roll < 14)
        return history.add(
          await room.sets('ada', 'm.room.history_visibility', { history_visibility: one(VISIBILITIES) }),
        )
      if (name === 'ada') return history.add(await room.member('ada', 'join'))
      const now = is(name)
      if (now === 'ban') return history.add(await room.member(name, 'leave', 'ada'))
      if (now === 'join' && roll < 16) return history.add(await room.member(name, 'join'))
      if (now === 'join')
        return history.add(
          roll < 19 ? await room.member(name, 'leave') : await room.member(name, 'ban', 'ada'),
        )
      if (now !== 'invite' && roll < 16) return history.add(await room.member(name, 'invite', 'ada'))
      return history.add(await room.member(name, 'join'))
    }

    const check = async (walker: Walker, step: number) => {
      const { name, habits } = walker
      const where = `${name} ${JSON.stringify(habits)}, step ${step}, seed ${SEED}`
      await walker.ask({ isLost: false, isRestarted: chance.below(4) === 0 })
      for (const { room, history } of rooms) {
        const known = walker.rooms.get(room.id)
        const isIn = history.membershipOf(idOf(name)) === 'join'
        expect([where, known !== undefined]).toEqual([where, isIn])
        if (!known) continue
        const seen = history.seenBy(idOf(name), name === ignoring ? eve : undefined, habits.types)
        expect([where, ...known.events]).toEqual([where, ...seen])
        expect([where, ...knownState(history, known, habits)]).toEqual([
          where,
          ...wantedState(history, known, habits),
        ])
        if (habits.types === undefined && chance.below(4) === 0)
          expect(await walker.forwards(room.id, 1 + chance.below(5)), where).toEqual(seen)
      }
    }

    for (let step = 0; step < STEPS; step++) {
      await happens(step)
      const walker = one(walkers)
      const roll = chance.below(10)
      if (roll < 2) await walker.ask({ isLost: true, isRestarted: false })
      else if (roll < 7) await check(walker, step)
    }
    for (const walker of walkers) await check(walker, STEPS)
  },
  240_000,
)
