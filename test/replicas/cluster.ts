/**
 * Several servers over one Postgres database, each a process of its own with a home of its own, as replicas on several
 * machines are. Disposing ends all of them.
 */
import { generateKeyPairSync } from 'node:crypto'
import { postgresDatabase } from '../support/database'
import { type LoggedEvent, logIn } from '../support/ledger'
import type { ServerProcess } from '../support/server-process'
import { Site, type SiteOptions } from '../support/site'

export interface ClusterOptions {
  /** Address of the database. */
  readonly database: string
  readonly size?: number
  /** Address of a Redis server over which they wake each other; default: they do so by the database. */
  readonly bus?: string
  readonly settings?: Readonly<Record<string, string>>
  readonly site?: SiteOptions
}

export class Cluster implements AsyncDisposable {
  private readonly running = new Map<number, ServerProcess>()

  private constructor(
    readonly database: string,
    private readonly sites: readonly Site[],
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  static async start({ database, size = 3, bus, settings = {}, site }: ClusterOptions): Promise<Cluster> {
    const { privateKey } = generateKeyPairSync('ed25519')
    const cluster = new Cluster(
      database,
      Array.from({ length: size }, () => new Site(site)),
      {
        SYNAPSE_DATABASE_URL: database,
        SYNAPSE_INSTANCE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        SYNAPSE_LOG_LEVEL: 'warning',
        SYNAPSE_STREAMS_PER_ACCOUNT: '1000',
        ...(bus === undefined ? {} : { SYNAPSE_BUS_URL: bus }),
        ...settings,
      },
    )
    try {
      await Promise.all(Array.from({ length: size }, (_, i) => cluster.startOne(i)))
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  get size(): number {
    return this.sites.length
  }

  /** Those that run. */
  get servers(): ServerProcess[] {
    return [...this.running.values()]
  }

  /** The server of a number. @throws if it does not run */
  server(i: number): ServerProcess {
    const server = this.running.get(i)
    if (!server) throw new Error(`replica ${i} does not run`)
    return server
  }

  async startOne(i: number): Promise<ServerProcess> {
    const site = this.sites[i]
    if (!site) throw new Error(`there is no replica ${i}`)
    const server = await site.serveWith(this.settings)
    this.running.set(i, server)
    return server
  }

  /** Ends it without any chance to do something about it. */
  async kill(i: number): Promise<void> {
    const server = this.server(i)
    this.running.delete(i)
    await server.kill()
  }

  /** Asks it to end; answers its exit code. */
  async stop(i: number): Promise<number> {
    const server = this.server(i)
    this.running.delete(i)
    return server.stop()
  }

  /** The log as the database holds it. */
  async log(): Promise<LoggedEvent[]> {
    await using database = postgresDatabase(this.database)
    return await logIn(database)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const site of this.sites) await site[Symbol.asyncDispose]()
  }
}
