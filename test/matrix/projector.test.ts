// How the projector works beside reads and acts, over a real store on both databases.
import { describe, expect, test } from 'bun:test'
import type { Account } from '../../src/core/kernel/entities'
import { AppError, type Trouble } from '../../src/core/kernel/errors'
import { toMicros } from '../../src/core/kernel/time'
import { Pace } from '../../src/core/kernel/turns'
import { channelEvent, memberEvent } from '../../src/core/log/events'
import { Projector } from '../../src/core/matrix/projector/projector'
import { Users } from '../../src/core/matrix/users'
import { systemTurns } from '../../src/platform'
import { matrixHtml } from '../../src/platform/matrix-html'
import { sha256, verifyEd25519 } from '../../src/platform/matrix-signatures'
import { type EngineName, engines, openEngine } from '../store/engines'
import { SERVER, user } from './projected'

/** A store with a channel and a member, and a projector over it that works when it is told to. */
async function scene(
  name: EngineName,
  first: { readonly name?: string; readonly at?: number; readonly uuid?: string } = {},
) {
  const engine = await openEngine(name)
  const { store } = engine
  const reports: unknown[] = []
  const projector = new Projector({
    ...{ store, serverName: SERVER, sha256, verify: verifyEd25519, html: matrixHtml },
    users: new Users(store, SERVER),
    head: () => head,
    systemName: () => first.name ?? 'Server',
    newRooms: () => ({ version: '11', federate: false }),
    run: (_, work) => store.transact(work),
    timer: (run, milliseconds) => {
      const timer = setTimeout(run, milliseconds)
      return () => clearTimeout(timer)
    },
    report: (fault) => reports.push(fault),
    pace: new Pace(systemTurns, engine.clock, (fault) => reports.push(fault)),
  })
  let head = 0
  store.onCommit((events) => {
    head = events.at(-1)?.seq ?? head
  })
  await projector.begin()
  if (first.at !== undefined) engine.clock.set(toMicros(first.at * 1000))
  const { alice, channel } = await store.transact(async (tx) => {
    const fields = { kind: 'human', email: null, passwordHash: null, isAdmin: false } as const
    const alice = await tx.insertAccount({ ...fields, handle: 'alice', displayName: 'Alice' })
    const channel = await tx.insertChannel({ slug: 'town', name: 'Town', description: null, kind: 'public' })
    await tx.append(channelEvent('channel.created', channel), null)
    const joined = await tx.append(memberEvent('member.joined', channel, alice, { role: 'member' }), alice)
    await tx.insertMembership(alice.id, channel.id, 'member', joined)
    return { alice, channel }
  })
  // Only SQLite stores a uuid as bytes.
  if (first.uuid !== undefined) await engine.sql(`UPDATE channels SET uuid = x'${first.uuid}'`)
  return {
    ...{ engine, store, projector, reports, alice, channel },
    actor: { via: 'session', account: alice } as never,
    get head() {
      return head
    },
    /** Appends rows from which no event follows. */
    rows: (count: number) =>
      store.transact((tx) =>
        tx.appendAll(
          Array.from({ length: count }, () => ({
            body: channelEvent('thread.continued', channel, {}),
            actor: null,
          })),
        ),
      ),
    types: async () =>
      (
        await store.reads
          .matrix()
          .eventsBetween(channel.id, { after: 0, before: 1e12, order: 'asc', limit: 99 })
      ).map(({ type }) => type),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

const message = (account: Account, body: string) => ({
  ...{ type: 'm.room.message', sender: user(account.handle), ts: 1 },
  content: { msgtype: 'm.text', body },
})

async function refusal(promise: Promise<unknown>): Promise<AppError | undefined> {
  try {
    await promise
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  return undefined
}

test('the first events of a room are those of the published vectors', async () => {
  await using here = await scene('sqlite', {
    name: 'Synapse',
    at: 1_795_235_400_000,
    uuid: '0197a1b2c3d47e5f8a6b0c1d2e3f4a5b',
  })
  await here.projector.step()
  const page = { after: 0, before: 1e12, order: 'asc', limit: 3 } as const
  const [create, join, levels] = await here.store.reads.matrix().eventsBetween(here.channel.id, page)
  expect(create?.eventId).toBe('$CJlG8kmJl6iPoHM16EQN54C2NCdh_wZ4bzuSEQQu2zc')
  expect(join?.eventId).toBe('$mkaLvd_zZN2Qi3NtNZcN3pigd-7henJB3uZkL1KgMNg')
  const content = JSON.stringify(JSON.parse(levels?.json ?? '{}').content)
  expect(Bun.SHA256.hash(content, 'hex')).toBe(
    '307568dc57b6e014fb733b89d7ce2e4dfb7ba90789acef6cf3bb3cef5356ff9c',
  )
})

describe.each(engines)('on %s', (name) => {
  test('an act finds every row before it projected, and its own rows are projected at its end', async () => {
    await using here = await scene(name)
    const { projector, actor, channel, alice, store } = here
    const added = await projector.act(actor, async ({ tx, batch, rooms }) => {
      const needed = new Map([[channel.id, [user('alice')]]])
      const room = (await rooms.open(tx.matrix(), needed)).get(channel.id)
      if (!room) throw new Error('the room is not there')
      expect(room.membershipOf(user('alice'))).toBe('join')
      const row = await tx.append(channelEvent('matrix.event', channel, { type: 'm.room.message' }), alice)
      const event = batch.add(room, row.seq, message(alice, 'from Matrix'))
      const left = await tx.append(memberEvent('member.left', channel, alice, { by: 'self' }), alice)
      return [event.pos, row.seq, left.seq]
    })
    expect(added[0]).toBe((added[1] ?? 0) * 64)
    expect((await here.types()).slice(-2)).toEqual(['m.room.message', 'm.room.member'])
    expect(await store.reads.projectionPosition('matrix')).toBe(here.head)
    expect((await store.reads.matrix().member(user('alice'), channel.id))?.membership).toBe('leave')
  })

  test('an event that the room does not allow refuses the act, and nothing of it is stored', async () => {
    await using here = await scene(name)
    const { projector, actor, channel, alice } = here
    const refused = await refusal(
      projector.act(actor, async ({ tx, batch, rooms }) => {
        const needed = new Map([[channel.id, [user('alice')]]])
        const room = (await rooms.open(tx.matrix(), needed)).get(channel.id)
        if (!room) throw new Error('the room is not there')
        const row = await tx.append(channelEvent('matrix.event', channel, { type: 'm.room.name' }), alice)
        batch.add(room, row.seq, {
          ...message(alice, ''),
          type: 'm.room.name',
          stateKey: '',
          content: { name: 'X' },
        })
      }),
    )
    expect(refused?.reason).toBe('m_forbidden')
    await projector.step()
    expect((await here.types()).filter((type) => type === 'm.room.name')).toHaveLength(1)
    // The state that was not stored is not used for the next act.
    const content = await projector.act(actor, async ({ tx, rooms }) => {
      const room = (await rooms.open(tx.matrix(), new Map([[channel.id, []]]))).get(channel.id)
      return room?.content('m.room.name')
    })
    expect(content).toEqual({ name: 'Town' })
  })

  test('a read waits until what was committed before it is projected', async () => {
    await using here = await scene(name)
    const { projector } = here
    const order: string[] = []
    const reading = projector.projected().then(() => order.push('read'))
    expect(projector.isWanted).toBe(true)
    await projector.step()
    order.push('projected')
    await reading
    expect(order).toContain('read')
    expect(projector.isWanted).toBe(false)
    expect(projector.lag).toBe(0)
    await projector.projected()
  })

  test('an act is refused for a moment while more than 4,096 rows are left', async () => {
    await using here = await scene(name)
    const { projector, actor, rows } = here
    for (let i = 0; i < 9; i++) await rows(500)
    const refused = await refusal(projector.act(actor, async () => 'done'))
    expect([refused?.kind, refused?.extra]).toEqual(['unavailable', { retry_after: 2 }])
    while (projector.lag > 0) await projector.step()
    expect(await projector.act(actor, async () => 'done')).toBe('done')
  })

  test('a row that cannot be projected is reported and left out, and the others are projected', async () => {
    await using here = await scene(name)
    const { projector, channel, alice, store, reports } = here
    await projector.step()
    // A version that this program does not know.
    await here.engine.sql(`UPDATE matrix_rooms SET version = '99', tip_event = '$other'`)
    await store.transact(async (tx) => {
      await tx.append(memberEvent('member.left', channel, alice, { by: 'self' }), alice)
    })
    for (let i = 0; i < 10 && projector.lag > 0; i++) await projector.step().catch(() => {})
    expect(projector.lag).toBe(0)
    expect(reports.map((fault) => (fault as Trouble).message)).toEqual([
      expect.stringContaining('(member.left) became no event of a room'),
    ])
  })
})
