// The directory applies membership events to what it has in memory. After any sequence of events it must equal a
// directory that has just been opened over the store.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Directory } from '../../src/core/access/directory'
import type { Account, Channel, Role } from '../../src/core/kernel/entities'
import type { Reads } from '../../src/core/kernel/ports'
import { Pace } from '../../src/core/kernel/turns'
import { eventCatalogue } from '../../src/core/log/catalogue'
import { accountEvent, channelEvent, memberEvent } from '../../src/core/log/events'
import { systemTurns } from '../../src/platform'
import { type Engine, openEngine } from '../store/engines'
import { makeAccount, makeChannel } from '../store/scene'

const ACCOUNTS = 5
const CHANNELS = 4

let engine: Engine
beforeAll(async () => {
  engine = await openEngine()
})
afterAll(() => engine[Symbol.asyncDispose]())

/** Accounts and channels with a directory that follows them. Its reads can be held back. */
class Village {
  /** Names of the reads so far. */
  readonly asked: string[] = []
  readonly directory: Directory
  private hold: PromiseWithResolvers<void> | undefined
  private readonly roles = new Map<string, Role>()

  private constructor(
    readonly accounts: Account[],
    readonly channels: Channel[],
  ) {
    this.directory = this.open(async (name, query) => {
      this.asked.push(name)
      const answer = await query()
      await this.hold?.promise
      return answer
    })
    engine.store.onCommit((events) => {
      for (const event of events) this.directory.apply(event)
    })
  }

  static async build(): Promise<Village> {
    const name = crypto.randomUUID().slice(0, 8)
    return engine.store.transact(async (tx) => {
      const accounts: Account[] = []
      const channels: Channel[] = []
      for (let i = 0; i < ACCOUNTS; i++) accounts.push(await makeAccount(tx, `a${i}-${name}`))
      for (let i = 0; i < CHANNELS; i++) channels.push(await makeChannel(tx, `c${i}-${name}`))
      return new Village(accounts, channels)
    })
  }

  private open(ask: (name: string, query: () => Promise<unknown>) => Promise<unknown>): Directory {
    const reads = new Proxy(engine.store.reads, {
      get: (target, name: keyof Reads) => {
        const query = target[name] as (...args: unknown[]) => Promise<unknown>
        return (...args: unknown[]) => ask(name, () => query(...args))
      },
    })
    return new Directory(eventCatalogue, reads, new Pace(systemTurns, engine.clock, console.error))
  }

  /** Joins, leaves or changes a role. */
  async change(a: number, c: number, role: Role | null): Promise<void> {
    const [account, channel] = [this.accounts[a], this.channels[c]]
    if (!account || !channel) return
    const key = `${a} ${c}`
    const before = this.roles.get(key)
    if (role === null) this.roles.delete(key)
    else this.roles.set(key, role)
    await engine.store.transact(async (tx) => {
      const now = (await tx.account({ id: account.id })) ?? account
      const event = (type: Parameters<typeof memberEvent>[0], facts: Record<string, unknown>) =>
        tx.append(memberEvent(type, channel, now, facts), null)
      if (role === null) {
        if (before === undefined) return
        await tx.deleteMembership(account.id, channel.id)
        await event('member.left', { by: 'admin' })
      } else if (before === undefined) {
        await tx.insertMembership(account.id, channel.id, role, await event('member.joined', { role }))
      } else {
        await tx.updateMembership(account.id, channel.id, role)
        await event('member.role', { role, previous: before })
      }
    })
  }

  async archiveAccount(a: number, isArchived: boolean): Promise<void> {
    const account = this.accounts[a]
    if (!account) return
    await engine.store.transact(async (tx) => {
      const changed = await tx.updateAccount(account.id, { archivedAt: isArchived ? tx.now() : null })
      await tx.append(accountEvent(isArchived ? 'account.archived' : 'account.unarchived', changed), null)
    })
  }

  async archiveChannel(c: number, isArchived: boolean): Promise<void> {
    const channel = this.channels[c]
    if (!channel) return
    await engine.store.transact(async (tx) => {
      const changed = await tx.updateChannel(channel.id, { archivedAt: isArchived ? tx.now() : null })
      await tx.append(channelEvent(isArchived ? 'channel.archived' : 'channel.unarchived', changed), null)
    })
  }

  /** Everything that the directory knows of these accounts and channels. */
  picture(directory = this.directory): Promise<unknown> {
    const accountIds = this.accounts.map(({ id }) => id)
    const channelIds = this.channels.map(({ id }) => id)
    return directory.retryUntilLoaded(() => {
      directory.requireAccounts(accountIds)
      directory.requireChannels(channelIds)
      directory.requireChannelsOf(accountIds)
      directory.requireMembersOf(channelIds)
      return {
        archived: accountIds.map((id) => directory.account(id).archivedAt),
        closed: channelIds.map((id) => directory.channel(id).archivedAt),
        counts: [...directory.memberCounts(channelIds)],
        first: channelIds.map((id) => directory.firstMembers(id)),
        channels: accountIds.map((id) => directory.channelsOf(id).keys()),
        members: channelIds.map((channelId) => {
          const members = directory.membersOf(channelId)
          return accountIds.map((id) => [members.get(id), directory.member(id, channelId)])
        }),
      }
    })
  }

  fresh(): Promise<unknown> {
    return this.picture(this.open((_, query) => query()))
  }

  /** Starts a look-up whose reads are answered now; the returned function delivers the results. */
  lookSlowly(): () => Promise<void> {
    this.hold ??= Promise.withResolvers()
    const looking = this.picture()
    return async () => {
      this.hold?.resolve()
      this.hold = undefined
      await looking
    }
  }
}

const account = fc.integer({ min: 0, max: ACCOUNTS - 1 })
const channel = fc.integer({ min: 0, max: CHANNELS - 1 })
const role = fc.constantFrom('admin' as const, 'member' as const, 'read_only' as const, null)
const act: fc.Arbitrary<(village: Village) => Promise<void>> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(account, channel, role).map((how) => (village: Village) => village.change(...how)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(account, fc.boolean())
      .map((how) => (village: Village) => village.archiveAccount(...how)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(channel, fc.boolean())
      .map((how) => (village: Village) => village.archiveChannel(...how)),
  },
)
/** Changes, each of which may come after a look-up, or during one that is delivered later. */
const story = fc.array(fc.tuple(fc.constantFrom('look', 'slowly', 'answer', 'none'), act), {
  minLength: 1,
  maxLength: 25,
})

test('a directory that follows events knows the same as a new one, whatever happens during its reads', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (acts) => {
      const village = await Village.build()
      let answer: (() => Promise<void>) | undefined
      for (const [look, happens] of acts) {
        if (look === 'slowly') answer ??= village.lookSlowly()
        else if (look === 'answer' || answer) {
          await answer?.()
          answer = undefined
        } else if (look === 'look') expect(await village.picture()).toEqual(await village.fresh())
        await happens(village)
      }
      await answer?.()
      expect(await village.picture()).toEqual(await village.fresh())
    }),
    { numRuns: 25 },
  )
})

test('a join, a change of role and a leave need no read', async () => {
  const village = await Village.build()
  await village.change(0, 0, 'member')
  await village.picture()
  const before = village.asked.length
  for (const role of ['member', 'read_only', 'admin', null, 'read_only'] as const) {
    await village.change(1, 0, role)
    expect(await village.picture()).toEqual(await village.fresh())
  }
  expect(village.asked).toHaveLength(before)
})

test('a channel with constant joins is read once and not until the joins end', async () => {
  const village = await Village.build()
  const answer = village.lookSlowly()
  for (let i = 1; i < ACCOUNTS; i++) await village.change(i, 0, 'member')
  await answer()
  expect(await village.picture()).toEqual(await village.fresh())
  expect(village.asked.filter((name) => name === 'membershipsIn')).toHaveLength(CHANNELS)
})
