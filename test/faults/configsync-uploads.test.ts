// Uploads to the encrypted store in real processes: a server that is killed, and the memory that a large state takes.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { sealedBytes, stateOf, storedBlobs } from '../configsync/blob-scene'
import { tokenOn } from '../configsync/sync-user'
import { TestBucket } from '../support/bucket'
import type { Caller } from '../support/caller'
import { Site } from '../support/site'
import { leastGrowth } from '../support/watch-memory'

setDefaultTimeout(180_000)

const MIB = 1024 * 1024
const MOST = 40_000_000
const BASE = '/v1/admin/configsync'
const PUSH = '/api/machines/laptop/push'

interface Snapshot {
  readonly id: number
  readonly encrypted_state: string
}

function push(caller: Caller, bytes: Buffer) {
  return caller.post<{ snapshot_id: number }>(PUSH, stateOf(bytes, { machine_id: 'laptop' }))
}

/** The seed of the bytes of a snapshot, which are checked; undefined if there is no snapshot. */
async function seedOfLatest(caller: Caller): Promise<number | undefined> {
  const { status, body } = await caller.get<Snapshot>('/api/machines/latest')
  if (status === 404) return undefined
  const bytes = Buffer.from(body.encrypted_state, 'base64')
  const seed = bytes.readUInt32LE(0)
  expect(bytes.equals(stateWith(seed))).toBe(true)
  return seed
}

function stateWith(seed: number): Buffer {
  const bytes = sealedBytes(3 * MIB, seed)
  bytes.writeUInt32LE(seed, 0)
  return bytes
}

test('a server that is killed during a push has the old state or the new one, never a part of it', async () => {
  await using site = new Site()
  let server = await site.serve()
  const token = await tokenOn(server)
  let acknowledged: number | undefined
  for (let seed = 1; seed <= 12; seed++) {
    const caller = server.as(token)
    const body = stateWith(seed)
    const answer = push(caller, body).then(
      ({ status }) => status,
      () => undefined,
    )
    // From before the body is read to after the answer.
    await Bun.sleep(Math.random() * 120)
    await server.kill()
    if ((await answer) === 200) acknowledged = seed
    server = await site.serve()
    const found = await seedOfLatest(server.as(token))
    expect([acknowledged, seed]).toContain(found as number)
    if (found === seed) acknowledged = seed
  }
  // Whatever has a row is whole, and what has none is no part of anything.
  const { body: report } = await server.operator.get<{ missing: string[]; corrupt: string[] }>(
    `${BASE}/verify`,
  )
  expect([report.missing, report.corrupt]).toEqual([[], []])
  expect(await push(server.as(token), stateWith(99))).toMatchObject({ status: 200 })
  expect(await seedOfLatest(server.as(token))).toBe(99)
  expect(storedBlobs(site.home).length).toBeGreaterThan(0)
  expect(await server.stop()).toBe(0)
})

describe.each(['files', 'a bucket'] as const)('an upload of 60 MB to %s', (kind) => {
  test('takes less than 40 MB of memory on its way in and out', async () => {
    using bucket = new TestBucket()
    await using site = new Site()
    const server = await site.serveWith({
      SYNAPSE_CONFIGSYNC_MAX_SNAPSHOT_BYTES: String(64 * MIB),
      ...(kind === 'files' ? {} : bucket.settings),
    })
    const caller = server.as(await tokenOn(server))
    // What the first requests need once is not counted.
    await push(caller, sealedBytes(MIB))
    await caller.get('/api/machines/latest')
    const bytes = sealedBytes(45_000_000)
    const upload = await leastGrowth(server, MOST, async () => {
      const { status, text } = await push(caller, bytes)
      expect(status, text).toBe(200)
    })
    expect(upload).toBeLessThan(MOST)
    let pieces: Uint8Array[] = []
    const download = await leastGrowth(server, MOST, async () => {
      pieces = []
      const answer = await caller.open('/api/machines/latest')
      for await (const piece of answer.body ?? []) pieces.push(piece)
    })
    expect(download).toBeLessThan(MOST)
    const found: Snapshot = JSON.parse(Buffer.concat(pieces).toString())
    expect(Buffer.from(found.encrypted_state, 'base64').equals(bytes)).toBe(true)
    expect(await server.stop()).toBe(0)
  })
})
