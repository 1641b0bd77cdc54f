import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { Usage } from '../../src/core/identity/usage'
import type { Token } from '../../src/core/kernel/entities'
import type { Store } from '../../src/core/kernel/ports'
import { later, type Micros } from '../../src/core/kernel/time'
import { OpenMarks } from '../../src/core/log/marks'
import { createWrites } from '../../src/store/queries'
import { handleOf } from '../../src/store/sqlite/open'
import { DAWN, MINUTE } from '../support/fake-clock'
import { engines, openEngine } from './engines'
import { makeAccount } from './scene'

/** More than one slice. */
const MANY = 80

/** A store with many tokens of one account, and the record of their uses; `acts` has the operations in order. */
async function scene(name: (typeof engines)[number][0], count = 1) {
  const engine = await openEngine(name)
  const { store, clock } = engine
  const [account, tokens] = await store.transact(async (tx) => {
    const made = await makeAccount(tx, 'ann')
    const fields = { accountId: made.id, name: null, scopes: ['x'], expiresAt: null }
    const all: Token[] = []
    for (let i = 0; i < count; i++) all.push(await tx.insertToken({ ...fields, hash: `hash ${i}` }))
    return [made, all] as const
  })
  const acts: string[] = []
  const state = { fails: false }
  const over: Pick<Store, 'reads' | 'transact'> = {
    reads: store.reads,
    transact: (run) => {
      return store.transact(async (tx) => {
        if (state.fails) throw new Error('no room')
        acts.push('uses')
        return run(tx)
      })
    },
  }
  const usage = new Usage(over, clock)
  return {
    ...engine,
    store,
    account,
    tokens,
    usage,
    acts,
    state,
    use: (some: readonly Token[]) => {
      for (const token of some) usage.note({ via: 'token', account, token })
    },
    stored: async () => {
      const rows = await store.reads.listTokens(account.id, { after: '0', limit: count })
      return rows.map(({ lastUsedAt }) => lastUsedAt)
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

test.each(engines)('uses are written in slices on %s, with other operations in between', async (name) => {
  await using s = await scene(name, MANY)
  s.use(s.tokens)
  const flushed = s.usage.flush()
  await Promise.resolve()
  const other = s.store.transact(async () => s.acts.push('other'))
  await Promise.all([flushed, other])
  expect(s.acts).toEqual(['uses', 'other', 'uses'])
  expect(new Set(await s.stored())).toEqual(new Set<Micros | null>([DAWN]))
  await s.usage.flush()
  expect(s.acts).toHaveLength(3)
})

test.each(engines)(
  'a use shows at once on %s, before, during and after it is written, and when writing fails',
  async (name) => {
    await using s = await scene(name)
    const [token] = s.tokens
    if (!token) throw new Error('no token')
    const shown = () => s.usage.ofToken(token).lastUsedAt
    const seen = async () => (await s.usage.ofAccounts([s.account.id])).get(s.account.id)
    expect([shown(), await seen()]).toEqual([null, undefined])
    s.use([token])
    s.clock.advance(MINUTE)
    s.use([token])
    const used = later(DAWN, MINUTE * 1000)
    expect([shown(), await seen()]).toEqual([used, used])
    s.state.fails = true
    const failed = s.usage.flush().catch((error: unknown) => error)
    await Promise.resolve()
    expect([shown(), await seen()]).toEqual([used, used])
    expect(await failed).toBeInstanceOf(Error)
    expect([shown(), await seen()]).toEqual([used, used])
    s.state.fails = false
    await s.usage.flush()
    expect([(await s.stored())[0] ?? null, await seen()]).toEqual([used, used])
  },
)

test('a slice of uses is written by one statement', async () => {
  await using s = await scene('sqlite', MANY)
  if (s.location.kind !== 'sqlite') return
  using db = new Database(s.location.path)
  const handle = handleOf(db)
  let statements = 0
  const counted = new Proxy(handle.db, {
    get(target, name, receiver) {
      if (['select', 'insert', 'update', 'delete'].includes(String(name))) statements++
      return Reflect.get(target, name, receiver)
    },
  })
  const stamp = { now: () => DAWN, uuid: () => s.account.uuid, sha256: (text: string) => text }
  const writes = createWrites({ ...handle, db: counted }, stamp, new OpenMarks())
  await writes.noteUses('tokens', new Map(s.tokens.map(({ id }) => [id, DAWN])))
  expect(statements).toBe(1)
  expect(new Set(await s.stored())).toEqual(new Set<Micros | null>([DAWN]))
})

test('a use is shown to a reader that read its row before it was written, and looks here after it', async () => {
  await using s = await scene('sqlite')
  s.use(s.tokens)
  const [before] = s.tokens
  if (!before) throw new Error('there is no token')
  await s.usage.flush()
  const now = s.clock.now()
  expect(s.usage.ofToken(before).lastUsedAt).toBe(now)
  const seen = await s.usage.ofAccounts([s.account.id], { lastSeen: async () => new Map() })
  expect(seen.get(s.account.id)).toBe(now)
})
