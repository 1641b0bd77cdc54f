/**
 * Several servers with one Postgres database, each a process with its own home, like replicas on several machines.
 * Disposing ends all of them.
 */
import { postgresDatabase } from '../support/database'
import { type LoggedEvent, logIn } from '../support/ledger'
import { sharedStore } from '../support/replicas'
import type { ServerProcess } from '../support/server-process'
import { Site, type SiteOptions } from '../support/site'

export interface ClusterOptions {
  /** The address of the database. */
  readonly database: string
  readonly size?: number
  /** The address of a Redis server as their bus; the database is the bus by default. */
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
    const shared = await sharedStore(database)
    const cluster = new Cluster(
      database,
      Array.from({ length: size }, () => new Site(site)),
      {
        ...shared,
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

  /** The running servers. */
  get servers(): ServerProcess[] {
    return [...this.running.values()]
  }

  /** The server with this number. @throws if it is not running */
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

  /** Kills the process without warning. */
  async kill(i: number): Promise<void> {
    const server = this.server(i)
    this.running.delete(i)
    await server.kill()
  }

  /** Stops the process and returns its exit code. */
  async stop(i: number): Promise<number> {
    const server = this.server(i)
    this.running.delete(i)
    return server.stop()
  }

  /** The log as stored in the database. */
  async log(): Promise<LoggedEvent[]> {
    await using database = postgresDatabase(this.database)
    return await logIn(database)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const site of this.sites) await site[Symbol.asyncDispose]()
  }
}
