/**
 * A real Postgres for tests: the programs of the system, a data folder of its own, a free loopback port.
 *
 *   test.skipIf(postgresMissing)('…', async () => {
 *     const url = await (await sharedPostgres()).createDatabase()
 *
 * Tests that stop, kill or slow down their server start their own: `await using server = await startPostgres()`.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import postgres from 'postgres'
import { isAlive } from '../../src/home'
import { roomyPlace } from './fast-directory'
import { librariesOf, placesOf } from './fetched'
import { lastingFolder } from './lasting-folder'
import { until } from './sockets'
import { freePort, privateFolder, Supervised, unprivileged } from './supervised'

const SUPERUSER = 'postgres'

/** Where Debian installs the programs of each version, outside of PATH. */
const DEBIAN = '/usr/lib/postgresql'

/** Where `initdb`, `postgres`, `pg_dump` and the others are, newest version first; undefined if there are none. */
export const postgresPrograms: string | undefined = findPrograms()

/** The environment that they need. */
export const postgresLibraries = postgresPrograms === undefined ? {} : librariesOf(postgresPrograms)

/** True without Postgres: tests that need it are skipped (scripts/provision.sh installs it). */
export const postgresMissing = postgresPrograms === undefined

/** The user that runs the programs. */
const owned = () => unprivileged('postgres', 'nobody')

/** The disk space that several servers with their logs may need. */
const ROOM_BYTES = 6e9

export interface PostgresOptions {
  /** False: a commit does not wait for the disk. For tests that store much and never stop the server. */
  readonly fsync?: boolean
  /** Additional settings of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts a server for one test. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  if (postgresPrograms === undefined) throw new Error('there is no Postgres here: run scripts/provision.sh')
  pristine ??= initialize(postgresPrograms)
  const { data, password } = await pristine
  const folder = privateFolder('postgres', owned(), roomyPlace(ROOM_BYTES))
  const copy = Bun.spawnSync(['cp', '-a', data, join(folder, 'data')], { stderr: 'pipe' })
  if (copy.exitCode !== 0) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`cp ended with ${copy.exitCode}: ${copy.stderr}`)
  }
  const settings = { fsync: options.fsync === false ? 'off' : 'on', ...options.settings }
  return run(postgresPrograms, folder, password, settings, 'database system is ready to accept connections')
}

/** Runs the server with the data of a folder. */
async function run(
  programs: string,
  folder: string,
  password: string,
  options: Readonly<Record<string, string>>,
  ready: string,
): Promise<PostgresServer> {
  const port = freePort()
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    max_connections: '200',
    lc_messages: 'C',
    ...options,
  }
  const server = new Supervised({
    folder,
    command: [
      ...(owned()?.prefix ?? []),
      join(programs, 'postgres'),
      ...['-D', join(folder, 'data')],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: environmentIn(folder),
    ready,
    endBy: 'QUIT',
  })
  try {
    await server.start()
  } catch (error) {
    await server.close()
    throw error
  }
  return new PostgresServer(server, port, password)
}

function environmentIn(folder: string): Record<string, string> {
  return { LC_ALL: 'C.UTF-8', TZ: 'UTC', HOME: folder, ...postgresLibraries }
}

/** Starts a standby of a server, which follows it and accepts no changes. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  if (postgresPrograms === undefined) throw new Error('there is no Postgres here: run scripts/provision.sh')
  const owner = owned()
  const folder = privateFolder('standby', owner, roomyPlace(ROOM_BYTES))
  try {
    const copy = Bun.spawnSync(
      [
        ...(owner?.prefix ?? []),
        join(postgresPrograms, 'pg_basebackup'),
        ...['-d', primary.url('postgres'), '-D', join(folder, 'data')],
        ...['--write-recovery-conf', '--wal-method=stream', '--checkpoint=fast', '--no-sync'],
      ],
      { cwd: folder, env: { PATH: process.env.PATH ?? '', ...environmentIn(folder) }, stderr: 'pipe' },
    )
    if (copy.exitCode !== 0) throw new Error(`pg_basebackup ended with ${copy.exitCode}: ${copy.stderr}`)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  const { password } = new URL(primary.url('postgres'))
  return run(postgresPrograms, folder, password, { fsync: 'off' }, 'ready to accept read')
}

let shared: Promise<PostgresServer> | undefined

/** The server that all tests of this process share. It starts on first use and ends with the process; no test stops it. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= startPostgres()
  return shared
}

export class PostgresServer implements AsyncDisposable {
  private databases = 0

  constructor(
    private readonly server: Supervised,
    readonly port: number,
    private readonly password: string,
  ) {}

  /** The pid of the postmaster; undefined while it is down. */
  get pid(): number | undefined {
    return this.server.pid
  }

  /** An empty database, or a copy of `template`, which must have no connections; returns its URL. */
  async createDatabase(options: { readonly template?: string } = {}): Promise<string> {
    const name = `test_${++this.databases}_${randomBytes(4).toString('hex')}`
    await this.query(`CREATE DATABASE ${name}${options.template ? ` TEMPLATE ${options.template}` : ''}`)
    return this.url(name)
  }

  /** The URL of a database, by default for the superuser. */
  url(database: string, as: { readonly user?: string; readonly password?: string } = {}): string {
    const { user = SUPERUSER, password = this.password } = as
    return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${this.port}/${database}`
  }

  /** Runs statements as the superuser on a new connection; returns the rows of a single one. */
  async query<Row = Record<string, unknown>>(statement: string, database = 'postgres'): Promise<Row[]> {
    const sql = postgres(this.url(database), { max: 1, fetch_types: false, onnotice: () => {} })
    try {
      // The caller knows what it selects.
      return [...(await sql.unsafe(statement))] as Row[]
    } finally {
      await sql.end()
    }
  }

  /** Stops the server: `fast` closes connections and writes a checkpoint, `immediate` leaves recovery to the next start. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.server.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
  }

  /** Starts it again with the same port and data. */
  async start(): Promise<void> {
    await this.server.start()
  }

  /** Kills the postmaster and all its children. */
  async kill(): Promise<void> {
    const { pid } = this
    if (pid === undefined) return
    // Stopped first, so that it starts no other children meanwhile.
    process.kill(pid, 'SIGSTOP')
    const children = childrenOf(pid)
    for (const child of children) if (isAlive(child)) process.kill(child, 'SIGKILL')
    await this.server.end('SIGKILL')
    for (const child of children) await until(`the end of ${child}`, () => isOver(child))
  }

  /** The log of the server so far, over all its runs. */
  log(): string {
    return this.server.log()
  }

  /** Stops the server at once and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
  }
}

interface Pristine {
  readonly data: string
  readonly password: string
}

/** The initial data of every server of this process, because creating it is the slowest part of a start. */
let pristine: Promise<Pristine> | undefined

async function initialize(programs: string): Promise<Pristine> {
  const owner = owned()
  const folder = join(lastingFolder(), 'pristine')
  const data = join(folder, 'data')
  const secret = join(folder, 'password')
  const password = randomBytes(18).toString('base64url')
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(secret, verifierOf(password), { mode: 0o600 })
  if (owner) for (const path of [folder, secret]) chownSync(path, owner.uid, owner.gid)
  const child = Bun.spawn(
    [
      ...(owner?.prefix ?? []),
      join(programs, 'initdb'),
      ...['-D', data, '-U', SUPERUSER, '--pwfile', secret],
      ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8'],
      // A crash of the machine would lose what is created here; what is written later is synced.
      '--no-sync',
      '--no-instructions',
    ],
    {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', ...environmentIn(folder) },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'pipe',
    },
  )
  const complaint = await new Response(child.stderr).text()
  const code = await child.exited
  rmSync(secret)
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${complaint}`)
  return { data, password }
}

/**
 * The form in which Postgres stores a password, after one iteration in place of 4096: tests open thousands of
 * connections, and the client computes the iterations of each.
 */
function verifierOf(password: string): string {
  const salt = randomBytes(16)
  const salted = createHmac('sha256', password)
    .update(salt)
    .update(new Uint8Array([0, 0, 0, 1]))
    .digest()
  const key = (name: string) => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest('base64')
  return `SCRAM-SHA-256$1:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`
}

function findPrograms(): string | undefined {
  const onPath = Bun.which('initdb')
  const folder = onPath && dirname(realpathSync(onPath))
  if (folder && existsSync(join(folder, 'postgres'))) return folder
  return placesOf(DEBIAN)
    .flatMap((place) =>
      readdirSync(place)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(place, version, 'bin')),
    )
    .find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')))
}

/** Needs /proc; elsewhere children notice by themselves that their postmaster is gone. */
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** A zombie process has ended too. */
function isOver(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return true
  }
}
