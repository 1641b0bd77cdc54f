import { SynapseError } from '@synapse/client'
import { type Clock, SECOND } from './clock'

const LONGEST_PAUSE = 30 * SECOND

/** Whether the same request may succeed later: no answer, a server or proxy that cannot answer now, or a rate. */
export function mayPass({ status, code, retryAfter }: SynapseError): boolean {
  if (status === 429) return retryAfter !== undefined
  if (code === 'unexpected_answer') return true
  return status === 0 || (status >= 500 && status !== 501 && status !== 507)
}

/** Milliseconds until the next attempt, after so many: as the server asks, else 1, 2, 4 … 30 s, ± 20 %. */
export function pauseAfter(tries: number, { retryAfter }: SynapseError): number {
  if (retryAfter !== undefined) return retryAfter * SECOND
  return Math.min(SECOND * 2 ** tries, LONGEST_PAUSE) * (0.8 + Math.random() * 0.4)
}

/** Repeats what the network loses until the server has answered. For requests that may be repeated. */
export class Retries {
  private readonly waiting = new Set<() => void>()

  constructor(private readonly clock: Clock) {}

  /** The answer of the server. @throws SynapseError what it refuses */
  async run<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      try {
        return await request()
      } catch (error) {
        if (!(error instanceof SynapseError) || !mayPass(error)) throw error
        await this.pause(pauseAfter(tries, error))
      }
    }
  }

  /** The network is back: tries at once. */
  hurry(): void {
    for (const go of [...this.waiting]) go()
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        cancel()
        this.waiting.delete(go)
        resolve()
      }
      const cancel = this.clock.after(milliseconds, go)
      this.waiting.add(go)
    })
  }
}
