// Whole states of machines: what is pushed is what is read, and what is refused leaves nothing.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DAY, type World, world } from '../support/world'
import {
  configure,
  MACHINE,
  type Pushed,
  push,
  pushed,
  sealedBytes,
  stateOf,
  storedBlobs,
  until,
  usedBy,
} from './blob-scene'
import { type SyncUser, syncToken, syncUser } from './sync-user'

interface Snapshot {
  readonly id: number
  readonly machine_id: string
  readonly encrypted_state: string
  readonly size_bytes: number
  readonly timestamp: string
  readonly version: string
  readonly created_at: string
}

interface Listed {
  readonly snapshots: readonly {
    readonly id: number
    readonly machine_id: string
    readonly size_bytes: number
  }[]
}

const KIBIBYTE = 1024

let w: World
let nth = 0
beforeAll(async () => {
  w = await world()
})
afterAll(() => w[Symbol.asyncDispose]())

/** Somebody who has nothing stored yet. */
const somebody = () => syncUser(w, `user${++nth}`)

async function listed(user: SyncUser, query = ''): Promise<number[]> {
  const { status, body } = await user.caller.get<Listed>(`/api/machines/history${query}`)
  expect(status).toBe(200)
  return body.snapshots.map(({ id }) => id)
}

describe('a push', () => {
  test('is read again byte for byte, below both prefixes and by both routes', async () => {
    const ada = await somebody()
    for (const [length, mount] of [
      [28, '/api'],
      [29, '/configsync/api'],
      [700 * KIBIBYTE + 1, '/api'],
    ] as const) {
      const bytes = sealedBytes(length)
      const answer = await push(ada, bytes, { mount })
      expect(answer.body).toEqual({
        ok: true,
        snapshot_id: expect.any(Number),
        size_bytes: length,
        created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      })
      const { snapshot_id: id, created_at } = answer.body
      for (const path of ['latest', `latest?machine_id=${MACHINE}`, `snapshot/${id}`, 'snapshot']) {
        const found = await ada.caller.get<Snapshot>(`${mount}/machines/${path}`)
        expect([path, found.status]).toEqual([path, 200])
        expect(found.headers.get('content-type')).toBe('application/json')
        expect(found.headers.get('cache-control')).toBe('no-store')
        const { encrypted_state, ...rest } = found.body
        expect(rest).toEqual({
          ...{ id, machine_id: MACHINE, size_bytes: length, created_at },
          ...{ timestamp: '2026-11-29T10:00:00.000Z', version: '1.0' },
        })
        expect(Buffer.from(encrypted_state, 'base64').equals(bytes)).toBe(true)
        expect(Object.keys(found.body).at(-1)).toBe('encrypted_state')
      }
    }
  })

  test('may name its machine in the body alone', async () => {
    const ada = await somebody()
    const { status, body } = await ada.caller.post<Pushed>('/api/machines/snapshot', stateOf(sealedBytes(40)))
    expect(status).toBe(200)
    expect(await listed(ada, `?machine_id=${MACHINE}`)).toEqual([body.snapshot_id])
  })

  test('makes an unknown machine, whose name is its id', async () => {
    const ada = await somebody()
    await pushed(ada, sealedBytes(40), { machine: 'laptop' })
    const { body } = await ada.caller.get<{ snapshots: { machine_name: string }[] }>('/api/machines/history')
    expect(body.snapshots.map(({ machine_name }) => machine_name)).toEqual(['laptop'])
  })

  test('of a new machine is refused at the limit, and of a known one it is not', async () => {
    const ada = await somebody()
    for (let i = 0; i < 10; i++) await pushed(ada, sealedBytes(40), { machine: `m${i}` })
    const { status, body } = await push(ada, sealedBytes(40), { machine: 'm10' })
    expect([status, body]).toEqual([403, { error: expect.stringMatching(/10 machines/) }] as never)
    await pushed(ada, sealedBytes(40), { machine: 'm3' })
    expect((await listed(ada)).length).toBe(11)
  })

  test('of equal bytes is stored each time', async () => {
    const ada = await somebody()
    const ids = [await pushed(ada, sealedBytes(99)), await pushed(ada, sealedBytes(99))]
    expect(await listed(ada)).toEqual(ids.reverse())
  })

  test('stores its metadata only if the operator wants it', async () => {
    const ada = await somebody()
    const metadata = { paths: ['/home/ada'] }
    const first = await pushed(ada, sealedBytes(40), { metadata })
    await configure(w, 'configsync.store_metadata', true)
    const second = await pushed(ada, sealedBytes(40), { metadata })
    await configure(w, 'configsync.store_metadata', false)
    const rows = await w.sql(
      'SELECT id, metadata FROM cs_snapshots WHERE id IN (?, ?) ORDER BY id',
      first,
      second,
    )
    expect(rows.map(({ metadata }) => metadata)).toEqual([null, JSON.stringify(metadata)])
  })

  test('that is repeated with its retry key is stored once', async () => {
    const ada = await somebody()
    const send = (bytes: Buffer) =>
      ada.caller.post<Pushed>(`/api/machines/${MACHINE}/push`, stateOf(bytes), { 'idempotency-key': 'k1' })
    const first = await send(sealedBytes(40))
    expect((await send(sealedBytes(40))).body).toEqual(first.body)
    expect((await send(sealedBytes(41))).status).toBe(409)
    expect(await listed(ada)).toEqual([first.body.snapshot_id])
  })

  test('at the same time as another leaves both', async () => {
    const ada = await somebody()
    const ids = await Promise.all([1, 2].map((seed) => pushed(ada, sealedBytes(50 * KIBIBYTE, seed))))
    expect((await listed(ada)).sort()).toEqual(ids.sort())
  })
})

describe('a push that is refused', () => {
  const sealed = sealedBytes(40).toString('base64')
  const path = `/api/machines/${MACHINE}/push`

  test.each<[string, string, number, RegExp]>([
    ['is no JSON', 'hello', 400, /not JSON/],
    [
      'lacks the state',
      JSON.stringify({ machine_id: MACHINE, timestamp: 't', version: '1.0' }),
      400,
      /encrypted_state/,
    ],
    [
      'has bad base64',
      JSON.stringify({ ...stateOf(sealedBytes(40)), encrypted_state: 'ab c' }),
      400,
      /base64/,
    ],
    ['has too few bytes', JSON.stringify(stateOf(sealedBytes(27))), 400, /28 bytes/],
    [
      'names another machine',
      JSON.stringify({ ...stateOf(sealedBytes(40)), machine_id: 'other' }),
      400,
      /machine_id/,
    ],
    [
      'lacks its time',
      JSON.stringify({ machine_id: MACHINE, encrypted_state: sealed, version: '1.0' }),
      400,
      /timestamp/,
    ],
    [
      'has a number as its version',
      JSON.stringify({ ...stateOf(sealedBytes(40)), version: 1 }),
      400,
      /version/,
    ],
  ])('because it %s leaves nothing', async (_, body, status, text) => {
    const ada = await somebody()
    const before = storedBlobs(w.home)
    const answer = await ada.caller.fetch<{ error: string }>(path, { method: 'POST', body })
    expect([answer.status, answer.body]).toEqual([status, { error: expect.stringMatching(text) }])
    expect(await listed(ada)).toEqual([])
    expect(storedBlobs(w.home)).toEqual(before)
    expect(await usedBy(w, ada)).toBe(0)
  })

  test.each(['register', 'latest', 'history', 'snapshot'])(
    'because %s is no machine leaves nothing',
    async (word) => {
      const ada = await somebody()
      const { status, body } = await ada.caller.post(
        '/api/machines/snapshot',
        stateOf(sealedBytes(40), { machine_id: word }),
      )
      expect([status, body]).toEqual([422, { error: expect.stringContaining(word) }])
      expect(await listed(ada)).toEqual([])
    },
  )

  test('because of its length, coding or size says which', async () => {
    const ada = await somebody()
    const chunked = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(JSON.stringify(stateOf(sealedBytes(40)))))
        controller.close()
      },
    })
    const answers = [
      await ada.caller.fetch(path, { method: 'POST', body: chunked }),
      await ada.caller.fetch(path, {
        method: 'POST',
        body: Bun.gzipSync(Buffer.from(JSON.stringify(stateOf(sealedBytes(40))))),
        headers: { 'content-encoding': 'gzip' },
      }),
      await push(ada, Buffer.alloc(25 * KIBIBYTE * KIBIBYTE + 1, 7)),
      await push(ada, Buffer.alloc(27 * KIBIBYTE * KIBIBYTE, 7)),
    ]
    expect(answers.map(({ status }) => status)).toEqual([411, 415, 413, 413])
    expect(await listed(ada)).toEqual([])
  })

  test('because the token only reads leaves nothing', async () => {
    const ada = await somebody()
    const reader = await syncToken(w, ada.handle, { read_only: true })
    expect((await push(reader, sealedBytes(40))).status).toBe(403)
    expect((await reader.caller.get('/api/machines/history')).status).toBe(200)
  })

  test('because the server drains says when to come again', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    const id = await pushed(ada, sealedBytes(40))
    await configure(w, 'drain', true)
    const { status, headers, body } = await push(ada, sealedBytes(40))
    expect([status, headers.get('retry-after'), typeof (body as { error?: unknown }).error]).toEqual([
      503,
      '30',
      'string',
    ])
    expect((await ada.caller.get(`/api/machines/snapshot/${id}`)).status).toBe(200)
  })
})

describe('reading', () => {
  test('finds the newest of all machines, or of one, and answers 404 if there is none', async () => {
    const ada = await somebody()
    expect((await ada.caller.get('/api/machines/latest')).status).toBe(404)
    const first = await pushed(ada, sealedBytes(40), { machine: 'one' })
    const second = await pushed(ada, sealedBytes(40), { machine: 'two' })
    const idAt = async (query: string) =>
      (await ada.caller.get<Snapshot>(`/api/machines/latest${query}`)).body.id
    expect([await idAt(''), await idAt('?machine_id=one')]).toEqual([second, first])
    expect((await ada.caller.get('/api/machines/latest?machine_id=three')).status).toBe(404)
  })

  test('lists a page of the newest, of all machines or of one', async () => {
    const ada = await somebody()
    const ids: number[] = []
    for (let i = 0; i < 25; i++)
      ids.unshift(await pushed(ada, sealedBytes(40), { machine: i % 5 === 0 ? 'b' : 'a' }))
    expect(await listed(ada)).toEqual(ids.slice(0, 20))
    expect(await listed(ada, '?limit=3')).toEqual(ids.slice(0, 3))
    expect((await listed(ada, '?limit=200&machine_id=b')).length).toBe(5)
    for (const limit of ['0', '201', 'x', '-1', '1.5'])
      expect((await ada.caller.get(`/api/machines/history?limit=${limit}`)).status).toBe(400)
  })

  test('of what is somebody else’s answers as if it did not exist', async () => {
    const [ada, bob] = [await somebody(), await somebody()]
    const id = await pushed(ada, sealedBytes(40))
    const foreign = await bob.caller.get(`/api/machines/snapshot/${id}`)
    const unknown = await bob.caller.get('/api/machines/snapshot/999999')
    expect([foreign.status, foreign.body]).toEqual([404, unknown.body])
    expect((await bob.caller.get('/api/machines/latest')).status).toBe(404)
    expect(await listed(bob)).toEqual([])
    for (const bad of ['0', 'x', '-1', '01', '1e3'])
      expect((await ada.caller.get(`/api/machines/snapshot/${bad}`)).status).toBe(400)
  })

  test('of bytes that are cut off or missing never looks whole', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    const id = await pushed(ada, sealedBytes(5000))
    const [blob = ''] = storedBlobs(w.home)
    truncateSync(join(w.home, 'blobs', blob), 3000)
    expect((await ada.caller.get(`/api/machines/snapshot/${id}`)).status).toBe(500)
    await w.stop()
    expect(w.log).toContain(`the bytes of the snapshot ${id} are missing or cut off`)
  })
})

describe('the quota', () => {
  const quota = (w: World, bytes: number) => configure(w, 'configsync.user_quota_bytes', bytes)

  test('counts bytes and rows, and refuses what is beyond it before it is read', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    await quota(w, 20_000)
    await pushed(ada, sealedBytes(5000))
    expect(await usedBy(w, ada)).toBe(9096)
    const { status, body } = await push(ada, sealedBytes(10_000))
    expect([status, body]).toEqual([507, { error: 'storage quota exceeded: 9096 of 20000 bytes' }] as never)
    await pushed(ada, sealedBytes(6600))
    expect(await usedBy(w, ada)).toBe(9096 + 4096 + 6600)
    expect(storedBlobs(w.home).length).toBe(2)
  })

  test('that is short takes fresh snapshots beyond the newest ones, and never those', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    await configure(w, 'configsync.keep_snapshots', 2)
    await quota(w, 40_000)
    const ids: number[] = []
    for (let i = 0; i < 4; i++) ids.unshift(await pushed(ada, sealedBytes(5000)))
    expect(await listed(ada)).toEqual(ids)
    ids.unshift(await pushed(ada, sealedBytes(5000)))
    expect(await listed(ada)).toEqual(ids.slice(0, 4))
    const { status } = await push(ada, sealedBytes(30_000))
    expect(status).toBe(507)
    expect(await listed(ada)).toEqual(ids.slice(0, 2))
    expect(await usedBy(w, ada)).toBe(2 * 9096)
  })
})

describe('retention', () => {
  test('keeps the newest of each machine and those of the last day, and their bytes go with the others', async () => {
    await using w = await world()
    const ada = await syncUser(w, 'ada')
    await configure(w, 'configsync.keep_snapshots', 2)
    const old = await pushed(ada, sealedBytes(100), { machine: 'old' })
    const ids: number[] = []
    for (let i = 0; i < 4; i++) ids.unshift(await pushed(ada, sealedBytes(100)))
    expect((await listed(ada)).length).toBe(5)
    w.clock.advance(DAY + 1000)
    ids.unshift(await pushed(ada, sealedBytes(100)))
    expect(await listed(ada)).toEqual([...ids.slice(0, 2), old])
    expect((await ada.caller.get(`/api/machines/snapshot/${ids[3]}`)).status).toBe(404)
    expect(await usedBy(w, ada)).toBe(3 * 4196)
    await w.restart()
    await until(() => storedBlobs(w.home).length === 3)
  })
})
