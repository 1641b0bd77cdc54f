// Rooms whose events a test makes one by one, and what reads them, over a store without a server.
import type { Person } from '../../src/core/identity/actor'
import type { Account, Channel } from '../../src/core/kernel/entities'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { channelEvent } from '../../src/core/log/events'
import type { JsonObject } from '../../src/core/matrix/canonical'
import type { RoomDraft } from '../../src/core/matrix/event-batch'
import type { StoredEvent } from '../../src/core/matrix/event-ports'
import { Projector } from '../../src/core/matrix/projector/projector'
import { createReading } from '../../src/core/matrix/reading/reading'
import type { SyncRequest } from '../../src/core/matrix/sync/sync'
import { Waiters } from '../../src/core/matrix/sync/waiting'
import { Users } from '../../src/core/matrix/users'
import { matrixHtml } from '../../src/platform/matrix-html'
import { sha256, verifyEd25519 } from '../../src/platform/matrix-signatures'
import { type EngineName, openEngine } from '../store/engines'
import { makeAccount } from '../store/scene'
import { liveCore } from '../support/live-core'
import type { SyncAnswer } from './syncing'

const SERVER = 'example.org'
export const idOf = (name: string) => `@${name}:${SERVER}`

type Draft = Omit<RoomDraft, 'sender' | 'ts' | 'content'> & { readonly content?: JsonObject }

/** Opens a store with these people, who have no rooms. */
export async function handMade(engineName: EngineName, names: readonly string[]) {
  await using undo = new AsyncDisposableStack()
  const engine = undo.use(await openEngine(engineName, eventCatalogue))
  const { store, clock } = engine
  const live = undo.use(await liveCore({ store, clock }, eventCatalogue, () => 0))
  const { core } = live
  const users = new Users(store, SERVER)
  const timer = (run: () => void, milliseconds: number) => {
    const running = setTimeout(run, milliseconds)
    return () => clearTimeout(running)
  }
  const report = (fault: unknown) => {
    throw fault
  }
  const projector = new Projector({
    ...{ store, users, timer, report, sha256, verify: verifyEd25519, serverName: SERVER, html: matrixHtml },
    head: () => core.log.head,
    pace: core.pace,
    systemName: () => 'Synapse',
    newRooms: () => ({ version: '11', federate: false }),
    run: (actor, work) => core.transactions.run(actor, work),
  })
  await projector.begin()
  const readingParts = {
    ...{ core, store, waiters: new Waiters(store, timer), users, serverName: SERVER },
    transactionsOf: async () => () => undefined,
    caughtUp: () => projector.projected(),
    projected: () => projector.position,
  }
  const reading = createReading(readingParts)
  // Hears of no commit, so it begins anew with nothing in memory each time.
  const unaware = { slow: store.slow, onMarks: () => {}, ...(store.shared && { shared: store.shared }) }
  const accounts = new Map<string, Account>()
  await store.transact(async (tx) => {
    for (const name of names) {
      const account = await makeAccount(tx, name)
      await tx.matrix().insertUser({ accountId: account.id, localpart: name, origin: 'matrix' })
      accounts.set(name, account)
    }
  })
  const opened = undo.move()
  const actor = (name: string): Person => {
    const account = accounts.get(name)
    if (!account) throw new Error(`nobody is called ${name}`)
    // Reading looks at the account alone.
    return { via: 'session', account, session: { accountId: account.id } } as Person
  }
  let made = 0
  return {
    ...{ engine, store, core, clock, reading, actor },

    /** Makes a room whose creator is the first of these people. */
    async room(creator: string, state: readonly Draft[] = []): Promise<HandMadeRoom> {
      const n = ++made
      const roomId = `!room${n}:${SERVER}`
      const channel = await projector.act(actor(creator), async ({ tx, batch, rooms }) => {
        const slug = `room-${n}`
        const channel = await tx.insertChannel({ slug, name: slug, description: null, kind: 'private' })
        const { seq } = await tx.append(channelEvent('channel.created', channel), null)
        const fixed = { roomId, version: '11', born: 'matrix', federate: false, published: false } as const
        const room = rooms.begin({ channelId: channel.id, ...fixed })
        const first: Draft[] = [
          { type: 'm.room.create', stateKey: '', content: { room_version: '11' } },
          { type: 'm.room.member', stateKey: idOf(creator), content: { membership: 'join' } },
          { type: 'm.room.power_levels', stateKey: '', content: { users: { [idOf(creator)]: 100 } } },
        ]
        for (const draft of [...first, ...state])
          batch.add(room, seq, { content: {}, ...draft, sender: idOf(creator), ts: now() })
        return channel
      })
      return new HandMadeRoom(channel, roomId, async (name, draft) =>
        projector.act(actor(name), async ({ tx, batch, rooms }) => {
          const { seq } = await tx.append(channelEvent('matrix.event', channel, { type: draft.type }), null)
          const needed = new Map([[channel.id, [idOf(name), draft.stateKey ?? idOf(name)]]])
          const room = (await rooms.open(tx.matrix(), needed)).get(channel.id)
          if (!room) throw new Error('the room is gone')
          return batch.add(room, seq, { content: {}, ...draft, sender: idOf(name), ts: now() })
        }),
      )
    },

    sync: (name: string, request?: Partial<SyncRequest>) => syncOf(reading, name, request),

    /** The same on a device, by its inner id. */
    syncOn: (device: number, name: string, request?: Partial<SyncRequest>) =>
      syncOf(reading, name, request, device),

    /** The same from a process that has just started, which has to read everything in the store. */
    syncAfterStart: (name: string, request?: Partial<SyncRequest>) =>
      syncOf(createReading({ ...readingParts, store: unaware }), name, request),

    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }

  async function syncOf(
    { sync }: Pick<typeof reading, 'sync'>,
    name: string,
    request: Partial<SyncRequest> = {},
    device = accounts.get(name)?.id ?? 0,
  ): Promise<SyncAnswer> {
    const whole = {
      since: undefined,
      filter: undefined,
      fullState: false,
      timeoutMs: 0,
      stateAfter: undefined,
    }
    const answer = await sync.sync(actor(name), { id: device }, { ...whole, ...request }, undefined)
    return JSON.parse(answer) as SyncAnswer
  }

  function now(): number {
    clock.advance(1)
    return Math.floor(clock.now() / 1000)
  }
}

export type HandMade = Awaited<ReturnType<typeof handMade>>

export class HandMadeRoom {
  constructor(
    readonly channel: Channel,
    readonly id: string,
    /** Adds an event of somebody. @throws m_forbidden if the room does not allow it */
    readonly add: (name: string, draft: Draft) => Promise<StoredEvent>,
  ) {}

  says(name: string, body: string, more: JsonObject = {}): Promise<StoredEvent> {
    return this.add(name, { type: 'm.room.message', content: { msgtype: 'm.text', body, ...more } })
  }

  /** Sets somebody's membership; by itself if nobody else is named. */
  member(name: string, membership: string, by = name): Promise<StoredEvent> {
    return this.add(by, { type: 'm.room.member', stateKey: idOf(name), content: { membership } })
  }

  sets(name: string, type: string, content: JsonObject): Promise<StoredEvent> {
    return this.add(name, { type, stateKey: '', content })
  }
}
