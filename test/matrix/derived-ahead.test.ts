// Events that are derived before the transaction which writes them, over a real store on both databases.
import { describe, expect, test } from 'bun:test'
import { channelEvent, memberEvent } from '../../src/core/log/events'
import { Projector, type ProjectorParts } from '../../src/core/matrix/projector/projector'
import { Users } from '../../src/core/matrix/users'
import { matrixHtml } from '../../src/platform/matrix-html'
import { sha256, verifyEd25519 } from '../../src/platform/matrix-signatures'
import { type EngineName, engines, openEngine } from '../store/engines'
import { annAndHerRooms, post } from '../store/scene'
import { SERVER, user } from './projected'

/** Ann and her rooms, which have their first events, and projectors over the store. */
async function scene(name: EngineName) {
  const engine = await openEngine(name)
  const { store } = engine
  const counted = { made: 0, refused: 0 }
  let head = 0
  store.onCommit((events) => {
    head = events.at(-1)?.seq ?? head
  })
  const projector = async (
    turn: () => Promise<void> = async () => {},
    transact: typeof store.transact = (work, options) => store.transact(work, options),
  ) => {
    const parts: ProjectorParts = {
      ...{
        store: withTransact(store, transact),
        serverName: SERVER,
        sha256,
        verify: verifyEd25519,
        html: matrixHtml,
      },
      users: new Users(store, SERVER),
      head: () => head,
      systemName: () => 'Server',
      newRooms: () => ({ version: '11', federate: false }),
      run: (_, work) => store.transact(work),
      timer: () => () => {},
      meters: {
        made: (events) => {
          counted.made += events
        },
        refused: () => {
          counted.refused++
        },
        synced: () => {},
        pushed: () => {},
      },
      report: (fault) => {
        throw fault
      },
      pace: { loop: () => ({ turn: () => turn().then(() => true), did: () => {} }) },
    }
    const made = new Projector(parts)
    await made.begin()
    return made
  }
  const rooms = await annAndHerRooms(store)
  const first = await projector()
  while (first.lag > 0) await first.step()
  const idsIn = async (channelId: number) => {
    const page = { after: 0, before: 1e12, order: 'asc', limit: 999 } as const
    return (await store.reads.matrix().eventsBetween(channelId, page)).map(({ eventId }) => eventId)
  }
  const ids = async () => [await idsIn(rooms.plans.id), await idsIn(rooms.lunch.id)]
  return {
    ...{ ...rooms, store, projector, ids, counted, actor: { via: 'session', account: rooms.ann } as never },
    /** Runs a transaction twice, as when another act of its group has failed. */
    twice: (async (work, options) => {
      const first = store.transact(async (tx) => {
        await work(tx)
        throw new Error('rolled back')
      })
      await first.catch(() => {})
      return store.transact(work, options)
    }) satisfies typeof store.transact,
    posts: async (count: number) => {
      for (let i = 0; i < count; i++) {
        const channel = i % 3 === 0 ? rooms.lunch : rooms.plans
        await post(store, { sender: rooms.ann, channel, body: `message ${i}` })
      }
    },
    /** Forgets all rooms. */
    reset: async () => {
      for (const table of ['events', 'rooms', 'state', 'state_log', 'members', 'aliases'])
        await engine.sql(`DELETE FROM matrix_${table}`)
      await engine.sql(`DELETE FROM projections WHERE name = 'matrix'`)
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

/** A store that runs transactions in another way. */
function withTransact<Kind extends object>(store: Kind, transact: unknown): Kind {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = name === 'transact' ? transact : Reflect.get(target, name, target)
      return typeof member === 'function' && name !== 'transact' ? member.bind(target) : member
    },
  })
}

describe.each(engines)('on %s', (name) => {
  test('events have the same ids whether they are derived before the transaction or in it', async () => {
    await using here = await scene(name)
    await here.posts(40)
    let turns = 0
    const ahead = await here.projector(async () => {
      turns++
    })
    while (ahead.lag > 0) await ahead.step()
    expect(turns).toBe(40)
    const derived = await here.ids()
    expect(derived.map((ids) => ids.length)).toEqual([11 + 26, 11 + 14])

    await here.reset()
    const within = await here.projector()
    await within.act(here.actor, async () => {})
    expect(await here.ids()).toEqual(derived)
  })

  test('a transaction that is rolled back and run again writes the same events', async () => {
    await using here = await scene(name)
    const before = await here.ids()
    await here.posts(12)
    here.counted.made = 0
    const projector = await here.projector(undefined, here.twice)
    while (projector.lag > 0) await projector.step()
    expect(here.counted.made).toBe(12)
    const after = await here.ids()
    expect(after.map((ids, i) => ids.length - (before[i]?.length ?? 0))).toEqual([8, 4])

    await here.reset()
    const within = await here.projector()
    await within.act(here.actor, async () => {})
    expect(await here.ids()).toEqual(after)
  })

  test('an act that is run again counts what it makes, and what is refused, once', async () => {
    await using here = await scene(name)
    const { counted, plans } = here
    const projector = await here.projector(undefined, here.twice)
    const noteBy = (sender: string) =>
      projector.actTogether(async ({ tx, batch, rooms }) => {
        const needed = new Map([[plans.id, [sender]]])
        const room = (await rooms.open(tx.matrix(), needed)).get(plans.id)
        if (!room) throw new Error('the room is gone')
        const { seq } = await tx.append(
          channelEvent('matrix.event', plans, { type: 'org.example.note' }),
          null,
        )
        batch.add(room, seq, { type: 'org.example.note', content: {}, sender, ts: 0 })
      })
    counted.made = 0
    await noteBy(user('ann'))
    expect(counted).toEqual({ made: 1, refused: 0 })
    expect((await noteBy(user('nobody')).catch((error) => error)).reason).toBe('m_forbidden')
    expect(counted).toEqual({ made: 1, refused: 1 })
  })

  test('an act between the derivation and its transaction makes the events, and none is made twice', async () => {
    await using here = await scene(name)
    const { ann, plans, store } = here
    const acting = await here.projector()
    await here.posts(9)
    const race = await here.projector(async () => {
      if (acting.lag === 0) return
      await acting.act(here.actor, async ({ tx }) => {
        await tx.append(memberEvent('member.left', plans, ann, { by: 'self' }), ann)
      })
    })
    await race.step()
    while (race.lag > 0) await race.step()
    expect((await store.reads.matrix().member(user('ann'), plans.id))?.membership).toBe('leave')
    // What was derived in vain is no part of the room for the next events.
    await here.posts(3)
    while (race.lag > 0) await race.step()
    const page = { after: 0, before: 1e12, order: 'asc', limit: 99 } as const
    const events = await store.reads.matrix().eventsBetween(plans.id, page)
    const bodies = events.flatMap(({ json }) => JSON.parse(json).content.body ?? [])
    expect(bodies).toEqual([1, 2, 4, 5, 7, 8, 1, 2].map((i) => `message ${i}`))
    for (const [i, { json }] of events.entries())
      expect(JSON.parse(json).prev_events).toEqual(i === 0 ? [] : [events[i - 1]?.eventId])
  })

  test('what the row of a room says beside its newest event stays as others have written it meanwhile', async () => {
    await using here = await scene(name)
    await here.posts(3)
    const { store, plans } = here
    const projector = await here.projector(() =>
      store.transact(async (tx) => {
        const room = await tx.matrix().room({ channelId: plans.id })
        if (room) await tx.matrix().writeRooms([{ ...room, published: true }])
      }),
    )
    await projector.step()
    const room = await store.reads.matrix().room({ channelId: plans.id })
    expect(room?.published).toBe(true)
    expect(room?.tipEvent).toBe((await here.ids())[0]?.at(-1) ?? '')
  })
})
