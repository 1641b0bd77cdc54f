/** `synapse migrate-db` as an operator types it, with servers that start and stop in between. */
import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths } from '../../src/home'
import { examined } from '../doctor/examined'
import { type Finished, parsed } from '../support/finished'
import type { Message, Page } from '../support/person'
import { postgresMissing, sharedPostgres, startPostgres } from '../support/postgres'
import { program, Site } from '../support/site'
import { until } from '../support/sockets'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

interface Moved {
  readonly from: string
  readonly to: string
  readonly rows: Readonly<Record<string, number>>
  readonly epoch: string
  readonly head_seq: number
}

interface Entry {
  readonly action: string
  readonly via: string
  readonly metadata: object
}

interface Onboarded {
  readonly token: string
}

/** A site whose server was used and stopped: a channel, an agent with a token, a thread. */
async function used(
  site: Site,
): Promise<{ token: string; cursor: string; store: string; messages: Message[] }> {
  parsed(await site.run('add-channel', '--slug', 'room', '--name', 'Room'))
  const { token } = parsed<Onboarded>(
    await site.run('onboard-agent', '--handle', 'ada', '--channels', 'room'),
  )
  parsed(await site.run('set-role', 'ada', 'room', '--role', 'admin'))
  parsed(await site.run('set-channel', 'room', '--set', 'chain_limit=3,broadcast_by=humans'))
  await using server = await site.serve()
  const ada = client(server.url, token)
  await fetch('http://localhost/v1/channels/room/aliases', {
    method: 'PUT',
    unix: site.paths.socket,
    headers: { 'x-synapse-actor': 'ada' },
    body: JSON.stringify({ aliases: { team: ['ada', 'ben'] } }),
  })
  const first = await ada.post('one', { attachments: [await ada.upload('a file')] })
  await ada.post('two, for @ada', { reply_to: first.id, metadata: { z: 1, a: [true, null] } })
  const { messages } = await ada.page()
  return {
    token,
    cursor: first.cursor,
    store: `sqlite:${site.paths.database}`,
    messages: [...messages],
  }
}

function client(url: string, token: string) {
  const headers = { authorization: `Bearer ${token}` }
  return {
    post: async (body: string, more: object = {}): Promise<Message> => {
      const answer = await fetch(`${url}/v1/messages`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ channel: 'room', body, ...more }),
      })
      expect(answer.status).toBe(201)
      return (await answer.json()) as Message
    },
    get: async (path: string): Promise<unknown> => (await fetch(`${url}${path}`, { headers })).json(),
    upload: async (text: string): Promise<string> => {
      const answer = await fetch(`${url}/v1/attachments`, { method: 'POST', headers, body: text })
      return ((await answer.json()) as { id: string }).id
    },
    download: async (message: Message | undefined): Promise<string> => {
      const { attachments } = message as unknown as { attachments: { url: string }[] }
      return (await fetch(`${url}${attachments[0]?.url}`, { headers })).text()
    },
    /** Waits until a search finds messages. The index of a moved store is made anew. */
    find: async (words: string): Promise<string[]> => {
      for (;;) {
        const answer = await fetch(`${url}/v1/search?q=${words}`, { headers })
        const { results } = (await answer.json()) as { results: { message: Message }[] }
        if (results.length > 0) return results.map(({ message }) => message.body)
      }
    },
    page: async (query = ''): Promise<Page> =>
      (await (await fetch(`${url}/v1/messages?channel=room&limit=200${query}`, { headers })).json()) as Page,
  }
}

/** The audit log of the running server, newest entry first, after verifying it. */
async function entriesAt(site: Site): Promise<readonly Entry[]> {
  const { socket } = site.paths
  const ask = async (path: string) =>
    (await fetch(`http://localhost/v1/admin/${path}`, { unix: socket })).json()
  expect(await ask('audit/verify')).toMatchObject({ broken: null })
  return ((await ask('audit?limit=100')) as { entries: Entry[] }).entries
}

const migrate = (site: Site, from: string, to: string): Promise<Finished> =>
  site.run('migrate-db', '--from', from, '--to', to)

async function emptyPostgres(): Promise<string> {
  return (await sharedPostgres()).createDatabase()
}

describe('moving a store', () => {
  test.skipIf(postgresMissing)(
    'messages, tokens and cursors stay valid after a move to Postgres and back',
    async () => {
      await using site = new Site()
      const { token, cursor, store, messages } = await used(site)
      const url = await emptyPostgres()
      const there = parsed<Moved>(await migrate(site, store, url))
      expect(there).toMatchObject({
        from: store,
        rows: { messages: 2, tokens: 1, threads: 1, thread_members: 1, channel_aliases: 1 },
      })
      expect(there.to).toContain(':***@')
      {
        await using server = await site.serve('--database-url', url)
        const ada = client(server.url, token)
        expect((await ada.page()).messages).toEqual(messages)
        expect(await ada.find('two')).toEqual(['two, for @ada'])
        // The files stay where they are.
        expect(await ada.download(messages[0])).toBe('a file')
        expect((await ada.page(`&since=${cursor}`)).messages.map(({ body }) => body)).toEqual([
          'two, for @ada',
        ])
        expect(await ada.get('/v1/channels/room')).toMatchObject({
          settings: { chain_limit: 3, broadcast_by: 'humans' },
        })
        expect(await ada.get('/v1/channels/room/aliases')).toEqual({ aliases: { team: ['ada', 'ben'] } })
        expect(await ada.get('/v1/channels/room/threads')).toMatchObject({ threads: [{ reply_count: 1 }] })
        expect((await ada.post('three')).seq).toBe(there.head_seq + 1)
        const entries = await entriesAt(site)
        expect(entries).toHaveLength((there.rows['audit'] ?? 0) + 1)
        expect(entries[0]).toMatchObject({
          action: 'migrate',
          via: 'operator',
          metadata: {
            command: 'migrate-db',
            epoch: there.epoch,
            last_seq: there.head_seq,
            rows: { messages: 2, tokens: 1 },
          },
        })
        // Generated ids continue after the moved rows.
        parsed(await site.run('add-account', '--kind', 'agent', '--handle', 'new'))
      }
      const back = `sqlite:${join(site.home, 'back.db')}`
      // The password can be kept out of the process list.
      const { password, href } = new URL(url)
      const again = parsed<Moved>(
        await site.runWith(
          { PGPASSWORD: decodeURIComponent(password) },
          ...['migrate-db', '--from', href.replace(`:${password}@`, '@'), '--to', back],
        ),
      )
      expect(again.epoch).toBe(there.epoch)
      const retired = await site.run('serve', '--port', '0', '--database-url', url)
      expect([retired.code, retired.stderr]).toEqual([78, expect.stringContaining(`moved to ${back}`)])
      await using server = await site.serve('--database-url', back)
      const acts = (await entriesAt(site)).map(({ action }) => action)
      expect(acts.slice(0, 3)).toEqual(['migrate', 'account.create', 'migrate'])
      const ada = client(server.url, token)
      const found = await ada.page(`&since=${cursor}`)
      expect(found.messages.map(({ body }) => body)).toEqual(['two, for @ada', 'three'])
      expect((await ada.page()).messages.slice(0, 2)).toEqual(messages)
      expect(await ada.find('two')).toEqual(['two, for @ada'])
      await ada.post('four')
    },
  )

  test('messages, tokens and cursors stay valid after a move to another file', async () => {
    await using site = new Site()
    const { token, cursor, store, messages } = await used(site)
    const target = `sqlite:${join(site.home, 'other.db')}`
    parsed(await migrate(site, store, target))
    await using server = await site.serve('--database-url', target)
    const ada = client(server.url, token)
    expect((await ada.page()).messages).toEqual(messages)
    expect((await ada.page(`&since=${cursor}`)).messages).toHaveLength(1)
    expect((await entriesAt(site))[0]).toMatchObject({
      action: 'migrate',
      metadata: { rows: { messages: 2 } },
    })
  })
})

test('no server starts on a store that was moved away or only half moved in, and doctor says why', async () => {
  await using site = new Site()
  const { store } = await used(site)
  const target = join(site.home, 'other.db')
  parsed(await migrate(site, store, `sqlite:${target}`))
  const old = await site.run('serve', '--port', '0')
  expect(old.code).toBe(78)
  expect(old.stderr).toContain(`moved to sqlite:${target}`)
  expect(old.stderr).toContain('synapse epoch rotate')
  expect((await examined(site)).of('store')).toMatchObject({
    status: 'fail',
    detail: `this store was moved to sqlite:${target}`,
    fix: expect.stringContaining('synapse epoch rotate'),
  })
  {
    using db = new Database(target)
    db.run("INSERT INTO instance (name, value) VALUES ('moving_in', '{}')")
  }
  const half = await site.run('serve', '--port', '0', '--database-url', `sqlite:${target}`)
  expect(half.code).toBe(78)
  expect(half.stderr).toContain('synapse migrate-db')
  expect((await examined(site, { SYNAPSE_DATABASE_URL: `sqlite:${target}` })).of('store')).toMatchObject({
    status: 'fail',
    fix: expect.stringContaining('synapse migrate-db'),
  })
})

describe('refused moves', () => {
  test('a move is refused while a server runs on the source', async () => {
    await using site = new Site()
    const { store } = await used(site)
    await using _server = await site.serve()
    const refused = await migrate(site, store, `sqlite:${join(site.userHome, 'other.db')}`)
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain('locked')
  })

  test.each(postgresMissing ? [] : ['source', 'target'])(
    'a move is refused while a server runs on a Postgres %s',
    async (adapter) => {
      await using site = new Site()
      await used(site)
      const url = await emptyPostgres()
      const file = join(site.userHome, 'elsewhere.db')
      copyFileSync(site.paths.database, file)
      await using _server = await site.serve('--database-url', url)
      const refused =
        adapter === 'target'
          ? await migrate(site, `sqlite:${file}`, url)
          : await migrate(site, url, await emptyPostgres())
      expect([refused.code, refused.stderr]).toEqual([
        5,
        expect.stringContaining('is using the Postgres database'),
      ])
    },
  )

  const wrong: [what: string, make: (path: string) => void, code: number, words: string][] = [
    ['of another program', (path) => run(path, 'CREATE TABLE bookmarks (id INTEGER)'), 5, 'another program'],
    [
      'of the original server',
      (path) => run(path, 'CREATE TABLE alembic_version (v TEXT)'),
      5,
      'import-original',
    ],
  ]
  test.each(wrong)('a move from or into a database %s is refused', async (_, make, code, words) => {
    await using site = new Site()
    const { store } = await used(site)
    const path = join(site.userHome, 'wrong.db')
    make(path)
    for (const [from, to] of [
      [store, `sqlite:${path}`],
      [`sqlite:${path}`, `sqlite:${join(site.userHome, 'new.db')}`],
    ] as const) {
      const refused = await migrate(site, from, to)
      expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(words)])
    }
  })

  test('a move is refused into a store in use, from a missing file, and onto itself', async () => {
    await using site = new Site()
    const { store } = await used(site)
    const other = join(site.userHome, 'other')
    mkdirSync(other, { mode: 0o700 })
    parsed(await site.run('add-channel', '--slug', 'x', '--name', 'X', '--home', other))
    const full = `sqlite:${homePaths(other).database}`
    const rows: [from: string, to: string, code: number, words: string][] = [
      [store, full, 5, 'not empty'],
      [`sqlite:${other}/nothing.db`, full, 4, 'there is no file'],
      [store, `sqlite:${other}/missing/x.db`, 4, 'there is no folder'],
      [store, store, 2, 'the same store'],
      [store, 'mysql://x', 2, '--to'],
    ]
    for (const [from, to, code, words] of rows) {
      const refused = await migrate(site, from, to)
      expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(words)])
    }
    // The refusals changed nothing: the server still starts.
    await using _server = await site.serve()
  })
})

const targets: readonly ('sqlite' | 'postgres')[] = postgresMissing ? ['sqlite'] : ['sqlite', 'postgres']

test.each(targets)(
  'a move into %s that is killed several times completes without loss',
  async (engine) => {
    await using site = new Site()
    const { store, token } = await used(site)
    const path = site.paths.database
    seed(path, ROWS)
    const file = join(site.userHome, 'target.db')
    const target = engine === 'sqlite' ? `sqlite:${file}` : await emptyPostgres()
    const server = engine === 'postgres' ? await sharedPostgres() : undefined
    const arrived = async (): Promise<number> => {
      try {
        if (server)
          return progressOf(
            (
              await server.query<{ value: string }>(
                "SELECT value FROM instance WHERE name = 'moving_in'",
                new URL(target).pathname.slice(1),
              )
            )[0]?.value,
          )
        using db = new Database(file, { readonly: true })
        return progressOf(
          db.query<{ value: string }, []>("SELECT value FROM instance WHERE name = 'moving_in'").get()?.value,
        )
      } catch {
        // Not created yet, or just being written.
        return 0
      }
    }
    let before = 0
    let kills = 0
    for (; kills < 3; kills++) {
      const child = Bun.spawn([...program, 'migrate-db', '--from', store, '--to', target], {
        cwd: site.userHome,
        env: site.environment,
        stdio: ['ignore', 'ignore', 'ignore'],
      })
      site.remember(child.pid)
      const least = before
      await until('some more rows', async () => child.exitCode !== null || (await arrived()) > least)
      child.kill('SIGKILL')
      await child.exited
      if (child.exitCode === 0) break
      before = await arrived()
      expect(before).toBeGreaterThan(least)
    }
    expect(kills).toBeGreaterThan(0)
    const { rows } = parsed<Moved>(await migrate(site, store, target))
    expect(rows.messages).toBe(ROWS + 2)
    await using running = await site.serve('--database-url', target)
    const last = await client(running.url, token).page('&order=desc')
    expect(last.messages[0]?.body).toBe(`message ${ROWS}`)
  },
  60_000,
)

test.skipIf(postgresMissing)(
  'a move whose database dies fails with a remedy, and continues when the database is back',
  async () => {
    await using site = new Site()
    await using server = await startPostgres()
    const { store } = await used(site)
    seed(site.paths.database, ROWS)
    const target = await server.createDatabase()
    const moving = site.run('migrate-db', '--from', store, '--to', target)
    const arrived = () =>
      server
        .query<{ value: string }>(
          "SELECT value FROM instance WHERE name = 'moving_in'",
          new URL(target).pathname.slice(1),
        )
        .then(([row]) => progressOf(row?.value))
        .catch(() => 0)
    await until('some rows', async () => (await arrived()) > 1000)
    await server.kill()
    const ended = await moving
    expect([ended.code, ended.stderr]).toEqual([8, expect.stringContaining('run the same command again')])
    await server.start()
    expect(parsed<Moved>(await migrate(site, store, target)).rows.messages).toBe(ROWS + 2)
  },
  60_000,
)

const ROWS = 80_000

/** Adds messages to a stopped store, as posts would. */
function seed(path: string, rows: number): void {
  using db = new Database(path)
  db.run('BEGIN')
  db.run(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body)
      SELECT h.seq + i, randomblob(16), c.id, a.id, h.last_at + i * 1000, 0, 'message ' || i
      FROM n, log_head h, (SELECT min(id) AS id FROM channels) c, (SELECT min(id) AS id FROM accounts) a`,
  )
  db.run(
    `INSERT INTO events (seq, at, type, channel_id, subject, actor_id)
      SELECT seq, at, 'message.created', channel_id, seq, sender_id FROM messages
      WHERE seq > (SELECT seq FROM log_head)`,
  )
  db.run(
    'UPDATE log_head SET seq = (SELECT max(seq) FROM messages), last_at = (SELECT max(at) FROM messages)',
  )
  db.run('COMMIT')
}

/** The rows that have arrived, according to the note in the target. */
function progressOf(checkpoint: string | undefined): number {
  if (checkpoint === undefined) return 0
  const { rows } = JSON.parse(checkpoint) as { rows: Record<string, number> }
  return Object.values(rows).reduce((sum, count) => sum + count, 0)
}

function run(path: string, ...statements: string[]): void {
  using db = new Database(path)
  for (const statement of statements) db.run(statement)
}
