import { readFileSync } from 'node:fs'
import { isAlive, type RunFile } from '../../src/home'
import { Caller } from './caller'

/** A server in a process of its own. See {@link Site}, which starts and ends it. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string
  readonly pid: number
  /** A caller on its Unix socket. */
  readonly operator: Caller

  constructor(
    readonly run: RunFile,
    /** The files that it writes to; a daemon has one for both streams. */
    private readonly outputs: readonly [stdout: string, stderr?: string],
    private readonly ended: () => Promise<number>,
  ) {
    this.url = run.urls[0] ?? ''
    this.pid = run.pid
    this.operator = new Caller((path, init) =>
      fetch(`http://localhost${path}`, { ...init, unix: run.socket ?? '' }),
    )
  }

  /** Its exit code once it has ended; always 0 for a daemon, whose exit code is unknown. */
  get exited(): Promise<number> {
    return this.ended()
  }

  /** Its stdout so far. */
  get stdout(): string {
    return readFileSync(this.outputs[0], 'utf8')
  }

  /** Its stderr so far. */
  get stderr(): string {
    return this.outputs[1] === undefined ? '' : readFileSync(this.outputs[1], 'utf8')
  }

  /** Everything that it has written so far. */
  get written(): string {
    return this.stdout + this.stderr
  }

  /** A client of this server with a token. */
  as(token: string): Caller {
    return new Caller((path, init) => fetch(`${this.url}${path}`, init), { authorization: `Bearer ${token}` })
  }

  /** Creates a channel. */
  async room(slug: string): Promise<void> {
    await this.ask('/v1/admin/channels', { slug, name: slug })
  }

  /** Creates an agent in these channels and returns its token. */
  async agent(handle: string, ...channels: string[]): Promise<string> {
    const { token } = await this.ask<{ token: string }>('/v1/admin/onboard', { handle, channels })
    return token
  }

  /** Creates a person in these channels and returns a token with which the person may do everything. */
  async person(handle: string, ...channels: string[]): Promise<string> {
    await this.ask('/v1/admin/accounts', { kind: 'human', handle, password: 'correct horse battery staple' })
    for (const slug of channels)
      await this.ask('/v1/admin/memberships', { account_handle: handle, channel_slug: slug })
    const scopes = ['channel:*:read', 'channel:*:post', 'human:act']
    const device = { device: 'laptop', account_handle: handle, scopes, direct: true }
    return (await this.ask<{ token: string }>('/v1/admin/devices', device)).token
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name)
  }

  /** Kills it. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** Stops it, waits for its end and returns its exit code. */
  async stop(): Promise<number> {
    this.signal('SIGTERM')
    return this.exited
  }

  /** The memory it uses, in bytes; undefined on systems without /proc. */
  residentBytes(): number | undefined {
    try {
      const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
    } catch {
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isAlive(this.pid)) await this.stop()
  }

  private async ask<Body>(path: string, body: object): Promise<Body> {
    const answer = await this.operator.post<Body>(path, body)
    if (answer.status !== 201) throw new Error(`the operator was refused: ${answer.text}`)
    return answer.body
  }
}
