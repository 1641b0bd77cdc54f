import type { MessageView } from '../../src/core/kernel/entities'
import { Catalogue, type EventKind, eventKinds, type TypeAbout } from '../../src/core/log/catalogue'
import type { EventBody } from '../../src/core/log/events'

/** A type of event that only tests know: somebody has noted something about a message, like a reaction to it. */
export const NOTED = 'message.noted'

const row: EventKind = {
  about: 'message',
  rights: 'none',
  audience: 'readers',
  lane: 'room',
  payload: ['message_id', 'account', 'word'],
  doc: 'Somebody noted a word about a message.',
}

/** What this program knows, and that type. */
export const catalogueWithNotes = new Catalogue({ ...eventKinds, [NOTED]: row })

export function notedEvent(message: MessageView, word: string): EventBody {
  return {
    // The types of the program alone are known to the compiler.
    type: NOTED as TypeAbout<'message'>,
    about: 'message',
    channel: message.channel,
    message,
    facts: { word },
  }
}
