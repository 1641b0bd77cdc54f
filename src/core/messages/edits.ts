import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { ChannelRooms } from '../channels/channel-rooms'
import type { Pauses } from '../coordination/pauses'
import type { Settings } from '../governance/settings'
import type { Person } from '../identity/actor'
import { type Notified, notifiedBy } from '../inbox/notified'
import { canonicalJson } from '../kernel/canonical-json'
import type { BodyFormat, Channel, Mentions, Message, MessageView } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import { messageEvent, notifiedFacts } from '../log/events'
import { ActiveMembers } from './active-members'
import type { Attendance, AttendanceFor } from './attendance'
import { type MentionedMembers, mentionTokens, type ResolvedMentions, resolveMentions } from './mentions'
import { type MessageActs, refuseHeld } from './message-acts'

/** What an edit replaces. Absent = unchanged. */
export interface MessageChange {
  /** 1 to 16,000 code points, never trimmed. */
  readonly body?: string
  readonly format?: BodyFormat
  /** Replaced as a whole. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

export interface Edited {
  readonly message: MessageView
  /** Names in a new body that mention no account. */
  readonly unresolved: readonly string[]
}

export interface EditsDeps {
  readonly acts: MessageActs
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
  readonly attendance: AttendanceFor
  readonly rooms: Pick<ChannelRooms, 'serverName'>
  readonly pauses: Pick<Pauses, 'refusePaused'>
}

/** Edits messages (docs/contract/messages.md#editing). */
export class Edits {
  constructor(private readonly deps: EditsDeps) {}

  /**
   * Changes a message of the actor. A change that changes nothing writes nothing. `isTakenBack`: an edit is undone, at any
   * time, also one of somebody else; that the actor may do that was checked before.
   * @throws invalid_id, message_not_found, not_author, missing_scope, read_only_role, immutable_message,
   *   legal_hold if the body changes, edit_window_closed, too_many_mentions, paused, draining
   */
  async edit(
    actor: Person,
    id: string,
    change: MessageChange,
    { isTakenBack = false } = {},
  ): Promise<Edited> {
    const { acts, policy } = this.deps
    const there = await this.deps.attendance(change.body ?? '')
    return acts.run(actor, id, async ({ tx, actor: now, message, channel }) => {
      if (message.senderId !== now.account.id && !isTakenBack) throw refusal('not_author')
      policy.postIn(now, channel)
      if (message.kind !== 'message' || message.deletedAt !== null) throw refusal('immutable_message')
      const changed = { ...message, ...change }
      const isReworded = changed.body !== message.body
      if (isReworded || changed.format !== message.format) refuseHeld(channel)
      if (!isTakenBack) this.checkWindow(message, tx.now())
      this.deps.pauses.refusePaused(now.account, channel)
      if (isSame(message, changed)) return { message: acts.view(message), unresolved: [] }
      const mentions = isReworded ? this.resolve(message, changed.body, channel, there) : null
      const edited = { ...changed, mentions: mentions ?? message.mentions, editedAt: tx.now() }
      const view = acts.view(edited)
      const difference = differenceOf(message.mentions, edited.mentions)
      const notified = mentions ? await this.newlyNotified(tx, message, mentions) : []
      const facts = { ...difference, ...notifiedFacts(notified, null) }
      const named = [...facts.mentions_added, ...facts.mentions_removed]
      this.deps.directory.requireAccounts(named)
      const accounts = named.map((account) => this.deps.directory.account(account))
      await tx.updateMessage(edited)
      const event = await tx.append(messageEvent('message.edited', view, facts, accounts), now.account)
      const cause = { seq: event.seq, messageSeq: message.seq, channelId: channel.id }
      await tx.insertItems(cause, notified)
      return { message: view, unresolved: mentions?.unresolved ?? [] }
    })
  }

  /** Returns the accounts that the new body names and that have no item of the message yet. */
  private async newlyNotified(
    tx: Reads,
    { seq, channelId, senderId, mentions }: Message,
    { direct, grouped, here }: ResolvedMentions,
  ): Promise<Notified[]> {
    const named = notifiedBy(senderId, { mention: direct, group: grouped, here })
    if (named.length === 0) return named
    const known = new Set(await tx.notifiedOf(seq))
    const joined = this.joinedSeqs(
      channelId,
      named.map(({ accountId }) => accountId),
    )
    const wasMeant = (id: number, i: number) =>
      mentions.broadcast && (joined[i] ?? seq) < seq && !mentions.dormant.includes(id)
    return named.filter(({ accountId }, i) => !known.has(accountId) && !wasMeant(accountId, i))
  }

  private checkWindow({ createdAt }: Message, now: Micros): void {
    const seconds = this.deps.settings.get('messages.edit_window_s')
    if (seconds > 0 && now > later(createdAt, seconds * MICROS_PER_SECOND))
      throw refusal('edit_window_closed')
  }

  /** Resolves the mentions of a new body. The message keeps the broadcast of its posting and gets no other one. */
  private resolve(message: Message, body: string, channel: Channel, there: Attendance): ResolvedMentions {
    const { directory, settings } = this.deps
    const { broadcast } = message.mentions
    const aliases = { ...settings.get('named_aliases')[channel.slug], ...directory.aliasesOf(channel.id) }
    const { serverName } = this.deps.rooms
    const tokens = mentionTokens(message.body, serverName)
    const hadHere = tokens.includes('here')
    const members = new ActiveMembers(directory, channel.id, there)
    const direct = tokens.flatMap((name) => (Object.hasOwn(aliases, name) ? (aliases[name] ?? []) : name))
    const resolved = resolveMentions(mentionTokens(body, serverName), {
      senderId: message.senderId,
      aliases,
      members: new MembersAtPosting(message, members, direct, (ids) => this.joinedSeqs(channel.id, ids)),
      mayBroadcast: (word) => (word === 'here' ? hadHere : broadcast),
    })
    // Whom the broadcast of the posting did not notify stays as it was.
    const isKept = broadcast || resolved.dormant.length === 0
    return { ...resolved, broadcast, dormant: isKept ? message.mentions.dormant : resolved.dormant }
  }

  private joinedSeqs(channelId: number, ids: readonly number[]): (Seq | undefined)[] {
    const { directory } = this.deps
    directory.requireMembers(channelId, ids)
    return ids.map((id) => directory.member(id, channelId)?.joinedSeq)
  }
}

/** The active members of a channel, of whom groups include only those whom the posting of a message reached. */
class MembersAtPosting implements MentionedMembers {
  constructor(
    private readonly message: Message,
    private readonly members: MentionedMembers,
    /** The handles that the body of the posting named, without groups. */
    private readonly direct: readonly string[],
    private readonly joinedSeqs: (ids: readonly number[]) => readonly (Seq | undefined)[],
  ) {}

  named(handles: readonly string[]): ReadonlyMap<string, number> {
    return this.members.named(handles)
  }

  first(): readonly number[] {
    const ids = this.members.first()
    const joined = this.joinedSeqs(ids)
    return ids.filter((_, i) => (joined[i] ?? this.message.seq) < this.message.seq)
  }

  /** Includes those that were dormant when the message was posted: an edit does not notify them either. */
  dormant(): readonly number[] {
    return [...new Set([...this.message.mentions.dormant, ...this.members.dormant()])]
  }

  /** The mentioned accounts that were not named otherwise: who had an open stream then is stored nowhere else. */
  here(): readonly number[] {
    const named = new Set(this.members.named(this.direct).values())
    const { listed, unlisted } = this.message.mentions
    return [...listed, ...unlisted].filter((id) => !named.has(id))
  }
}

function isSame(one: Message, other: Message): boolean {
  return (
    one.body === other.body &&
    one.format === other.format &&
    canonicalJson(one.metadata) === canonicalJson(other.metadata)
  )
}

/** Returns the listed accounts that differ, as the facts of an edit. */
function differenceOf(before: Mentions, after: Mentions) {
  return {
    mentions_added: after.listed.filter((id) => !before.listed.includes(id)),
    mentions_removed: before.listed.filter((id) => !after.listed.includes(id)),
  }
}
