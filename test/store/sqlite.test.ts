import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Channel } from '../../src/core/kernel/entities'
import { systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { storeOver } from '../../src/store/sqlite'
import { openSqlite } from '../../src/store/sqlite/open'
import { rejectionOf } from '../home/temporary'
import { FakeClock } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'
import {
  annAndHerRooms,
  announcements,
  join as joinRoom,
  makeAccount,
  makeChannel,
  planOf,
  post,
} from './scene'

/** Pages that 1,000 plain posts in groups of 32 over 100 channels write. More pages would make every post slower. */
const RECORDED_PAGES = 385
const WAL_HEADER = 32
const FRAME = 24 + 4096

test('a thousand posts write about the recorded number of pages', async () => {
  using directory = fastDirectory()
  const path = join(directory.path, 'synapse.db')
  await using store = await openStore(
    { kind: 'sqlite', path },
    {
      clock: new FakeClock(),
      secrets: systemSecrets,
      report: (fault) => {
        throw fault
      },
    },
  )
  const { sender, channels } = await store.transact(async (tx) => {
    const sender = await makeAccount(tx, 'ann')
    const channels: Channel[] = []
    for (let i = 0; i < 100; i++) {
      const channel = await makeChannel(tx, `c${i}`)
      await joinRoom(tx, sender, channel)
      channels.push(channel)
    }
    return { sender, channels }
  })
  using other = new Database(path, { readwrite: true })
  /** Pages written since the last call. */
  const pages = () => {
    const { size } = statSync(`${path}-wal`)
    other.run('PRAGMA wal_checkpoint(TRUNCATE)')
    return Math.max(0, size - WAL_HEADER) / FRAME
  }
  pages()
  let written = 0
  for (let first = 0; first < 1000; first += 32) {
    const group = Array.from({ length: Math.min(32, 1000 - first) }, (_, i) => first + i)
    await Promise.all(
      group.map((i) => {
        const channel = channels[i % 100]
        if (!channel) throw new Error('no channel')
        return store.post(planOf({ sender, channel, body: `message ${i}: ${'plain words '.repeat(8)}` }))
      }),
    )
    written += pages()
  }
  expect(written).toBeGreaterThan(RECORDED_PAGES * 0.9)
  expect(written).toBeLessThan(RECORDED_PAGES * 1.1)
})

test('a full disk refuses writes and allows reads, and writes work again once there is room', async () => {
  using directory = fastDirectory()
  const path = join(directory.path, 'synapse.db')
  const connections = openSqlite(path)
  const report = () => {}
  const deps = { clock: new FakeClock(), secrets: systemSecrets, report }
  await using store = await storeOver(connections, path, deps)
  const { ann, plans } = await annAndHerRooms(store)
  const { seq } = await post(store, { sender: ann, channel: plans, body: 'before' })
  const commits = announcements(store)
  const limit = (pages: string) => connections.writer.query(`PRAGMA max_page_count = ${pages}`).get()
  limit('1')
  const big = planOf({ sender: ann, channel: plans, body: 'x'.repeat(1_000_000) })
  expect(await rejectionOf(store.post(big))).toMatchObject({ kind: 'storage_full', reason: 'storage_full' })
  expect(commits).toEqual([])
  expect(await store.reads.head()).toBe(seq)
  expect(await store.reads.message({ seq })).toMatchObject({ body: 'before' })
  limit('1000000')
  expect((await post(store, { sender: ann, channel: plans, body: 'after' })).seq).toBe(seq + 1)
})
