/**
 * The real application in a new home, with a clock that is stopped, and people in it:
 *
 *   await using w = await world()
 *   const family = await w.channel('family', { kind: 'private' })
 *   const alice = await w.agent('alice', { channels: { family: 'member' } })
 *   await alice.posts(family, 'hi')
 */
import { rmSync } from 'node:fs'
import { surfaces } from '../../src/app/surfaces'
import { type Config, loadConfig } from '../../src/config'
import type { Clock } from '../../src/core/kernel/time'
import type { Turns } from '../../src/core/kernel/turns'
import type { Catalogue } from '../../src/core/log/catalogue'
import { homePaths } from '../../src/home'
import type { Surface } from '../../src/http/surface'
import { boot, type Running } from '../../src/main'
import { systemTurns } from '../../src/platform'
import { type Answer, Caller, type Fields } from './caller'
import { cheapPasswords } from './cheap-passwords'
import { type Parameter, type TestDatabase, testDatabase, type Words } from './database'
import { FakeClock } from './fake-clock'
import { fastDirectory } from './fast-directory'
import { type LoggedEvent, logIn } from './ledger'
import { type Identified, Person, type Room } from './person'
import { unlimited } from './unlimited'

export { type Answer, Caller, type Fields } from './caller'
export { DAY, HOUR, MINUTE, SECOND } from './fake-clock'
export { type Message, type Page, Person, type Room } from './person'

export type Role = 'admin' | 'member' | 'read_only'

/** The password of every human, and a slow hash of it, made by argon2-cffi as on the original server. */
export const PASSWORD = 'correct horse battery staple'
export const PASSWORD_HASH =
  '$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg'

const CHEAP_HASH = cheapPasswords.hash(PASSWORD)

/** Every channel, as a small team would give its agents. */
export const READ_AND_POST = ['channel:*:read', 'channel:*:post']

const SESSION_MICROS = 14 * 24 * 3600 * 1_000_000

interface NewPerson {
  /** The role by slug. */
  readonly channels?: Readonly<Record<string, Role>>
  readonly displayName?: string
}

/** Boots a server. `settings` are environment names: `{ SYNAPSE_RATE_LOGIN: '10/300' }`. */
export async function world<Time extends Clock = FakeClock>(
  options: {
    readonly settings?: Readonly<Record<string, string>>
    /** Default: a clock that is stopped until it is moved. */
    readonly clock?: Time
    /** Default: the turns of the event loop. */
    readonly turns?: Turns
    /** Surfaces in addition to those of the server. */
    readonly surfaces?: readonly Surface[]
    /** The event types that it knows; default: all of the program. */
    readonly catalogue?: Catalogue
    /** Starts the threads of SQLite; default: those of the program. */
    readonly startWorker?: () => Worker
    /** Default false: a real hash takes a third of a second of processor time and tests nothing more. */
    readonly hasSlowPasswords?: boolean
  } = {},
): Promise<World<Time>> {
  const folder = fastDirectory()
  const home = folder.path
  // A server changes the umask of its process, here that of the tests.
  const umask = process.umask()
  await using undo = new AsyncDisposableStack()
  undo.use(folder)
  undo.defer(() => rmSync(`${home}-backups`, { recursive: true, force: true }))
  undo.defer(() => void process.umask(umask))
  // A caller with another type of clock passes one.
  const clock = options.clock ?? (new FakeClock() as unknown as Time)
  const lines: string[] = []
  const database = undo.use(
    await testDatabase(homePaths(home).database, options.settings?.SYNAPSE_DATABASE_URL),
  )
  const env = {
    HOME: home,
    SYNAPSE_HOME: home,
    SYNAPSE_BACKUP_DIR: `${home}-backups`,
    SYNAPSE_PORT: '0',
    SYNAPSE_DISCOVERY_MDNS_BROWSE: 'off',
    ...unlimited,
    ...(database.url !== undefined && { SYNAPSE_DATABASE_URL: database.url }),
    ...options.settings,
  }
  const config = loadConfig({ env, cwd: home, command: 'serve' })
  const { turns = systemTurns, hasSlowPasswords = false } = options
  const all = [...surfaces, ...(options.surfaces ?? [])]
  const passwords = hasSlowPasswords ? {} : { passwords: cheapPasswords }
  const log = (text: string) => lines.push(text)
  const start = (catalogue?: Catalogue) => {
    const knowing = catalogue ? { catalogue } : {}
    const threads = options.startWorker ? { startWorker: options.startWorker } : {}
    return boot(config, {
      listen: true,
      log,
      clock,
      turns,
      surfaces: all,
      ...passwords,
      ...knowing,
      ...threads,
    })
  }
  const hash = hasSlowPasswords ? PASSWORD_HASH : await CHEAP_HASH
  return new World(await start(options.catalogue), start, config, clock, database, hash, lines, undo.move())
}

export class World<Time extends Clock = FakeClock> implements AsyncDisposable {
  readonly home: string
  /** Acts as admin without a credential, like the Unix socket. */
  readonly operator: Caller
  /** Has no credential. */
  readonly guest: Caller
  private isStopped = false

  constructor(
    /** The currently running server. */
    public running: Running,
    private readonly start: (catalogue?: Catalogue) => Promise<Running>,
    readonly config: Config,
    readonly clock: Time,
    readonly database: TestDatabase,
    private readonly passwordHash: string,
    private readonly lines: readonly string[],
    private readonly place: AsyncDisposable,
  ) {
    this.home = config.home
    this.operator = new Caller((path, init) =>
      this.running.handle(new Request(`http://synapse${path}`, init)),
    )
    this.guest = new Caller(this.send)
  }

  /** The differences between the engines in statements for `sql`. */
  get words(): Words {
    return this.database.words
  }

  /** `http://127.0.0.1:<port>` */
  get url(): string {
    return this.running.urls[0] ?? ''
  }

  /** The log so far. Complete once the server has stopped. */
  get log(): string {
    return this.lines.join('')
  }

  /** A client that sends these headers with every request. */
  caller(credential: Record<string, string>): Caller {
    return new Caller(this.send, credential)
  }

  /** A client with a bearer token. */
  bearer(token: string): Caller {
    return this.caller({ authorization: `Bearer ${token}` })
  }

  async channel(slug: string, options: { kind?: 'public' | 'private'; name?: string } = {}): Promise<Room> {
    const answer = await this.operator.post<Room>('/v1/admin/channels', { slug, name: slug, ...options })
    return created(answer)
  }

  async agent(
    handle: string,
    options: NewPerson & { readonly scopes?: readonly string[]; readonly expiresAt?: string } = {},
  ): Promise<Person> {
    const { scopes = READ_AND_POST, expiresAt } = options
    const account = await this.account(handle, options)
    const { id, token } = created(
      await this.operator.post<Identified & { token: string }>('/v1/admin/tokens', {
        account_handle: handle,
        scopes,
        expires_at: expiresAt ?? null,
      }),
    )
    await this.joinAll(handle, options)
    return new Person(this.send, { authorization: `Bearer ${token}` }, account.id, handle, token, id)
  }

  /** A client with a session, whose password is PASSWORD. Its hash is PASSWORD_HASH where passwords are slow. */
  async human(handle: string, options: NewPerson & { readonly isAdmin?: boolean } = {}): Promise<Person> {
    const fields = { kind: 'human', password: PASSWORD, is_admin: options.isAdmin ?? false }
    const account = await this.account(handle, options, fields)
    await this.sql('UPDATE accounts SET password_hash = ? WHERE handle = ?', this.passwordHash, handle)
    const secret = await this.session(handle)
    await this.joinAll(handle, options)
    const credential = { cookie: `synapse_session=${secret}` }
    return new Person(this.send, credential, account.id, handle, secret, '')
  }

  /** Creates a session without a password check; returns the cookie value. */
  async session(handle: string): Promise<string> {
    const secret = `session-of-${handle}-${Bun.randomUUIDv7()}`.padEnd(43, '_')
    const now = this.clock.now()
    await this.sql(
      `INSERT INTO sessions (uuid, account_id, hash, created_at, expires_at)
       SELECT ${this.database.words.newUuid}, id, ?, ?, ? FROM accounts WHERE handle = ?`,
      Bun.SHA256.hash(secret, 'hex'),
      now,
      now + SESSION_MICROS,
      handle,
    )
    return secret
  }

  async joins(person: Person | string, room: Room | string, role: Role = 'member'): Promise<void> {
    created(
      await this.operator.post('/v1/admin/memberships', {
        account_handle: typeof person === 'string' ? person : person.handle,
        channel_slug: typeof room === 'string' ? room : room.slug,
        role,
      }),
    )
  }

  async leaves(person: Person, room: Room): Promise<void> {
    await this.succeeds(this.operator.delete(`/v1/admin/memberships/${person.id}/${room.id}`))
  }

  async revokes(person: Person): Promise<void> {
    await this.succeeds(this.operator.post(`/v1/admin/tokens/${person.tokenId}/revoke`))
  }

  async archives(what: Person | Room): Promise<void> {
    const kind = what instanceof Person ? 'accounts' : 'channels'
    await this.succeeds(this.operator.post(`/v1/admin/${kind}/${what.id}/archive`))
  }

  /** Runs a statement with question marks as parameters directly on the database; returns its rows. */
  sql<Row = Fields>(statement: string, ...parameters: Parameter[]): Promise<Row[]> {
    return this.database.sql<Row>(statement, ...parameters)
  }

  /** The whole stored log. */
  storedLog(): Promise<LoggedEvent[]> {
    return logIn(this.database)
  }

  /** Waits until the index of words, which reads the log in the background, has read all but the newest messages. */
  async indexed(): Promise<void> {
    for (const until = Date.now() + 150_000; Date.now() < until; await Bun.sleep(20)) {
      const [found] = await this.sql<{ behind: number }>(
        `SELECT (SELECT max(seq) FROM events) - max(position) AS behind FROM projections WHERE name = 'search'`,
      )
      if (found && found.behind !== null && found.behind < 100) return
    }
    throw new Error('the index of words did not catch up')
  }

  /** What is stored and what was announced: unchanged by a request that must leave no trace. */
  async trace(): Promise<{ messages: number; events: number; announced: number }> {
    const [stored] = await this.sql<{ messages: number; events: number }>(
      'SELECT (SELECT count(*) FROM messages) AS messages, (SELECT max(seq) FROM events) AS events',
    )
    const health = await this.operator.get<{ last_seq: number }>('/v1/health')
    return { messages: stored?.messages ?? 0, events: stored?.events ?? 0, announced: health.body.last_seq }
  }

  /** Stops the server; its home stays until the world is disposed. */
  async stop(): Promise<void> {
    if (this.isStopped) return
    this.isStopped = true
    await this.database.release()
    await this.running.stop()
  }

  /**
   * Restarts the server on the same home with the same clock; existing callers use the new server. `catalogue`: the
   * event types that it knows from then on; default: all of the program.
   */
  async restart(catalogue?: Catalogue): Promise<void> {
    await this.stop()
    await this.database.endLeases()
    this.running = await this.start(catalogue)
    this.isStopped = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.place[Symbol.asyncDispose]()
  }

  private readonly send = (path: string, init: RequestInit) => fetch(`${this.url}${path}`, init)

  private async account(
    handle: string,
    { displayName }: NewPerson,
    fields: Fields = { kind: 'agent' },
  ): Promise<Identified> {
    return created(
      await this.operator.post<Identified>('/v1/admin/accounts', {
        handle,
        display_name: displayName ?? null,
        ...fields,
      }),
    )
  }

  private async joinAll(handle: string, { channels = {} }: NewPerson): Promise<void> {
    for (const [slug, role] of Object.entries(channels)) await this.joins(handle, slug, role)
  }

  private async succeeds(request: Promise<Answer>): Promise<void> {
    const { status, text } = await request
    if (status >= 300) throw new Error(`the operator was refused: ${text}`)
  }
}

function created<Body>({ status, text, body }: Answer<Body>): Body {
  if (status !== 201) throw new Error(`the operator was refused: ${text}`)
  return body
}
