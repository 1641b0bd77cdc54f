import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Chance } from './support/chance'
import { Crowd } from './support/crowd'
import { logOf, placeOf } from './support/ledger'
import { answerIn, RawConnection } from './support/raw-socket'
import type { ServerProcess } from './support/server-process'
import { Site } from './support/site'
import { EventStream, LiveSocket, until, within } from './support/sockets'

// Many processes are started, killed and waited for at once.
setDefaultTimeout(180_000)

const ROOMS = ['alpha', 'beta'] as const
const QUIET = { SYNAPSE_LOG_LEVEL: 'warning', SYNAPSE_STREAMS_PER_ACCOUNT: '100' }

describe('a killed server', () => {
  test.concurrent('a server killed ten times under load loses no acknowledged message, and its readers miss none', async () => {
    await using site = new Site()
    let server = await site.serveWith(QUIET)
    for (const slug of ROOMS) await server.room(slug)
    const writers = await Promise.all(
      Array.from({ length: 16 }, (_, i) => server.agent(`writer-${i}`, ROOMS[i % 2] ?? 'alpha')),
    )
    const bob = { authorization: `Bearer ${await server.agent('bob', ...ROOMS)}` }
    const crowd = new Crowd(() => server.url, undefined, { changes: true })
    await crowd.follow({ account: 'bob', credential: bob, rooms: ROOMS })
    for (const [i, token] of writers.entries())
      void crowd.write(
        `writer-${i}`,
        crowd.speaker({ authorization: `Bearer ${token}` }),
        ROOMS[i % 2] ?? 'alpha',
      )

    for (let cycle = 0; cycle < 10; cycle++) {
      await crowd.progress(50 + crowd.chance.below(150))
      if (cycle === 5) {
        // As when a machine sleeps for a moment: nothing is lost and nothing comes twice.
        server.signal('SIGSTOP')
        await Bun.sleep(200)
        server.signal('SIGCONT')
      }
      await server.kill()
      server = await site.serveWith(QUIET)
    }
    await crowd.progress()
    await crowd.end()

    const { seed, wrong, readable } = await crowd.judge(logOf(site.paths.database), bob)
    expect({ seed, wrong: wrong.slice(0, 20) }).toEqual({ seed, wrong: [] })
    expect(readable.length).toBeGreaterThan(500)
    expect(await server.stop()).toBe(0)
    expect(integrityOf(site.paths.database)).toBe('ok')
    expect(wronglyIndexed(site.paths.database)).toEqual([])
  })

  test.concurrent('a power loss keeps every acknowledged message, whatever happens to the end of the WAL', async () => {
    await using site = new Site()
    const server = await site.serveWith(QUIET)
    await server.room('alpha')
    const tokens = await Promise.all(
      Array.from({ length: 8 }, (_, i) => server.agent(`writer-${i}`, 'alpha')),
    )
    const chance = new Chance()
    const wal = `${site.paths.database}-wal`
    const acked = new Set<string>()
    let isBusy = true
    const writing = tokens.map(async (token, i) => {
      for (let n = 0; isBusy; n++) {
        const answer = await server.as(token).post<{ id: string }>('/v1/messages', {
          channel: 'alpha',
          body: `${i} ${n} ${'x'.repeat(chance.below(3000))}`,
        })
        acked.add(answer.body.id)
      }
    })
    for (let round = 0; round < 5; round++) {
      const enough = acked.size + 40
      await until('posts', () => acked.size >= enough)
      // Everything acknowledged so far is within the current length of the WAL, which was synced to disk.
      const certain = [...acked]
      const kept = statSync(wal).size
      const more = acked.size + 10
      await until('more posts', () => acked.size >= more)
      server.signal('SIGSTOP')
      const copy = join(site.directory, `copy-${round}`)
      mkdirSync(copy)
      copyFileSync(site.paths.database, join(copy, 'synapse.db'))
      copyFileSync(wal, join(copy, 'whole-wal'))
      server.signal('SIGCONT')
      const whole = readFileSync(join(copy, 'whole-wal'))
      expect(whole.length).toBeGreaterThanOrEqual(kept)
      for (let cut = 0; cut < 8; cut++) {
        const end = cut === 0 ? kept : kept + chance.below(whole.length - kept + 1)
        const torn = Buffer.from(whole)
        // Blocks that never arrived: missing, zero, or with old content.
        if (cut % 3 === 1) torn.fill(0, end)
        if (cut % 3 === 2) crypto.getRandomValues(torn.subarray(end, Math.min(torn.length, end + 65_536)))
        writeFileSync(join(copy, 'synapse.db-wal'), torn)
        if (cut % 3 === 0) truncateSync(join(copy, 'synapse.db-wal'), end)
        rmSync(join(copy, 'synapse.db-shm'), { force: true })
        const stored = new Set(logOf(join(copy, 'synapse.db')).map(({ id }) => id))
        const lost = certain.filter((id) => !stored.has(id))
        expect({ seed: chance.seed, round, cut, lost }).toEqual({ seed: chance.seed, round, cut, lost: [] })
        expect(integrityOf(join(copy, 'synapse.db'))).toBe('ok')
      }
    }
    isBusy = false
    await Promise.all(writing)
  })
})

describe('a server asked to stop', () => {
  test.concurrent('a stopping server finishes running requests, closes every connection properly and leaves no files', async () => {
    await using site = new Site()
    const server = await site.serveWith(QUIET)
    await server.room('alpha')
    const token = await server.agent('bob', 'alpha')
    const bob = server.as(token)
    const { session } = await signedIn(server, 'clint', 'alpha')
    await bob.post('/v1/messages', { channel: 'alpha', body: 'hello' })
    using stream = await EventStream.open(server.url, bob.credential)
    using socket = await LiveSocket.open(server.url, bob.credential)
    using original = await LiveSocket.open(server.url, session, { path: '/v1/ws?channel=alpha' })
    await stream.next('hello')
    await socket.subscribe(['*'])
    await original.next('hello')
    const polls = ['/v1/events?wait=60', '/v1/messages?channel=alpha&since=now&wait=60'].map((path) =>
      bob.get(path),
    )
    const body = JSON.stringify({ channel: 'alpha', body: 'slowly' })
    using slow = await RawConnection.open(server.url)
    slow.write(
      `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    )
    await bob.get('/v1/auth/me')

    server.signal('SIGTERM')
    for (const poll of polls) {
      const answer = await within(5000, poll)
      expect(answer).toMatchObject({ status: 200, body: { timed_out: true } })
    }
    expect(
      await within(
        5000,
        stream.ended.then(() => true),
      ),
    ).toBe(true)
    expect(stream.blocks.at(-1)).toEqual({ event: 'shutdown', data: '{}' })
    expect(await socket.closedWithin(5000)).toMatchObject({ code: 1001 })
    expect(socket.frames.at(-1)).toEqual({ type: 'shutdown' })
    expect(await original.closedWithin(5000)).toMatchObject({ code: 1001 })
    expect(original.frames.map(({ type }) => type)).toEqual(['hello'])
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow()

    slow.write(body.slice(10))
    const answer = await slow.when(() => answerIn(slow))
    expect(answer).toMatchObject({ status: 201 })
    expect(await within(20_000, server.exited)).toBe(0)

    const { seq, cursor } = JSON.parse(answer?.body ?? '{}')
    const state = JSON.parse(readFileSync(site.paths.state, 'utf8'))
    expect(state).toEqual({ epoch: placeOf(cursor).epoch, last_seq: seq })
    for (const gone of [site.paths.socket, site.paths.pid, site.paths.runFile, `${site.paths.database}-wal`])
      expect(existsSync(gone) && statSync(gone).size > 0).toBe(false)
    for (const gone of [site.paths.socket, site.paths.pid, site.paths.runFile])
      expect(existsSync(gone)).toBe(false)
    expect(logOf(site.paths.database).at(-1)).toMatchObject({ seq, type: 'message.created' })
  })

  test.concurrent('a stopping server does not wait forever for requests that never finish', async () => {
    await using site = new Site()
    const server = await site.serveWith(QUIET)
    const stuck: RawConnection[] = []
    for (let i = 0; i < 5; i++) {
      const connection = await RawConnection.open(server.url)
      connection.write('POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{')
      stuck.push(connection)
    }
    await server.as('').get('/healthz')
    server.signal('SIGTERM')
    expect(await within(20_000, server.exited)).toBe(0)
    for (const connection of stuck) connection[Symbol.dispose]()
    expect(existsSync(site.paths.runFile)).toBe(false)
  })
})

describe('restoring an older database', () => {
  test.concurrent('a restored older database starts an epoch: later cursors get 409, and earlier ones continue', async () => {
    await using site = new Site()
    let server = await site.serveWith(QUIET)
    await server.room('alpha')
    const token = await server.agent('bob', 'alpha')
    const post = async (body: string) => {
      const answer = await server.as(token).post<Posted>('/v1/messages', { channel: 'alpha', body })
      expect(answer.status).toBe(201)
      return answer.body
    }
    const kept = await post('kept')
    const last = await post('kept as well')
    await server.stop()
    const copy = join(site.directory, 'copy.db')
    copyFileSync(site.paths.database, copy)
    server = await site.serveWith(QUIET)
    const lost = [await post('lost'), await post('lost as well')]
    await server.stop()
    copyFileSync(copy, site.paths.database)

    server = await site.serveWith(QUIET)
    const bob = server.as(token)
    expect(server.written).toContain('older than this home has seen')
    const { body: now } = await bob.get<{ epoch: string; head_cursor: string }>('/v1/server')
    const { epoch } = placeOf(kept.cursor)
    expect(now.epoch > epoch).toBe(true)
    for (const { cursor } of lost) {
      for (const path of [`/v1/messages?channel=alpha&since=${cursor}`, `/v1/events?since=${cursor}`]) {
        const answer = await bob.get(path)
        expect(answer).toMatchObject({ status: 409, body: { code: 'cursor_epoch', epoch: now.epoch } })
        expect(answer.body).toMatchObject({ oldest_cursor: expect.any(String), head_cursor: now.head_cursor })
      }
      expect(
        (await bob.get(`/v1/events`, { accept: 'text/event-stream', 'last-event-id': cursor })).status,
      ).toBe(409)
    }
    using socket = await LiveSocket.open(server.url, bob.credential)
    expect(await socket.subscribe(['*'], { since: lost[0]?.cursor })).toMatchObject({
      type: 'resync',
      reason: 'cursor_epoch',
    })

    // Numbers continue after the restored ones; with the new epoch they are positions that no client has seen.
    const next = await post('another future')
    expect(next.seq).toBe(last.seq + 1)
    expect(placeOf(next.cursor)).toEqual({ epoch: now.epoch, seq: last.seq + 1 })
    const { body: page } = await bob.get<{ messages: Posted[] }>(
      `/v1/messages?channel=alpha&since=${kept.cursor}`,
    )
    expect(page.messages.map(({ body, cursor }) => [body, cursor])).toEqual([
      ['kept as well', last.cursor],
      ['another future', next.cursor],
    ])
    await socket.subscribe(['alpha'], { since: kept.cursor })
    await socket.next('position')
    expect(socket.events.map(({ cursor }) => cursor)).toEqual([last.cursor, next.cursor])
    expect(await server.stop()).toBe(0)
    const log = logOf(site.paths.database)
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, i) => i + 1))

    // The epoch changes once, not at every start.
    server = await site.serveWith(QUIET)
    expect((await server.as(token).get('/v1/server')).body).toMatchObject({ epoch: now.epoch })
  })
})

interface Posted {
  readonly body: string
  readonly seq: number
  readonly cursor: string
}

/** A human who is a member of a channel and has signed in. */
async function signedIn(server: ServerProcess, handle: string, channel: string) {
  const password = 'correct horse battery'
  await server.operator.post('/v1/admin/accounts', { kind: 'human', handle, password })
  await server.operator.post('/v1/admin/memberships', { account_handle: handle, channel_slug: channel })
  const response = await fetch(`${server.url}/v1/auth/login`, {
    method: 'POST',
    body: JSON.stringify({ handle, password }),
  })
  const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  return { session: { cookie } }
}

/** The messages up to the position of the index of words that it does not have, and others that it has. */
function wronglyIndexed(path: string): unknown[] {
  using db = new Database(path, { readonly: true })
  return db
    .query(
      `SELECT seq FROM messages
        WHERE (deleted_at IS NULL AND seq <= coalesce((SELECT position FROM projections WHERE name = 'search'), seq))
          <> (seq IN (SELECT rowid FROM message_words WHERE message_words MATCH ?))`,
    )
    .all('"\u{e000}kmessage" OR "\u{e000}kcorrection"')
}

function integrityOf(path: string): string | undefined {
  using db = new Database(path, { readwrite: true })
  return db.query<{ integrity_check: string }, []>('PRAGMA integrity_check').get()?.integrity_check
}
