import { type Outbound, OutboundError } from '../../kernel/outbound'
import { isObject } from '../canonical'
import { PUSH_TARGETS } from './pushers'

const CALL_MILLISECONDS = 10_000
const MAX_ANSWER_BYTES = 65_536

/** Calls a push gateway. Returns the keys that it does not know any more. */
export async function callGateway(
  outbound: Outbound,
  url: string,
  body: string,
  signal: AbortSignal,
): Promise<readonly unknown[] | 'failed' | 'aborted'> {
  try {
    const { status, body: answer } = await outbound.call({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body,
      timeoutMs: CALL_MILLISECONDS,
      maxBytes: MAX_ANSWER_BYTES,
      allowedBy: PUSH_TARGETS,
      signal,
    })
    return status >= 200 && status < 300 ? rejectedIn(answer) : 'failed'
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error
    return error.problem === 'aborted' ? 'aborted' : 'failed'
  }
}

/** Returns the keys that a push gateway does not know any more, out of its answer. */
function rejectedIn(body: Uint8Array): readonly unknown[] {
  try {
    const answer: unknown = JSON.parse(new TextDecoder().decode(body))
    return isObject(answer) && Array.isArray(answer['rejected']) ? answer['rejected'] : []
  } catch {
    return []
  }
}
