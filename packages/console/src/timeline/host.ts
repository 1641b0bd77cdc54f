import type { ReadonlySignal, Signal } from '@preact/signals'
import type { Message } from '@synapse/client'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Console, Place } from '../state'

/** What rows know of where they stand, and what they ask of their page. */
export interface TimelineHost {
  readonly app: Console
  readonly place: Place
  /** Whether I may post here, and whether I may delete what others posted. */
  readonly canPost: boolean
  readonly canModerate: boolean
  /** The own message that is edited, by its id. */
  readonly editing: Signal<string | undefined>
  /** The own message whose deliveries are listed, by its id. */
  readonly listed: Signal<string | undefined>
  /** The message that a jump has shown just now, by its id. */
  readonly marked: ReadonlySignal<string | undefined>
  /** My newest message here, by its id. It shows what became of it. */
  readonly newestOwn: ReadonlySignal<string | undefined>
  /** The newest message that names or answers me. It is never folded. */
  readonly newestForMe: ReadonlySignal<string | undefined>
  /** The aliases of the channel. */
  readonly aliases: ReadonlySignal<Readonly<Record<string, readonly string[]>>>
  /** Begins an answer to a message. */
  readonly onReply: (message: Message) => void
  /** Puts a text that was not sent back into the field. */
  readonly onTakeBack: (key: string) => void
  /** Marks everything from a message on as unread. */
  readonly onUnread: (message: Message) => void
}

export const HostContext = createContext<TimelineHost | undefined>(undefined)

/** The host of the timeline around. @throws Error outside of one */
export function useHost(): TimelineHost {
  const host = useContext(HostContext)
  if (!host) throw new Error('A row needs a timeline around it')
  return host
}

/** The name of an account as it is shown, by its handle. */
export function nameOf(app: Console, handle: string): string {
  return app.store.accounts.get(handle)?.display_name || handle
}
