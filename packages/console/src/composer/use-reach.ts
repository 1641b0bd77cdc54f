import { useConsole } from '../app/console'
import type { Draft } from '../state'
import { type Around, surroundingsOf } from './around'
import { type Reach, reachOf } from './reach'

const nobody: Reach = { to: [], lost: [] }

/** Whom the draft of a place reaches by name. */
export function useReach(around: Around, { text, replyTo }: Draft): Reach {
  const app = useConsole()
  const { place } = around
  const peer = app.store.channels.get(place.channel)?.peer?.handle
  // Most texts name nobody, and a channel is not a thread: then there is nothing to work out.
  if (!text.includes('@') && replyTo === null && place.thread === null) return nobody
  const answers = replyTo === null ? undefined : app.store.messages.get(replyTo)?.sender_handle
  return reachOf({ text, answers, peer }, surroundingsOf(app, around))
}
