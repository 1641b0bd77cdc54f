import type { Pause, Synapse } from '@synapse/client'

/** The pauses that hold for the own account. */
export class OwnPauses {
  private pauses: readonly Pause[] = []

  constructor(
    private readonly synapse: Synapse,
    private readonly handle: string,
  ) {}

  /** Asks the server. Call it at the start, and whenever a pause begins or ends. @throws SynapseError */
  async load(signal?: AbortSignal): Promise<void> {
    const { pauses } = await this.synapse.request('GET /v1/pauses', signal ? { signal } : {})
    this.pauses = pauses.filter(({ account }) => account === null || account.handle === this.handle)
  }

  /** Returns the pause that stops the account in a channel now. */
  in(channel: string, now = Date.now()): Pause | undefined {
    return this.pauses.find(
      (pause) =>
        (pause.channel === null || pause.channel === channel) &&
        (pause.until === null || Date.parse(pause.until) > now),
    )
  }

  /** Milliseconds until a pause ends by itself; undefined if none does. */
  nextEnd(now = Date.now()): number | undefined {
    const ends = this.pauses.flatMap(({ until }) => (until === null ? [] : [Date.parse(until) - now]))
    const ahead = ends.filter((ms) => ms > 0)
    return ahead.length === 0 ? undefined : Math.min(...ahead)
  }
}
