/**
 * Messages: posting and looking up. A post is planned here, judged by judge-post.ts, and gets its position in the log
 * from the store. history.ts reads pages of messages; message-acts.ts is what edits, deletions and reactions share.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import type { ImpersonationNotes } from '../access/impersonation'
import type { ChannelAccess, Policy } from '../access/policy'
import type { Blocks } from '../chain/blocks'
import {
  type ChainBudget,
  type ChainDraft,
  type FoundThread,
  judgeReply,
  personReplied,
} from '../chain/chain'
import { chainRules } from '../chain/rules'
import type { RunGuard } from '../chain/run-guard'
import type { ChannelRooms } from '../channels/channel-rooms'
import type { Pauses } from '../coordination/pauses'
import type { Reachability } from '../coordination/reachability'
import { refuseWhileDraining } from '../governance/drain'
import type { Settings } from '../governance/settings'
import { actingTokenId, isAdmin, isHuman, messageVia, type Person } from '../identity/actor'
import { isFollowing, type Notified, notifiedBy } from '../inbox/notified'
import { ASKING_REASONS } from '../inbox/reasons'
import type { Channel, Member, MessageRef, MessageView } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { parseUuid, type Secrets, type Seq, type Uuid } from '../kernel/ids'
import type { PostOutcome, Reads, Store } from '../kernel/ports'
import type { Clock } from '../kernel/time'
import { type MessageEvent, notifiedIn } from '../log/events'
import { ActiveMembers } from './active-members'
import { shownOf } from './attachments'
import type { Attendance, AttendanceFor } from './attendance'
import { requireCorrection } from './corrections'
import { lookUpIn } from './look-up'
import { mentionTokens, noMentions, type ResolvedMentions, resolveMentions } from './mentions'
import { messageId } from './message-acts'
import type { NewPost } from './new-post'
import {
  type FoundAttachment,
  type FoundMessage,
  type PostDraft,
  type PostLookups,
  type PostPlan,
  touchesOf,
} from './post-plan'
import { unreached } from './unreached'
import { viewMessages } from './views'

export type Posted =
  | {
      readonly replayed: false
      readonly event: MessageEvent
      readonly unresolved: readonly string[]
      /** What an agent may still post in the thread that it replied in. */
      readonly budget: ChainBudget | null
      /** Handles of those whom it notifies and who cannot be reached now. */
      readonly unreachable: readonly string[]
    }
  /** The request was made before; this is its message as it is today. */
  | { readonly replayed: true; readonly message: MessageView; readonly unresolved: readonly string[] }

export interface MessagesDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
  readonly secrets: Secrets
  readonly clock: Pick<Clock, 'now'>
  readonly attendance: AttendanceFor
  readonly rooms: Pick<ChannelRooms, 'serverName'>
  readonly pauses: Pick<Pauses, 'refusePaused'>
  readonly runGuard: RunGuard
  readonly blocks: Blocks
  readonly reachability: Pick<Reachability, 'unreachable'>
  readonly impersonationNotes: Pick<ImpersonationNotes, 'noteBy'>
}

/** Posts and looks up messages. */
export class Messages {
  private readonly store: Store
  private readonly reads: Reads

  constructor(private readonly deps: MessagesDeps) {
    this.store = deps.store
    this.reads = deps.store.reads
  }

  /**
   * Posts a message to a channel. When this resolves, the message is durable.
   * @throws the access errors of posting; invalid_correction, invalid_thread_id, invalid_reply_to, reply_target_not_found,
   *   thread_not_found, attachment_not_found, thread_mismatch, no_recipient, too_many_mentions, idempotency_conflict, paused, chain_limit, loop_guard, storage_full,
   *   draining;
   *   message_not_found if the request was made before and its message is deleted
   */
  async post(actor: Person, post: NewPost): Promise<Posted> {
    const there = this.deps.attendance(post.body)
    const plan = new Plan(this.deps, actor, post, there instanceof Promise ? await there : there)
    const outcome = await this.posted(actor, plan)
    this.deps.impersonationNotes.noteBy(actor)
    if (!outcome.replayed) {
      const { event } = outcome
      const { notified } = notifiedIn(event.facts)
      const unreachable = notified ? await unreached(this.deps, notified) : nothing
      const { mentions, budget } = plan
      return { replayed: false, event, unresolved: mentions.unresolved, unreachable, budget }
    }
    const message = await this.view({ seq: outcome.seq })
    if (message.message.deletedAt !== null) throw refusal('message_not_found')
    return { replayed: true, message, unresolved: [] }
  }

  /**
   * Decides a post that is part of an act, in the transaction of that act, which writes it.
   * `there`: who is there for its body.
   * @throws as `post`
   */
  async draftIn(tx: Reads, actor: Person, post: NewPost, there: Attendance): Promise<PostDraft> {
    const plan = this.plan(actor, post, there)
    plan.admit()
    return plan.decide(await lookUpIn(tx, plan))
  }

  /** Plans a post that acts write together; judge-post.ts judges it. */
  plan(actor: Person, post: NewPost, there: Attendance): PostPlan {
    return new Plan(this.deps, actor, post, there)
  }

  /**
   * Returns one message, deleted ones included.
   * @throws invalid_id; message_not_found, also if the actor may not read it
   */
  async get(actor: Person, id: string): Promise<MessageView> {
    const view = await this.view({ uuid: messageId(id) })
    const { directory, policy } = this.deps
    const readable = await directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channel = directory.channel(view.channel.id)
      return policy.mayRead(now, channel) && view.message.seq > policy.hiddenUpTo(now, channel)
    })
    if (!readable) throw refusal('message_not_found')
    return view
  }

  /** A limit that stops an agent is announced before the refusal is answered. */
  private async posted(actor: Person, plan: Plan): Promise<PostOutcome> {
    const { directory, blocks } = this.deps
    try {
      return await directory.retryUntilLoaded(() => this.store.post(plan))
    } catch (refusal) {
      await blocks.note(actor.account, plan.channel, refusal)
      throw refusal
    }
  }

  private async view(by: { seq: Seq } | { uuid: Uuid }): Promise<MessageView> {
    const message = await this.reads.message(by)
    if (!message) throw refusal('message_not_found')
    await this.store.waitFor(message.seq)
    const [view] = await this.deps.directory.retryUntilLoaded(() =>
      viewMessages(this.deps.directory, [message]),
    )
    if (!view) throw refusal('message_not_found')
    return view
  }
}

/** One post in progress: its input, and the result of its last judgement. */
class Plan implements PostPlan {
  readonly uuid: Uuid
  readonly idempotency: PostPlan['idempotency']
  readonly replyTo: Uuid | null
  readonly threadId: Uuid | null
  readonly attachments: readonly Uuid[]
  readonly bodyLength: number
  readonly touches: PostPlan['touches']
  mentions: ResolvedMentions = noMentions
  budget: ChainBudget | null = null
  private readonly tokens: readonly string[]
  private passed: ChannelAccess | undefined

  constructor(
    private readonly deps: MessagesDeps,
    private actor: Person,
    private readonly post: NewPost,
    private readonly there: Attendance,
  ) {
    this.uuid = deps.secrets.uuid()
    this.idempotency = post.idempotency && { accountId: actor.account.id, ...post.idempotency }
    this.replyTo = post.replyTo === null ? null : (parseUuid(post.replyTo) ?? null)
    this.threadId = post.threadId === null ? null : (parseUuid(post.threadId) ?? null)
    this.attachments = uploadsOf(post)
    this.bodyLength = post.body.length
    this.touches = touchesOf(this)
    this.tokens = post.mentions ?? mentionTokens(post.body, deps.rooms.serverName)
  }

  admit(): void {
    const { policy, settings } = this.deps
    this.actor = policy.current(this.actor)
    this.passed = policy.post(this.actor, this.post.channel)
    refuseWhileDraining(settings)
  }

  get channel(): Channel | undefined {
    return this.passed?.channel
  }

  decide(found: PostLookups): PostDraft {
    const { post, actor, passed } = this
    if (!passed) throw new Error('a post is decided after it was admitted')
    const { channel } = passed
    if (post.kind === 'correction') requireCorrection(post)
    const thread = this.threadOf(found, channel)
    const attached = this.uploads(found)
    this.mentions = this.resolve(passed)
    // A paused agent may still ask people for a decision.
    if (post.kind !== 'approval') this.deps.pauses.refusePaused(actor.account, channel)
    const chain = thread && found.inThread ? this.chain(found.inThread, thread, found, channel) : null
    if (post.kind !== 'approval') this.deps.runGuard.judge(channel, actor.account, found.earlier)
    const message: PostDraft['message'] = {
      uuid: this.uuid,
      channelId: channel.id,
      senderId: actor.account.id,
      thread,
      replyTo: ref(found.target),
      body: post.body,
      format: post.format,
      kind: post.kind,
      priority: post.priority,
      via: post.via ?? messageVia(actor),
      mentions: this.mentions,
      metadata: post.metadata,
      attachments: attached.length === 0 ? nothing : attached.map(shownOf),
      clientMessageId: post.clientMessageId,
      ackWithinSeconds: post.ackWithinSeconds ?? null,
      actingTokenId: actingTokenId(actor),
    }
    const isUnattended = actor.account.kind === 'human' && !isHuman(actor)
    const mentioned = this.mentions.listed.map((id) => this.deps.directory.account(id).handle)
    const ids = attached.length === 0 ? nothing : attached.map(({ id }) => id)
    const notified = this.notified(found, channel)
    if (post.needsRecipient && !notified.some(asks)) throw refusal('no_recipient')
    this.budget = chain?.budget ?? null
    const draft = { message, channel, sender: actor.account, mentioned, attached: ids, notified, chain }
    return isUnattended ? { ...draft, message: { ...message, isUnattended: true } } : draft
  }

  /** Judges a reply by the budgets of its thread. @throws chain_limit */
  private chain(
    inThread: FoundThread,
    root: MessageRef,
    { target }: PostLookups,
    { settings: own }: Channel,
  ): ChainDraft | null {
    const { actor } = this
    const { account } = actor
    if (this.post.kind === 'approval') return null
    if (account.kind === 'human') return isHuman(actor) ? personReplied : null
    const { settings, clock } = this.deps
    const rules = chainRules(account, own, settings)
    const reply = { accountId: account.id, kind: this.post.kind, root, target }
    return judgeReply(inThread, reply, rules, clock.now())
  }

  /** Returns the members that the post names, that it answers, or that follow its thread. */
  private notified({ target, inThread }: PostLookups, channel: Channel): readonly Notified[] {
    const { mentions } = this
    const followers = inThread?.followers ?? nothing
    const isDirect = channel.kind === 'dm'
    if (!isDirect && mentions === noMentions && !target && followers.length === 0) return nothing
    const members = new ActiveMembers(this.deps.directory, channel.id, this.there)
    return notifiedBy(this.actor.account.id, {
      dm: isDirect ? members.first() : nothing,
      mention: mentions.direct,
      reply: target ? members.present([target.senderId]).map(({ id }) => id) : nothing,
      thread: this.following(followers, members),
      group: mentions.grouped,
      here: mentions.here,
      isBroadcast: mentions.broadcast,
      dormant: mentions.dormant,
    })
  }

  /** Returns the members that follow the thread of the post. */
  private following(followers: FoundThread['followers'], members: ActiveMembers): readonly number[] {
    if (followers.length === 0) return nothing
    const { settings, clock } = this.deps
    const now = clock.now()
    const seconds = settings.get('follow.agent_window_s')
    const kinds = new Map(
      members
        .present([...new Set(followers.map(({ accountId }) => accountId))])
        .map(({ id, kind }) => [id, kind]),
    )
    const unfollowed = new Set(
      followers.filter(({ follow }) => follow === false).map(({ accountId }) => accountId),
    )
    return followers.flatMap(({ accountId, ...part }) => {
      const kind = kinds.get(accountId)
      const follows = kind && !unfollowed.has(accountId) && isFollowing(part, kind, now, seconds)
      return follows ? accountId : []
    })
  }

  /**
   * Checks that the messages named in the request exist in this channel. Any message of a thread identifies its root.
   */
  private threadOf(found: PostLookups, channel: Channel): MessageRef | null {
    const { post } = this
    if (post.threadId !== null && this.threadId === null) throw refusal('invalid_thread_id')
    if (post.replyTo !== null && this.replyTo === null) throw refusal('invalid_reply_to')
    const { thread, target } = found
    const hidden = this.deps.policy.hiddenUpTo(this.actor, channel)
    const isThere = (message: FoundMessage | undefined) =>
      message?.channelId === channel.id && message.seq > hidden
    // Later replies may be visible although their root is hidden.
    const isHiddenRoot = thread?.channelId === channel.id && thread.thread === null
    if (this.threadId !== null && !isThere(thread) && !isHiddenRoot) throw refusal('thread_not_found')
    if (this.replyTo !== null && (!isThere(target) || target?.deleted))
      throw refusal('reply_target_not_found')
    const named = thread && (thread.thread ?? thread)
    const implied = target && (target.thread ?? target)
    if (named && implied && named.seq !== implied.seq) throw refusal('thread_mismatch')
    return ref(named ?? implied)
  }

  /** Checks that the uploads are the sender's own, and that no message has them. */
  private uploads({ attachments }: PostLookups): readonly FoundAttachment[] {
    const { attachments: named = nothing } = this.post
    if (named.length === 0) return nothing
    if (named.some((id) => parseUuid(id) === undefined)) throw refusal('attachment_not_found')
    return attachments.map((found) => {
      if (found?.accountId !== this.actor.account.id || found.isUsed) throw refusal('attachment_not_found')
      return found
    })
  }

  private resolve({ channel, member }: ChannelAccess): ResolvedMentions {
    if (this.tokens.length === 0) return noMentions
    const { directory, settings } = this.deps
    const mayBroadcast = this.mayBroadcast(channel, member)
    const mentions = resolveMentions(this.tokens, {
      senderId: this.actor.account.id,
      mayBroadcast: () => mayBroadcast,
      aliases: { ...settings.get('named_aliases')[channel.slug], ...directory.aliasesOf(channel.id) },
      members: new ActiveMembers(directory, channel.id, this.there),
    })
    directory.requireAccounts(mentions.listed)
    return mentions
  }

  private mayBroadcast({ settings }: Channel, { role }: Member): boolean {
    switch (settings.broadcastBy) {
      case 'humans':
        return this.actor.account.kind === 'human'
      case 'admins':
        return role === 'admin' || isAdmin(this.actor, this.deps.settings)
      default:
        return true
    }
  }
}

const nothing: readonly never[] = []

function asks({ reasons }: Notified): boolean {
  return (reasons & ASKING_REASONS) !== 0
}

function uploadsOf({ attachments = nothing }: NewPost): readonly Uuid[] {
  if (attachments.length === 0) return nothing
  return [...new Set(attachments.flatMap((id) => parseUuid(id) ?? []))]
}

function ref(message: MessageRef | undefined): MessageRef | null {
  return message ? { seq: message.seq, uuid: message.uuid } : null
}
