import { type Outbound, OutboundError } from '../core/kernel/outbound'
import type { Job } from './job'

const TRIES = 3
const TIMEOUT_MS = 10_000
/** The delay before the second try; the third waits twice as long. */
const RETRY_MS = 10_000
/** The answer is not used. */
const MAX_BYTES = 4096

export interface HeartbeatParts {
  /** The URL to request; null for none. Read at each try. */
  readonly url: () => string | null
  readonly outbound: Outbound
  /** Called after the last try, with the reason why it failed; null if it succeeded. */
  readonly done: (problem: string | null) => void
  /** Default: ten seconds for each try. */
  readonly timeoutMs?: number
}

/** Requests a URL after each good backup, so that a service outside notices when backups stop. */
export class Heartbeat {
  private isDue = false
  private failures = 0

  constructor(private readonly parts: HeartbeatParts) {}

  /** Call it after a good backup. */
  beat(): void {
    this.isDue = true
    this.failures = 0
  }

  /** Returns the job that sends it. It is independent of the backup, whose copy is good whatever happens here. */
  job(): Job {
    return {
      name: 'backup heartbeat',
      retry: { first: RETRY_MS, longest: RETRY_MS * 2 },
      wait: () => (this.isDue ? 0 : undefined),
      run: async (signal) => {
        const url = this.parts.url()
        if (url !== null) await this.request(url, signal)
        this.isDue = false
        if (url !== null) this.parts.done(null)
      },
      report: (fault) => {
        this.failures++
        if (this.failures < TRIES) return
        this.isDue = false
        this.parts.done(problemOf(fault))
      },
    }
  }

  /** @throws OutboundError, Refused */
  private async request(url: string, signal: AbortSignal): Promise<void> {
    const { outbound, timeoutMs = TIMEOUT_MS } = this.parts
    // Only an administrator can set the URL, so it may lead into a private network.
    const request = { method: 'GET', url, timeoutMs, maxBytes: MAX_BYTES, isVouched: true, signal } as const
    const { status } = await outbound.call(request)
    if (status < 200 || status > 299) throw new Refused(`${URL.parse(url)?.host} answered ${status}`)
  }
}

/** The service answered, and not with success. Its message, like that of OutboundError, holds the host alone. */
class Refused extends Error {
  override readonly name = 'Refused'
}

function problemOf(fault: unknown): string {
  return fault instanceof OutboundError || fault instanceof Refused ? fault.message : 'the request failed'
}
