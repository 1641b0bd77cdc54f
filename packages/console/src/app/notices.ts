import type { StreamEvent } from '@synapse/client'
import { type Clock, letsThrough, type Store } from '../state'
import { isDirect, plainSnippet, visibleName } from '../text'
import { href } from './routes'

/** What a notification says. */
export interface Notice {
  /** A later one with the same tag takes its place: there is one for each conversation. */
  readonly tag: string
  readonly title: string
  readonly body: string
  /** The address that a press opens. */
  readonly path: string
  /** It stays until it is closed: somebody waits for a decision. */
  readonly isSticky: boolean
}

type ItemEvent = Extract<StreamEvent, { type: 'inbox.item' }>

/** Code points of a text. */
const MOST = 140

/** What to say of an item of the inbox: undefined for what is only for information, and where the person wants none. */
export function noticeOf({ message, reason, reasons }: ItemEvent, store: Store): Notice | undefined {
  const { id, channel, thread_id: thread, priority, approval, body } = message
  if (priority === 'fyi') return undefined
  const known = store.channels.peek(channel)
  if (known && !letsThrough(known, reasons)) return undefined
  const who = visibleName(message.sender_display_name || message.sender_handle)
  const where = isDirect(channel) ? '' : ` in #${channel}`
  const path =
    thread === null
      ? href('channel', { slug: channel }, { m: id })
      : href('thread', { id: thread }, { m: id })
  const text = plainSnippet(body, MOST)
  if (reason === 'approval' && approval) {
    const isPending = approval.state === 'pending'
    const outcome = approval.decision ? visibleName(approval.decision.label) : approval.state
    return {
      tag: tagOfApproval(approval.id),
      title: isPending ? `${who} asks${where}` : `${outcome}${where}`,
      body: text,
      path,
      isSticky: isPending,
    }
  }
  const title = reason === 'overdue' ? `No answer in time${where}` : `${who}${where}`
  return { tag: tagOfPlace(channel, thread), title, body: text, path, isSticky: false }
}

export function tagOfPlace(channel: string, thread: string | null): string {
  return thread === null ? `channel ${channel}` : `thread ${thread}`
}

export function tagOfApproval(id: string): string {
  return `approval ${id}`
}

interface Port {
  readonly show: (notice: Notice) => void
  readonly close: (tag: string) => void
  readonly clock: Clock
}

const BURST_MS = 5000
const MOST_IN_A_BURST = 3
/** Events that happened before a connection come at once; then it is said how many they were. */
const QUIET_MS = 2000
const SUMMARY = 'many'

/** Shows notices, and one in place of many: for more than 3 within 5 s, and for what happened while there was no connection. */
export class Notices {
  private burst: Notice[] = []
  private lastAt = Number.NEGATIVE_INFINITY
  private missed = 0
  private cancel: (() => void) | undefined

  constructor(private readonly port: Port) {}

  /** Something has just happened. */
  add(notice: Notice): void {
    const { show, close, clock } = this.port
    const now = clock.now()
    if (notice.isSticky) {
      show(notice)
      return
    }
    if (now - this.lastAt > BURST_MS) this.burst = []
    this.lastAt = now
    this.burst.push(notice)
    if (this.burst.length <= MOST_IN_A_BURST) {
      show(notice)
      return
    }
    for (const { tag } of this.burst) close(tag)
    const titles = [...new Set(this.burst.map(({ title }) => title))]
    show(summary(`${this.burst.length} new items`, titles.join(', ')))
  }

  /** Something happened before this connection. */
  addMissed(): void {
    const { show, clock } = this.port
    this.missed++
    this.cancel?.()
    this.cancel = clock.after(QUIET_MS, () => {
      show(summary(`${this.missed} while you were away`, 'Your inbox has them.'))
      this.missed = 0
    })
  }

  stop(): void {
    this.cancel?.()
  }
}

function summary(title: string, text: string): Notice {
  const points = [...text]
  const body = points.length > MOST ? `${points.slice(0, MOST - 1).join('')}…` : text
  return { tag: SUMMARY, title, body, path: href('inbox'), isSticky: false }
}
