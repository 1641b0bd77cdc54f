import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { Message, MessageView } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { later, MICROS_PER_MINUTE } from '../kernel/time'
import type { Log } from '../log/log'
import type { RecentEvents } from '../log/recent-events'
import type { Messages } from './messages'
import type { MessageScan, Search } from './scan'

/** What an agent reads before it answers: so many preceding messages, and more of them in a rapid exchange. */
const USUAL = 5
const RAPID = 10
/** An exchange is rapid if so many of the messages were posted within so many minutes before the answered one. */
const RAPID_MESSAGES = 3
const RAPID_MINUTES = 2

export interface ContextRequest {
  /** How many messages before; or by the rule for agents: back to the last one of a person. */
  readonly before: number | 'protocol'
  readonly after: number
  /** Only neighbours outside of a thread, and roots. */
  readonly topLevel: boolean
}

export interface MessageContextDeps {
  readonly directory: Directory
  readonly policy: Policy
  readonly messages: Messages
  readonly scan: MessageScan
  readonly log: Log
  readonly recent: RecentEvents
}

/** Reads the surroundings of a message (docs/contract/messages.md#context). */
export class MessageContext {
  constructor(private readonly deps: MessageContextDeps) {}

  /**
   * Returns a message with its neighbours, oldest first: those of its channel, or, for a reply, of its thread.
   * @throws invalid_id; message_not_found, also if the actor may not read it or it is deleted
   */
  async around(actor: Person, id: string, request: ContextRequest): Promise<MessageView[]> {
    const { directory, policy, messages, scan, recent } = this.deps
    const { mark } = recent
    const view = await messages.get(actor, id)
    const { message } = view
    if (message.deletedAt !== null) throw refusal('message_not_found')
    const hidden = await directory.retryUntilLoaded(() =>
      policy.hiddenIn(policy.current(actor), [view.channel]),
    )
    const before = request.before === 'protocol' ? RAPID : request.before
    const earlier = await this.neighbours(message, 'desc', before, request, hidden)
    const following = await this.neighbours(message, 'asc', request.after, request, hidden)
    const near = [...earlier].reverse()
    const shown = await scan.view(actor, [...near, message, ...following], null, mark)
    const at = shown.findIndex((one) => one.message.seq === message.seq)
    // The actor may have lost the right to read it meanwhile.
    if (at < 0) throw refusal('message_not_found')
    if (request.before !== 'protocol') return shown
    return [...byRule(message, shown.slice(0, at)), ...shown.slice(at)]
  }

  private async neighbours(
    { seq, channelId, thread }: Message,
    order: 'asc' | 'desc',
    limit: number,
    { topLevel }: ContextRequest,
    hidden: Search['hidden'],
  ): Promise<readonly Message[]> {
    if (limit === 0) return []
    const { scan, log } = this.deps
    const search: Search = {
      of: thread ? { threadRoot: thread.seq } : { channelIds: [channelId] },
      channelIds: new Set([channelId]),
      hidden,
      allHidden: hidden.get(channelId) ?? 0,
      tombstone: null,
      filter: { includeDeleted: false, ...(topLevel ? { topLevel } : {}) },
      isFiltered: topLevel,
      matches: null,
    }
    const stretch =
      order === 'desc' ? { after: 0, before: seq, order } : { after: seq, before: log.head + 1, order }
    return (await scan.collect(stretch, limit, search)).found
  }
}

/** Returns the preceding messages that the rule for agents selects, in order. */
function byRule({ createdAt }: Message, preceding: readonly MessageView[]): MessageView[] {
  const since = later(createdAt, -RAPID_MINUTES * MICROS_PER_MINUTE)
  const rapid = preceding.filter(({ message }) => message.createdAt >= since).length >= RAPID_MESSAGES
  const near = preceding.slice(rapid ? -RAPID : -USUAL)
  const person = near.findLastIndex(({ sender }) => sender.kind === 'human')
  return near.slice(Math.max(person, 0))
}
