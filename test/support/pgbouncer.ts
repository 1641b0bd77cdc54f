/**
 * A real PgBouncer for tests, on a free loopback port, in front of a Postgres of the tests.
 *
 *   test.skipIf(pgbouncerMissing)('…', async () => {
 *     await using pooler = await startPgbouncer(await sharedPostgres(), { mode: 'transaction' })
 */
import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PostgresServer, postgresMissing } from './postgres'
import { until } from './sockets'
import { freePort, privateFolder, Supervised, unprivileged } from './supervised'

const program = Bun.which('pgbouncer', { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` })

/** True without PgBouncer or without Postgres (scripts/provision.sh installs both). */
export const pgbouncerMissing = program === null || postgresMissing

/** When a connection to Postgres goes to the next client: after a session, or after every transaction. */
export type PoolMode = 'session' | 'transaction'

interface PoolerOptions {
  readonly mode: PoolMode
  /** The maximum number of connections to one database. */
  readonly size?: number
}

/** Starts a PgBouncer that asks for no password. */
export async function startPgbouncer(server: PostgresServer, options: PoolerOptions): Promise<PgBouncer> {
  if (program === null) throw new Error('there is no PgBouncer here: run scripts/provision.sh')
  const owner = unprivileged('postgres', 'nobody')
  const folder = privateFolder('pgbouncer', owner)
  const port = freePort()
  const file = join(folder, 'pgbouncer.ini')
  const configure = (mode: PoolMode) => {
    writeFileSync(file, configurationOf(server, port, { ...options, mode }), { mode: 0o600 })
    if (owner) chownSync(file, owner.uid, owner.gid)
  }
  configure(options.mode)
  const pooler = new Supervised({
    folder,
    command: [...(owner?.prefix ?? []), program, file],
    ready: 'process up',
    endBy: 'KILL',
  })
  try {
    await pooler.start()
  } catch (error) {
    await pooler.close()
    throw error
  }
  return new PgBouncer(pooler, port, configure)
}

function configurationOf(server: PostgresServer, port: number, { mode, size = 20 }: PoolerOptions): string {
  const { username, password } = new URL(server.url('postgres'))
  return `[databases]
* = host=127.0.0.1 port=${server.port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
`
}

export class PgBouncer implements AsyncDisposable {
  constructor(
    private readonly pooler: Supervised,
    readonly port: number,
    private readonly configure: (mode: PoolMode) => void,
  ) {}

  /** The URL of the same database through the pooler. */
  through(databaseUrl: string): string {
    const url = new URL(databaseUrl)
    url.port = String(this.port)
    return url.href
  }

  /** Changes the mode while it runs; existing connections stay connected. */
  async change(mode: PoolMode): Promise<void> {
    const before = this.pooler.log().length
    this.configure(mode)
    if (this.pooler.pid !== undefined) process.kill(this.pooler.pid, 'SIGHUP')
    await until('the pooler to read its configuration', () =>
      this.pooler.log().slice(before).includes('SIGHUP'),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pooler.close()
  }
}
