import type { Http } from './http'
import { asyncDispose, later } from './time'

export interface WorkingOptions {
  readonly state?: 'working' | 'waiting' | 'blocked' | 'idle'
  /** Seconds that the state is shown without a renewal, 15 to 3,600; 120 by default. */
  readonly ttl?: number
  readonly signal?: AbortSignal
}

/** What a program says that it does. The server shows what the newest of its open states says. */
export class Working {
  private note: string | undefined
  private state: NonNullable<WorkingOptions['state']>
  private readonly ttl: number
  private cancel: () => void = () => undefined

  private constructor(
    private readonly open: Working[],
    private readonly http: Http,
    private readonly instance: string,
    note: string | undefined,
    { state = 'working', ttl = 120 }: WorkingOptions,
  ) {
    this.note = note
    this.state = state
    this.ttl = ttl
  }

  static async begin(
    open: Working[],
    http: Http,
    instance: string,
    note: string | undefined,
    options: WorkingOptions,
  ): Promise<Working> {
    const working = new Working(open, http, instance, note, options)
    await working.say(options.signal)
    open.push(working)
    working.renewLater()
    return working
  }

  /** Changes what is shown. @throws SynapseError */
  async update(note: string, state = this.state): Promise<void> {
    this.note = note
    this.state = state
    if (this.open.at(-1) === this) await this.say()
  }

  /** Takes it back: what an earlier state says is shown again, or nothing. @throws SynapseError */
  async close(): Promise<void> {
    const at = this.open.indexOf(this)
    if (at < 0) return
    const wasShown = at === this.open.length - 1
    this.open.splice(at, 1)
    this.cancel()
    const shown = this.open.at(-1)
    if (!wasShown) return
    if (shown) await shown.say()
    else await this.http.call('DELETE', '/v1/presence', { query: { instance: this.instance } })
  }

  async [asyncDispose](): Promise<void> {
    await this.close()
  }

  private async say(signal?: AbortSignal): Promise<void> {
    const body = { state: this.state, note: this.note, ttl_s: this.ttl, instance: this.instance }
    await this.http.call('PUT', '/v1/presence', { body, signal })
  }

  private renewLater(): void {
    this.cancel = later((this.ttl * 1000) / 3, () => {
      this.renew().catch(() => undefined)
    })
  }

  private async renew(): Promise<void> {
    try {
      if (this.open.at(-1) === this) await this.say()
    } finally {
      // The state is shown until its time is over, so the next renewal may still be in time.
      if (this.open.includes(this)) this.renewLater()
    }
  }
}
