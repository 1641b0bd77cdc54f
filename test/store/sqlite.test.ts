import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Channel } from '../../src/core/kernel/entities'
import { systemSecrets } from '../../src/platform'
import { openStore } from '../../src/store'
import { FakeClock } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'
import { join as joinRoom, makeAccount, makeChannel, planOf } from './scene'

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
