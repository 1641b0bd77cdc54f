import { Database } from 'bun:sqlite'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Synapse, startSynapse } from './synapse'

const root = resolve(import.meta.dir, '../..')

/** Where large stores are kept between runs; each is some hundred megabytes. */
const folder = join(root, 'dist/bench-stores')

/** The agent that reads; its token is the same in every store. */
const READER = 'reader'

export interface Grown {
  readonly name: string
  /** Everything that decides what is in the store: another size is another store. */
  readonly size: Readonly<Record<string, number>>
  /** Adds rows to a store that has the reader alone. */
  fill(store: Filler): void
}

/** A server over a store that is filled by inserts, once, and kept for the next run. */
export async function overGrown<Answer>(
  grown: Grown,
  use: (server: Synapse) => Promise<Answer>,
  env: Record<string, string> = {},
): Promise<Answer> {
  const migrations = readdirSync(join(root, 'drizzle/sqlite')).sort().join(' ')
  const key = createHash('sha256')
    .update(JSON.stringify([migrations, grown.size, grown.fill.toString()]))
    .digest('hex')
    .slice(0, 8)
  const home = join(folder, `${grown.name}-${key}`)
  if (!existsSync(join(home, 'grown'))) await make(home, grown)
  await using server = await startSynapse({ home, keepHome: true, env })
  return await use(server)
}

async function make(home: string, { name, fill }: Grown): Promise<void> {
  process.stderr.write(`    making the store ${name} …\n`)
  mkdirSync(folder, { recursive: true })
  rmSync(home, { recursive: true, force: true })
  mkdirSync(home, { mode: 0o700 })
  {
    await using server = await startSynapse({ home, keepHome: true })
    await server.agent(READER, ['home'])
  }
  {
    using store = new Filler(join(home, 'synapse.db'))
    fill(store)
  }
  await Bun.write(join(home, 'grown'), '')
}

/** The token with this number; number 0 is the reader's. */
export function tokenOf(number: number): string {
  return `syn_${createHash('sha256').update(`token ${number}`).digest('base64url')}`
}

/** Inserts rows as the server would have, into a store that no server has open. */
export class Filler implements Disposable {
  readonly readerId: number
  private readonly db: Database
  private readonly at: number
  private seq: number

  constructor(path: string) {
    this.db = new Database(path, { strict: true })
    this.db.run('PRAGMA synchronous = OFF')
    this.db.run('BEGIN')
    const head = this.db
      .query<{ seq: number; last_at: number }, []>('SELECT seq, last_at FROM log_head')
      .get()
    const reader = this.db
      .query<{ id: number }, [string]>('SELECT id FROM accounts WHERE handle = ?')
      .get(READER)
    if (!head || !reader) throw new Error('the store has no head or no reader')
    this.seq = head.seq
    this.at = head.last_at
    this.readerId = reader.id
    this.token(0, reader.id)
  }

  /** Adds so many accounts; answers their ids. */
  accounts(count: number): number[] {
    const insert = this.db.prepare<{ id: number }, [Uint8Array, string, string, number]>(
      "INSERT INTO accounts (uuid, kind, handle, display_name, created_at) VALUES (?, 'agent', ?, ?, ?) RETURNING id",
    )
    return Array.from({ length: count }, (_, i) =>
      idOf(insert.get(Bun.randomUUIDv7('buffer'), `grown-${i}`, `Grown ${i}`, this.at)),
    )
  }

  channels(prefix: string, count: number): number[] {
    const insert = this.db.prepare<{ id: number }, [Uint8Array, string, string, number]>(
      "INSERT INTO channels (uuid, slug, name, kind, created_at) VALUES (?, ?, ?, 'public', ?) RETURNING id",
    )
    return Array.from({ length: count }, (_, i) =>
      idOf(insert.get(Bun.randomUUIDv7('buffer'), `${prefix}${i}`, `${prefix} ${i}`, this.at)),
    )
  }

  members(channelIds: readonly number[], accountIds: readonly number[]): void {
    const insert = this.db.prepare(
      "INSERT INTO memberships (channel_id, account_id, role, joined_at, joined_seq) VALUES (?, ?, 'member', ?, ?)",
    )
    for (const channelId of channelIds)
      for (const accountId of accountIds) insert.run(channelId, accountId, this.at, this.seq)
  }

  token(number: number, accountId: number): void {
    const hash = createHash('sha256').update(tokenOf(number)).digest('hex')
    this.db
      .query('INSERT INTO tokens (uuid, account_id, hash, scopes, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(Bun.randomUUIDv7('buffer'), accountId, hash, '["channel:*:read"]', this.at)
  }

  /** Adds messages of 64 bytes, the n-th in the n-th of these channels, again and again. */
  messages(channelIds: readonly number[], count: number): void {
    const message = this.db.prepare(
      'INSERT INTO messages (seq, uuid, channel_id, sender_id, at, flags, body) VALUES (?, ?, ?, ?, ?, 0, ?)',
    )
    const event = this.db.prepare(
      "INSERT INTO events (seq, at, type, channel_id, subject, actor_id) VALUES (?, ?, 'message.created', ?, ?, ?)",
    )
    const body = 'x'.repeat(64)
    for (let i = 0; i < count; i++) {
      const seq = ++this.seq
      const channelId = channelIds[i % channelIds.length] ?? 0
      message.run(seq, Bun.randomUUIDv7('buffer'), channelId, this.readerId, this.at, body)
      event.run(seq, this.at, channelId, seq, this.readerId)
    }
  }

  [Symbol.dispose](): void {
    this.db.query('UPDATE log_head SET seq = ?, last_at = ?').run(this.seq, this.at)
    this.db.run('COMMIT')
    this.db.run('PRAGMA wal_checkpoint(TRUNCATE)')
    this.db.close()
  }
}

function idOf(row: { id: number } | null): number {
  if (!row) throw new Error('nothing was inserted')
  return row.id
}
