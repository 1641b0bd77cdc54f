import { Database } from 'bun:sqlite'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { ensureInstanceKey } from '../../src/home'
import { encryptionFor } from '../../src/platform/encryption'
import { parsed } from '../support/finished'
import type { Page } from '../support/person'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { Site } from '../support/site'
import {
  type Contents,
  makePostgresOriginal,
  makeSqliteOriginal,
  type Revision,
  revisions,
} from './original-database'
import { at, id, PASSWORD, SESSION, TOKENS, village } from './village'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

interface Answer {
  readonly rows: Readonly<Record<string, number>>
  readonly head_seq: number
  readonly warnings: readonly string[]
}

type Engine = 'sqlite' | 'postgres'
const engines: readonly Engine[] = postgresMissing ? ['sqlite'] : ['sqlite', 'postgres']

/** A database of the original server on this engine; returns its URL. */
async function original(
  engine: Engine,
  site: Site,
  contents: Contents = village,
  revision: Revision = 'latest',
): Promise<string> {
  if (engine === 'sqlite') {
    const path = join(site.userHome, 'original.db')
    makeSqliteOriginal(path, contents, revision)
    return `sqlite:///${path}`
  }
  const url = await (await sharedPostgres()).createDatabase()
  await makePostgresOriginal(url, contents, revision)
  return url.replace('postgres://', 'postgresql+psycopg://')
}

const oldCursor = (time: string, message: string) =>
  Buffer.from(`${time.replace('Z', '+00:00')}|${message}`).toString('base64url')

describe.each(engines)('a database of the original server on %s', (engine) => {
  test('an import brings every account, message and credential', async () => {
    await using site = new Site()
    const answer = parsed<Answer>(await site.run('import-original', '--from', await original(engine, site)))
    expect(answer.rows).toMatchObject({
      accounts: 6,
      channels: 3,
      memberships: 4,
      messages: 9,
      tokens: 3,
      sessions: 1,
      threads: 1,
      reactions: 2,
      webhooks: 2,
    })
    expect(answer.head_seq).toBe(6 + 3 + 4 + 9)
    await using server = await site.serve()
    expect(await entriesAt(site)).toMatchObject([
      {
        action: 'import',
        via: 'operator',
        metadata: { command: 'import-original', last_seq: answer.head_seq, rows: answer.rows },
      },
    ])
    const as = (token: string) => (path: string) =>
      fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    const assistant = as(TOKENS.assistant)

    expect(await (await assistant('/v1/auth/me')).json()).toMatchObject({
      id: id('a', 2),
      handle: 'assistant',
    })
    expect((await as('revoked')('/v1/auth/me')).status).toBe(401)
    const login = await fetch(`${server.url}/v1/auth/login`, {
      method: 'POST',
      body: JSON.stringify({ handle: 'Clint', password: PASSWORD }),
    })
    expect(await login.json()).toEqual({ status: 'ok', handle: 'clint' })
    const session = await fetch(`${server.url}/v1/auth/me`, {
      headers: { cookie: `synapse_session=${SESSION}` },
    })
    expect(await session.json()).toMatchObject({ handle: 'clint', via: 'session' })
    const own = await fetch(`${server.url}/v1/channels`, {
      headers: { cookie: `synapse_session=${SESSION}` },
    })
    // Everything that was imported counts as read.
    const { channels } = (await own.json()) as { channels: { unread: number; read_cursor: string | null }[] }
    expect(channels.length).toBeGreaterThan(0)
    for (const { unread, read_cursor } of channels)
      expect([unread, read_cursor]).toEqual([0, expect.any(String)])
    expect(await (await assistant(`/v1/threads/${id('m', 1)}`)).json()).toMatchObject({
      reply_count: 2,
      participants: ['clint', 'assistant'],
    })

    const page = (await (await assistant('/v1/messages?channel=team-ops&limit=200')).json()) as Page
    expect(page.messages.map((message) => message.id)).toEqual([1, 2, 3, 4, 5, 7, 9].map((n) => id('m', n)))
    const [first, second, third, fourth, fifth, seventh, ninth] = page.messages
    expect(page.messages.map((message) => message.created_at)).toEqual(
      [1001, 1002, 1003, 1004, 1004, 1007, 1009].map(at),
    )
    expect(first).toMatchObject({ thread_id: null, reply_to: null, sender_handle: 'clint', reply_count: 2 })
    expect(first?.mentioned_handles).toEqual(['reader', 'assistant'])
    expect<unknown>(first).toMatchObject({
      reactions: [
        { emoji: '👍', count: 1, handles: ['assistant'] },
        { emoji: 'in_progress', count: 1, handles: ['reader'] },
      ],
    })
    expect(second).toMatchObject({ thread_id: id('m', 1), reply_to: id('m', 1), body_format: 'plaintext' })
    expect(third).toMatchObject({ thread_id: id('m', 1), reply_to: id('m', 2), edited_at: at(5000) })
    expect(seventh).toMatchObject({ thread_id: null, reply_to: null, body: 'a reply to nobody' })
    expect(ninth?.mentioned_handles).toEqual(['assistant', 'dr.who', 'reader'])
    expect([fourth?.body, fifth?.body]).toEqual(['at once', 'at once, too'])
  })

  test('a client continues after an import from the cursor that it kept', async () => {
    await using site = new Site()
    parsed(await site.run('import-original', '--from', await original(engine, site)))
    await using server = await site.serve()
    const since = async (cursor: string) => {
      const answer = await fetch(`${server.url}/v1/messages?channel=team-ops&since=${cursor}`, {
        headers: { authorization: `Bearer ${TOKENS.assistant}` },
      })
      return ((await answer.json()) as Page).messages.map((message) => message.id)
    }
    expect(await since(oldCursor(at(1003), id('m', 3)))).toEqual([4, 5, 7, 9].map((n) => id('m', n)))
    // Between two messages of the same microsecond.
    expect(await since(oldCursor(at(1004), id('m', 4)))).toEqual([5, 7, 9].map((n) => id('m', n)))
    // A cursor of an unknown message counts by its time.
    expect(await since(oldCursor(at(1006), id('m', 500)))).toEqual([7, 9].map((n) => id('m', n)))
  })

  test('an import keeps dates in the future, and the next message gets the current time', async () => {
    await using site = new Site()
    const [message] = village.messages ?? []
    const future = ['2250-01-01T00:00:00.000000Z', '9999-12-31T23:59:59.999999Z']
    const from = await original(engine, site, {
      ...village,
      messages: [
        ...(village.messages ?? []),
        ...future.map((created_at, n) => ({ ...message, id: id('m', 60 + n), reply_to: null, created_at })),
        ...(engine === 'postgres'
          ? [{ ...message, id: id('m', 62), reply_to: null, created_at: 'infinity' }]
          : [{ ...message, id: id('m', 62), reply_to: null, created_at: '9999-12-31T23:59:59.999999Z' }]),
      ],
    })
    const begun = new Date().toISOString()
    const { warnings } = parsed<Answer>(await site.run('import-original', '--from', from))
    expect(warnings).toContain(
      '1 times in messages.created_at are in the future: kept; what follows has the right time',
    )
    expect(warnings).toContain(
      '2 times in messages.created_at beyond the year 9999: kept as the last moment of that year',
    )
    await using server = await site.serve()
    const headers = { authorization: `Bearer ${TOKENS.assistant}` }
    const post = await fetch(`${server.url}/v1/messages`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ channel: 'team-ops', body: 'today' }),
    })
    const posted = (await post.json()) as { id: string; created_at: string }
    expect(posted.created_at >= begun && posted.created_at < '2250').toBe(true)
    const since = async (cursor: string) => {
      const answer = await fetch(`${server.url}/v1/messages?channel=team-ops&since=${cursor}`, { headers })
      return ((await answer.json()) as Page).messages
    }
    const last = [60, 61, 62].map((n) => id('m', n))
    const page = await since(oldCursor(at(1009), id('m', 9)))
    expect(page.map((each) => each.id)).toEqual([...last, posted.id])
    const shown = '9999-12-31T23:59:59.999968Z'
    expect(page.map((each) => each.created_at)).toEqual([future[0] ?? '', shown, shown, posted.created_at])
    // By the time of an unknown message, before and after those in the future.
    expect((await since(oldCursor(at(1006), id('m', 500)))).map((each) => each.id)).toEqual([
      ...[7, 9].map((n) => id('m', n)),
      ...last,
      posted.id,
    ])
    expect(await since(oldCursor(posted.created_at, 'ffffffff-ffff-4fff-bfff-ffffffffffff'))).toEqual([])
    expect(
      (await since(oldCursor('2250-01-01T00:00:00.000000Z', id('m', 60)))).map((each) => each.id),
    ).toEqual([...last.slice(1), posted.id])
    const health = await fetch('http://localhost/v1/health', { unix: site.paths.socket })
    expect(await health.json()).toMatchObject({ log_ahead_until: null })
  })

  test.each(revisions)(
    'the revision "%s" of the original database is imported, with push settings if it had any',
    async (revision) => {
      await using site = new Site()
      const from = await original(engine, site, village, revision)
      const { rows } = parsed<Answer>(await site.run('import-original', '--from', from))
      expect(rows).toMatchObject({ accounts: 6, messages: 9, webhooks: revision === 'first' ? 0 : 2 })
      using db = new Database(site.paths.database, { readonly: true })
      const sealed = db.query('SELECT count(*) AS n FROM webhooks WHERE secret_sealed IS NOT NULL').get()
      expect(sealed).toEqual({ n: revision === 'first' ? 0 : 1 })
    },
  )

  test('a database that lacks a column of every revision is refused with a remedy that works', async () => {
    await using site = new Site()
    const from = await original(engine, site)
    if (engine === 'sqlite') {
      using db = new Database(join(site.userHome, 'original.db'))
      db.run('ALTER TABLE messages DROP COLUMN edited_at')
    } else {
      const sql = postgres(from.replace('postgresql+psycopg://', 'postgres://'), { max: 1 })
      await sql`ALTER TABLE messages DROP COLUMN edited_at`
      await sql.end()
    }
    const refused = await site.run('import-original', '--from', from)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('messages.edited_at is missing')
    expect(refused.stderr.includes('alembic upgrade head')).toBe(engine === 'sqlite')
  })

  test('an import warns about everything that it changes', async () => {
    await using site = new Site()
    const { warnings } = parsed<Answer>(
      await site.run('import-original', '--from', await original(engine, site)),
    )
    expect(warnings.toSorted()).toEqual(
      [
        'account Clint: is now called clint, in lower case as all names',
        'account everyone: a reserved word, so it cannot be mentioned',
        'account dr.who: such a handle is not allowed any more; it is kept',
        'account assistant: its webhook leads to a private address (192.168.1.7); it stays allowed',
        'channel dm-old: such a slug is not allowed any more; it is kept',
        'agent reader is read_only in team-ops and can no longer post there',
        '1 rows in audit_log, which the earlier server never used: left out',
        '2 replies to a message that is missing, later, or in another channel: kept as plain messages',
        '1 mentions of an account that is not a member of the channel: kept',
        '1 messages of an account or in a channel that is missing: left out',
        '1 reactions to a deleted message, or of an account that is missing: left out',
      ].toSorted(),
    )
  })
})

test('an import keeps microseconds, seals webhook secrets, and does not expose deleted messages', async () => {
  await using site = new Site()
  parsed(
    await site.run('import-original', '--from', await original('sqlite', site), '--keep-broadcast-wakes'),
  )
  using db = new Database(site.paths.database, { readonly: true })
  const events = db.query<{ at: number; type: string }, []>('SELECT at, type FROM events ORDER BY seq').all()
  const times = events.map((event) => event.at)
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b))
  const messages = db
    .query<{ at: number; event: number }, []>(
      'SELECT m.at, e.at AS event FROM messages m JOIN events e USING (seq) ORDER BY seq',
    )
    .all()
  // Only the second of two in one microsecond, and what follows closely, is a little later in the log.
  expect(messages.filter((message) => message.at === message.event).length).toBe(messages.length - 1)
  const targets = db
    .query<{ secret_sealed: string | null; wake_on: string; vouched: number }, []>(
      'SELECT secret_sealed, reasons AS wake_on, vouched FROM webhooks ORDER BY account_id',
    )
    .all()
  expect(targets.map(({ vouched }) => vouched)).toEqual([1, 0])
  expect(JSON.parse(targets[0]?.wake_on ?? '')).toEqual(
    expect.arrayContaining(['mention', 'group', 'broadcast']),
  )
  const key = ensureInstanceKey(site.paths.instanceKey)
  const { open } = encryptionFor(key.seed(), 'synapse-webhook-secret')
  expect(open(targets[0]?.secret_sealed ?? '')).toBe('s3crét')
  const whole = Buffer.from(await Bun.file(site.paths.database).bytes())
  expect(whole.includes('s3crét')).toBeFalse()
  expect(whole.includes('what nobody is to read')).toBeFalse()
})

test('a database without a column is refused by the name of the column, and nothing is imported', async () => {
  await using site = new Site()
  const url = await original('sqlite', site)
  {
    using db = new Database(join(site.userHome, 'original.db'))
    db.run('ALTER TABLE messages DROP COLUMN edited_at')
    db.run('DROP TABLE reactions')
  }
  const refused = await site.run('import-original', '--from', url)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('messages.edited_at')
  expect(refused.stderr).toContain('the table reactions')
  expect(existsSync(site.paths.database)).toBeFalse()
})

test('an import that finds an unreadable value imports nothing and can be repeated', async () => {
  await using site = new Site()
  const url = await original('sqlite', site, {
    ...village,
    messages: [
      ...(village.messages ?? []),
      { ...(village.messages?.[0] ?? {}), id: id('m', 50), created_at: 'yesterday' },
    ],
  })
  const refused = await site.run('import-original', '--from', url)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('messages.created_at')
  {
    using db = new Database(site.paths.database, { readonly: true })
    expect(db.query('SELECT 1 FROM accounts UNION SELECT 1 FROM messages').all()).toEqual([])
  }
  {
    using db = new Database(join(site.userHome, 'original.db'))
    db.run("DELETE FROM messages WHERE created_at = 'yesterday'")
  }
  expect(parsed<Answer>(await site.run('import-original', '--from', url)).rows.messages).toBe(9)
  // A finished import is not overwritten.
  const again = await site.run('import-original', '--from', url)
  expect(again.code).toBe(5)
  expect(again.stderr).toContain('not empty')
})

test('an import can write into a Postgres store', async () => {
  if (postgresMissing) return
  await using site = new Site()
  const store = await (await sharedPostgres()).createDatabase()
  const from = await original('sqlite', site)
  const { rows } = parsed<Answer>(await site.run('import-original', '--from', from, '--database-url', store))
  expect(rows).toMatchObject({ messages: 9, memberships: 4, threads: 1 })
  await using server = await site.serve('--database-url', store)
  expect(await entriesAt(site)).toMatchObject([{ action: 'import', metadata: { rows } }])
  const answer = await fetch(`${server.url}/v1/messages?channel=team-ops&limit=200`, {
    headers: { authorization: `Bearer ${TOKENS.assistant}` },
  })
  const { messages } = (await answer.json()) as Page
  expect(messages.map((message) => message.created_at)).toEqual(
    [1001, 1002, 1003, 1004, 1004, 1007, 1009].map(at),
  )
})

/** The audit log of the running server, after verifying it. */
async function entriesAt(site: Site): Promise<readonly object[]> {
  const { socket } = site.paths
  const ask = async (path: string) =>
    (await fetch(`http://localhost/v1/admin/${path}`, { unix: socket })).json()
  expect(await ask('audit/verify')).toMatchObject({ broken: null })
  return ((await ask('audit')) as { entries: object[] }).entries
}
