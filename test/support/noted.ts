/**
 * An event type that only tests know: an account notes a word about a message, like a reaction. It is one row of the
 * catalogue; the surface lets clients note a word over HTTP.
 */
import type { MessageView } from '../../src/core/kernel/entities'
import { Catalogue, eventKinds, type TypeAbout } from '../../src/core/log/catalogue'
import type { EventKind } from '../../src/core/log/event-kind'
import type { EventBody } from '../../src/core/log/events'
import { endpoint } from '../../src/http/endpoint'
import { Type, text } from '../../src/http/schema'
import type { Surface } from '../../src/http/surface'

export const NOTED = 'message.noted'

const row: EventKind = {
  about: 'message',
  rights: 'none',
  audience: 'readers',
  lane: 'room',
  payload: ['message_id', 'account', 'word'],
  doc: 'Somebody noted a word about a message.',
}

/** The catalogue of the program with that type added. */
export const catalogueWithNotes = new Catalogue({ ...eventKinds, [NOTED]: row })

export function notedEvent(message: MessageView, word: string): EventBody {
  return {
    // The compiler knows only the types of the program.
    type: NOTED as TypeAbout<'message'>,
    about: 'message',
    channel: message.channel,
    message,
    named: [],
    facts: { word },
  }
}

export const notes: Surface = {
  name: 'notes',
  prefixes: ['/notes'],
  endpoints: ({ core }) => [
    endpoint({
      method: 'POST',
      path: '/notes/:message',
      who: 'account',
      tag: 'Notes',
      documentation: 'none',
      summary: 'Note a word about a message',
      body: Type.Object({ word: text() }),
      answers: { 201: { description: 'Noted' } },
      handle: async ({ actor, params, body }) => {
        const message = await core.messages.get(actor, params.message ?? '')
        // No verb of the core writes such an event.
        const { store } = core.messages['deps']
        const { seq } = await store.transact((tx) => tx.append(notedEvent(message, body.word), actor.account))
        return { status: 201, json: { seq } }
      },
    }),
  ],
}
