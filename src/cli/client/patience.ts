import { SynapseError } from '@synapse/client'

const PAUSE_MS = 1000

/**
 * Repeats a request while the server is away, starts, drains or limits the rate, until `end` in milliseconds since 1970.
 * @throws SynapseError the last one, or one that repeating does not mend
 */
export async function untilAnswered<Answer>(ask: () => Promise<Answer>, end: number): Promise<Answer> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const left = end - Date.now()
      if (left <= 0 || !(error instanceof SynapseError) || !isPassing(error)) throw error
      await Bun.sleep(Math.min(Math.max(PAUSE_MS, (error.retryAfter ?? 0) * 1000), left))
    }
  }
}

/** Reports whether a post that failed may succeed later as it is, also where something else answered for the server. */
export function mayPass({ status, code, retryAfter }: SynapseError): boolean {
  if (status === 429) return retryAfter !== undefined
  return status === 0 || status === 408 || status >= 500 || code === 'unexpected_answer'
}

function isPassing({ status, code, retryAfter }: SynapseError): boolean {
  if (status === 0) return code !== 'unexpected_answer'
  return [502, 503, 504].includes(status) || (status === 429 && retryAfter !== undefined)
}
