// What changes while the pushers and their accounts are read.
import { describe, expect, test } from 'bun:test'
import { PushDelivery } from '../../src/core/matrix/push/delivery'
import { PushBodies } from '../../src/core/matrix/push/push-body'
import { PushScan } from '../../src/core/matrix/push/push-scan'
import { WatchedAccounts } from '../../src/core/matrix/push/watched-accounts'
import { IGNORED_USERS } from '../../src/core/matrix/reading/readers'
import { type Around, countsOver } from './counting'
import { type HandMade, handMade, idOf } from './rooms-by-hand'

/** Holds back the first answer to a question of one name. */
function holdingBack(held: string) {
  const asked: (readonly unknown[])[] = []
  const answer = Promise.withResolvers<void>()
  const around: Around = async (name, ask, given) => {
    const found = await ask()
    if (name !== held) return found
    asked.push(given)
    if (asked.length === 1) await answer.promise
    return found
  }
  return { around, asked, answer: answer.resolve }
}

/** Calls push gateways, and has no pushers. */
function delivery(hand: HandMade, around: Around): PushDelivery {
  const { core, ...counting } = countsOver(hand, around)
  const { positions } = hand.reading
  const watched = new WatchedAccounts({ core, ...counting })
  const nothing = () => {
    throw new Error('there is nothing to tell')
  }
  return new PushDelivery({
    ...{ positions, watched, core: hand.core },
    store: {
      reads: core.reads,
      transact: (work) => hand.store.transact(work),
      onMarks: (hear) => hand.store.onMarks(hear),
    },
    outbound: { call: nothing, check: nothing, isListed: nothing },
    scan: new PushScan({ core, positions, watched, ...counting }),
    bodies: new PushBodies(core),
    ...{ mayRead: async () => true, idWith: idOf, timer: nothing, announce: nothing, report: nothing },
    meters: { pushed: nothing },
  })
}

describe('a change is not missed', () => {
  test('of pushers, while those of all accounts are read for the first time', async () => {
    await using hand = await handMade('sqlite', ['ada'])
    const { around, asked, answer } = holdingBack('livePushers')
    const running = delivery(hand, around).run(new AbortController().signal)
    await Bun.sleep(20)
    const { id } = hand.actor('ada').account
    await hand.store.transact((tx) => tx.matrix().nextMx(`p${id}`))
    answer()
    await running
    expect(asked).toEqual([[], [id]])
  })

  test('of pushers, when it could not be read', async () => {
    await using hand = await handMade('sqlite', ['ada'])
    const asked: (readonly unknown[])[] = []
    let isBroken = false
    const told = delivery(hand, async (name, ask, given) => {
      if (name !== 'livePushers') return ask()
      asked.push(given)
      if (isBroken) throw new Error('the database is not there')
      return ask()
    })
    const run = () => told.run(new AbortController().signal)
    await run()
    const { id } = hand.actor('ada').account
    await hand.store.transact((tx) => tx.matrix().nextMx(`p${id}`))
    isBroken = true
    expect((await run().catch((error) => error)).message).toBe('the database is not there')
    isBroken = false
    await run()
    expect(asked).toEqual([[], [id], [undefined]])
  })

  test('of whom an account ignores, while that is read', async () => {
    await using hand = await handMade('sqlite', ['ada', 'bob'])
    const { around, answer } = holdingBack('accountDatum')
    const watched = new WatchedAccounts(countsOver(hand, around))
    const { id } = hand.actor('ada').account
    watched.add(id, idOf('ada'))
    const reading = watched.reader(id)
    await Bun.sleep(20)
    await hand.store.transact(async (tx) => {
      const mx = await tx.matrix().nextMx(`a${id}`)
      const json = JSON.stringify({ ignored_users: { [idOf('bob')]: {} } })
      await tx.matrix().setAccountDatum({ accountId: id, channelId: 0, type: IGNORED_USERS, json, mx })
    })
    watched.changed(id)
    answer()
    expect([...((await reading)?.ignored ?? [])]).toEqual([idOf('bob')])
  })
})
