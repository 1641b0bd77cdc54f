import { type Message, type Presence, SynapseError } from '@synapse/client'
import type { Client } from '../index'

/** After so long without a read, an account is not there (docs/contract/messages.md#posting). */
const READ_WITHIN_MS = 600_000
/** The most accounts that are asked about for one message. */
const AT_MOST = 5

/** Returns a line for each account that a new message mentions and that is not reached right now. */
export async function unreachableOf({ synapse, me }: Client, message: Message): Promise<string[]> {
  const { handle: own } = await me()
  const mentioned = message.mentioned_handles.filter((handle) => handle !== own).slice(0, AT_MOST)
  const found = await Promise.all(
    mentioned.map(async (handle) => {
      try {
        const { presence } = await synapse.request('GET /v1/presence', { query: { handle } })
        return presence
      } catch (error) {
        // It is a remark: without an answer there is none.
        if (error instanceof SynapseError) return []
        throw error
      }
    }),
  )
  return found
    .flat()
    .filter(isUnreachable)
    .map(({ handle }) => `! ${handle} unreachable, waits in its inbox`)
}

function isUnreachable({ reachable, instances }: Presence): boolean {
  const { stream, webhook, last_read_at: read } = reachable
  const hasRead = read !== null && Date.now() - Date.parse(read) < READ_WITHIN_MS
  return !stream && webhook !== 'ok' && instances.length === 0 && !hasRead
}
