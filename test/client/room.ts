import { connect, type Synapse } from '@synapse/client'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { freePort } from '../support/supervised'

/** A server with the channel `general` and people in it, each with a client. The server can be killed and started again. */
export class Room implements AsyncDisposable {
  private readonly tokens = new Map<string, string>()

  private constructor(
    readonly site: Site,
    public server: ServerProcess,
    private readonly port: number,
  ) {}

  static async open(settings: Readonly<Record<string, string>> = {}): Promise<Room> {
    const site = new Site()
    Object.assign(site.environment, settings)
    const port = freePort()
    const room = new Room(site, await site.serveWith({ SYNAPSE_PORT: String(port) }), port)
    await room.server.room('general')
    return room
  }

  get url(): string {
    return this.server.url
  }

  async token(handle: string, kind: 'agent' | 'person' = 'agent'): Promise<string> {
    const known = this.tokens.get(handle)
    if (known !== undefined) return known
    const token = await this.server[kind](handle, 'general')
    this.tokens.set(handle, token)
    return token
  }

  /** A client of this account, which is made when it is first named. */
  async as(handle: string, kind: 'agent' | 'person' = 'agent', url = this.url): Promise<Synapse> {
    return connect({ url, token: await this.token(handle, kind) })
  }

  /** Kills the server, and starts it again at the same address. */
  async crash(): Promise<void> {
    await this.server.kill()
    await this.start()
  }

  async start(): Promise<void> {
    this.server = await this.site.serveWith({ SYNAPSE_PORT: String(this.port) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]()
  }
}
