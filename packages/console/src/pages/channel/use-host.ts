import { computed, type ReadonlySignal, signal, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { useSettled } from '../../app/settled'
import { background } from '../../background'
import { putBack } from '../../composer/put-back'
import type { Channel, Console, Place, Timeline } from '../../state'
import type { TimelineHost } from '../../timeline/host'
import { type Opening, useOpening } from '../../timeline/opening'
import type { ListHandle } from '../../timeline/sliding-list'
import type { Target } from '../../timeline/timeline'
import { toast } from '../../ui'

/** How long the target of a jump is marked, in milliseconds. */
const MARKED_MS = 2000

interface Conversing {
  readonly host: TimelineHost
  readonly opening: Opening
  readonly target: Target | undefined
  readonly onShown: (target: Target) => void
  readonly list: { current: ListHandle | undefined }
  /** Shows a message, and its neighbours. */
  readonly jumpTo: (id: string) => Promise<void>
}

interface Options {
  readonly channel: Channel
  readonly place: Place
  /** The message of the address. */
  readonly target: string | undefined
  readonly onReply: TimelineHost['onReply']
}

/** The timeline of a channel or thread with all that its rows need. */
export function useConversation({ channel, place, target: asked, onReply }: Options): Conversing {
  const app = useConsole()
  const opening = useOpening(app, place, asked)
  const { timeline } = opening
  const editing = useSignal<string | undefined>(undefined)
  const listed = useSignal<string | undefined>(undefined)
  const marked = useSignal<string | undefined>(undefined)
  const target = useSignal<Target | undefined>(undefined)
  const list = useRef<ListHandle>(undefined)
  // After the messages, which one waits for.
  const aliases = useAliases(app, place.channel, useSettled(timeline.state.value === 'ready'))
  const newest = useMemo(() => newestOf(app, timeline), [timeline])

  const jumpTo = async (id: string) => {
    if (await timeline.around(id)) target.value = { id }
    else toast({ text: 'This message is not there any more', tone: 'bad' })
  }
  const first = useRef(asked)
  useEffect(() => {
    if (asked === undefined || !opening.isOpen) return
    if (opening.isReturn && asked === first.current) return
    first.current = undefined
    background(jumpTo(asked))
  }, [asked, opening.isOpen])
  useEffect(() => {
    if (marked.value === undefined) return
    const timer = setTimeout(() => {
      marked.value = undefined
    }, MARKED_MS)
    return () => clearTimeout(timer)
  }, [marked.value])

  const me = app.store.me.value
  const canPost = channel.role !== null && channel.access.post
  const canModerate = channel.role === 'admin' || me?.is_admin === true
  const reply = useRef(onReply)
  reply.current = onReply
  const { newLine } = opening
  // Every row depends on it, so it is a new one only when something of it is.
  const host = useMemo<TimelineHost>(
    () => ({
      ...{ app, place, editing, listed, marked, aliases, canPost, canModerate, ...newest },
      onReply: (message) => reply.current(message),
      onTakeBack: (key) => {
        putBack(app, place, key)
      },
      onUnread: ({ id }) => {
        newLine.value = { before: id, count: 0 }
        background(app.unreadFrom(id, place.thread))
      },
    }),
    [app, timeline, aliases, canPost, canModerate, newest, newLine],
  )
  return {
    host,
    opening,
    list,
    target: target.value,
    onShown: ({ id }) => {
      marked.value = id
    },
    jumpTo,
  }
}

const none: Readonly<Record<string, readonly string[]>> = {}

function useAliases(
  app: Console,
  slug: string,
  isDue: boolean,
): ReadonlySignal<Readonly<Record<string, readonly string[]>>> {
  const aliases = useMemo(() => signal(none), [slug])
  useEffect(() => {
    const load = async () => {
      aliases.value = await app.loads.aliases(slug)
    }
    if (isDue) background(load())
  }, [slug, isDue])
  return aliases
}

/** My newest message, and the newest one that is for me. */
function newestOf(app: Console, timeline: Timeline): Pick<TimelineHost, 'newestOwn' | 'newestForMe'> {
  const { store } = app
  const newest = (wants: (sender: string, names: readonly string[], answers: string | null) => boolean) =>
    computed(() => {
      const row = timeline.rows.value.findLast(({ id }) => {
        const message = id === null ? undefined : store.messages.peek(id)
        return message !== undefined && wants(message.sender_id, message.mentioned_handles, message.reply_to)
      })
      return row?.id ?? undefined
    })
  const isMe = (id: string) => id === store.me.peek()?.account_id
  return {
    newestOwn: newest((sender) => isMe(sender)),
    newestForMe: newest((sender, names, answers) => {
      if (isMe(sender)) return false
      const answered = answers === null ? undefined : store.messages.peek(answers)
      return (
        names.includes(store.me.peek()?.handle ?? '') || (answered !== undefined && isMe(answered.sender_id))
      )
    }),
  }
}
