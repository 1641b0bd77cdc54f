import { batch } from '@preact/signals'
import { type Message, type Synapse, SynapseError } from '@synapse/client'
import type { Outbox } from './outbox'
import type { Entry } from './segments'
import type { Store } from './store'
import type { Place } from './types'

/** Messages that one page brings. */
export const PAGE = 50

interface Deps {
  readonly store: Store
  readonly synapse: Synapse
  readonly outbox: Outbox
  onPage(): void
}

/** Reads the messages of a channel or thread, and puts them into the store. Every function @throws SynapseError */
export class Pages {
  constructor(
    private readonly place: Place,
    private readonly deps: Deps,
  ) {}

  /** A page of at most `limit` messages, 1 to 200. */
  read(query: { since?: string; before?: string; order: 'asc' | 'desc'; limit: number }) {
    const { synapse, store } = this.deps
    const { channel, thread } = this.place
    return store.latest(() =>
      thread !== null
        ? synapse.request('GET /v1/threads/{id}/messages', { path: { id: thread }, query })
        : synapse.request('GET /v1/messages', {
            query: { ...query, channel, top_level: true, include_deleted: true },
          }),
    )
  }

  /** A message with up to 50 neighbours on each side, the oldest first; nothing if it is not there. */
  async around(id: string): Promise<Message[]> {
    const isChannel = this.place.thread === null
    try {
      const { store, synapse } = this.deps
      const query = { before: PAGE, after: PAGE, ...(isChannel ? { top_level: true } : {}) }
      const { messages } = await store.latest(() =>
        synapse.request('GET /v1/messages/{id}/context', { path: { id }, query }),
      )
      return messages
    } catch (error) {
      if (error instanceof SynapseError && error.code === 'message_not_found') return []
      throw error
    }
  }

  /** Puts messages into the store, and says where they stand. */
  put(messages: readonly Message[]): Entry[] {
    batch(() => {
      for (const message of messages) this.deps.store.putMessage(message)
    })
    for (const message of messages) this.deps.outbox.found(message)
    this.deps.onPage()
    return messages.map(({ id, seq }) => ({ id, seq }))
  }
}

const NIL = '00000000-0000-0000-0000-000000000000'

/** The position just before a time of the server or any other (ISO 8601), as the earlier form of a cursor. */
export function dateCursor(time: string): string {
  const stamp = /\.\d{6}Z$/.test(time) ? time : new Date(time).toISOString().replace('Z', '000Z')
  const text = `${stamp.replace('Z', '+00:00')}|${NIL}`
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
