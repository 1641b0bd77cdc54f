/**
 * A real Redis (or Valkey) for tests, on a free loopback port, without persistence.
 *
 *   test.skipIf(redisMissing)('…', async () => {
 *     await using redis = await startRedis()
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { librariesOf, placesOf } from './fetched'
import { freePort, privateFolder, Supervised } from './supervised'

const PATH = [process.env.PATH ?? '', ...placesOf('/usr/bin')].join(':')
const program = Bun.which('redis-server', { PATH }) ?? Bun.which('valkey-server', { PATH })

/** True without Redis: tests that need it are skipped (scripts/provision.sh installs it). */
export const redisMissing = program === null

export interface RedisOptions {
  /** If set, every client must give it. */
  readonly password?: string
  /** Additional lines of redis.conf. */
  readonly lines?: readonly string[]
}

/** Starts a server for one test. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  if (program === null) throw new Error('there is no Redis here: run scripts/provision.sh')
  const { password, lines = [] } = options
  const folder = privateFolder('redis', null)
  const port = freePort()
  const settings = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${folder}`,
    'save ""',
    'appendonly no',
    ...lines,
    ...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
  ]
  const file = join(folder, 'redis.conf')
  writeFileSync(file, `${settings.join('\n')}\n`, { mode: 0o600 })
  const server = new Supervised({
    folder,
    command: [program, file],
    env: librariesOf(program),
    ready: 'Ready to accept connections',
    endBy: 'KILL',
  })
  try {
    await server.start()
  } catch (error) {
    await server.close()
    throw error
  }
  const credential = password === undefined ? '' : `:${encodeURIComponent(password)}@`
  return new RedisServer(server, `redis://${credential}127.0.0.1:${port}`)
}

export class RedisServer implements AsyncDisposable {
  constructor(
    private readonly server: Supervised,
    readonly url: string,
  ) {}

  /** The pid of the server; undefined while it is down. */
  get pid(): number | undefined {
    return this.server.pid
  }

  /** Stops it and waits for its end. */
  async stop(): Promise<void> {
    await this.server.end('SIGTERM')
  }

  /** Starts it again on the same port, empty. */
  async start(): Promise<void> {
    await this.server.start()
  }

  /** Kills it. */
  async kill(): Promise<void> {
    await this.server.end('SIGKILL')
  }

  /** Its log so far, over all its runs. */
  log(): string {
    return this.server.log()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
  }
}
