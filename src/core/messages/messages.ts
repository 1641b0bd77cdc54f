/**
 * Messages: posting and looking up. A post is planned here, judged by judge-post.ts, and gets its position in the log
 * from the store. history.ts reads pages of messages.
 * Imports only the core. Start reading here.
 */

import type { Directory } from '../access/directory'
import type { ImpersonationNotes } from '../access/impersonation'
import type { ChannelAccess, Policy } from '../access/policy'
import { refuseWhileDraining } from '../governance/drain'
import type { Settings } from '../governance/settings'
import { actingTokenId, messageVia, type Person } from '../identity/actor'
import type { Account, BodyFormat, Channel, MessageRef, MessageView, Priority } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import { parseUuid, type Secrets, type Seq, type Uuid } from '../kernel/ids'
import type { Reads, Store } from '../kernel/ports'
import type { MessageEvent } from '../log/events'
import type { Streams } from '../log/streams'
import {
  type MentionedMembers,
  mentionTokens,
  noMentions,
  type ResolvedMentions,
  resolveMentions,
} from './mentions'
import { type PostDraft, type PostLookups, type PostPlan, touchesOf } from './post-plan'
import { viewMessages } from './views'

export interface NewPost {
  readonly channel: string
  /** 1 to 16,000 code points, never trimmed. */
  readonly body: string
  readonly format: BodyFormat
  /** A message of the thread to post in, as the client sent it. */
  readonly threadId: string | null
  /** The message to reply to, as the client sent it. */
  readonly replyTo: string | null
  readonly priority: Priority
  readonly metadata: Readonly<Record<string, unknown>>
  readonly clientMessageId: string | null
  /** The retry key, and a hash of everything that identifies the request. */
  readonly idempotency: { readonly key: string; readonly requestHash: string } | null
}

export type Posted =
  | { readonly replayed: false; readonly event: MessageEvent; readonly unresolved: readonly string[] }
  /** The request was made before; this is its message as it is today. */
  | { readonly replayed: true; readonly message: MessageView; readonly unresolved: readonly string[] }

export interface MessagesDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
  readonly secrets: Secrets
  readonly streams: Pick<Streams, 'openAccounts'>
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
   * @throws the access errors of posting; invalid_thread_id, invalid_reply_to, reply_target_not_found,
   *   thread_not_found, thread_mismatch, too_many_mentions, idempotency_conflict, storage_full, draining
   */
  async post(actor: Person, post: NewPost): Promise<Posted> {
    const plan = new Plan(this.deps, actor, post)
    const outcome = await this.deps.directory.retryUntilLoaded(() => this.store.post(plan))
    this.deps.impersonationNotes.noteBy(actor)
    if (!outcome.replayed)
      return { replayed: false, event: outcome.event, unresolved: plan.mentions.unresolved }
    return { replayed: true, message: await this.view({ seq: outcome.seq }), unresolved: [] }
  }

  /**
   * Returns one message, deleted ones included.
   * @throws invalid_id; message_not_found, also if the actor may not read it
   */
  async get(actor: Person, id: string): Promise<MessageView> {
    const uuid = parseUuid(id)
    if (!uuid) throw new AppError('invalid', 'invalid_id', 'Invalid message id')
    const view = await this.view({ uuid })
    const { directory, policy } = this.deps
    const readable = await directory.retryUntilLoaded(() =>
      policy.mayRead(policy.current(actor), directory.channel(view.channel.id)),
    )
    if (!readable) throw refusal('message_not_found')
    return view
  }

  private async view(by: { seq: Seq } | { uuid: Uuid }): Promise<MessageView> {
    const message = await this.reads.message(by)
    if (!message) throw refusal('message_not_found')
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
  readonly bodyLength: number
  readonly touches: PostPlan['touches']
  mentions: ResolvedMentions = noMentions
  private readonly tokens: readonly string[]
  private passed: ChannelAccess | undefined

  constructor(
    private readonly deps: MessagesDeps,
    private actor: Person,
    private readonly post: NewPost,
  ) {
    this.uuid = deps.secrets.uuid()
    this.idempotency = post.idempotency && { accountId: actor.account.id, ...post.idempotency }
    this.replyTo = post.replyTo === null ? null : (parseUuid(post.replyTo) ?? null)
    this.threadId = post.threadId === null ? null : (parseUuid(post.threadId) ?? null)
    this.bodyLength = post.body.length
    this.touches = touchesOf(this)
    this.tokens = mentionTokens(post.body)
  }

  admit(): void {
    const { policy, settings } = this.deps
    this.actor = policy.current(this.actor)
    this.passed = policy.post(this.actor, this.post.channel)
    refuseWhileDraining(settings)
  }

  decide(found: PostLookups): PostDraft {
    const { post, actor, passed } = this
    if (!passed) throw new Error('a post is decided after it was admitted')
    const { channel } = passed
    const thread = this.threadOf(found, channel.id)
    this.mentions = this.resolve(channel)
    const message: PostDraft['message'] = {
      uuid: this.uuid,
      channelId: channel.id,
      senderId: actor.account.id,
      thread,
      replyTo: ref(found.target),
      body: post.body,
      format: post.format,
      kind: 'message',
      priority: post.priority,
      via: messageVia(actor),
      mentions: this.mentions,
      metadata: post.metadata,
      clientMessageId: post.clientMessageId,
      actingTokenId: actingTokenId(actor),
    }
    const mentioned = this.mentions.listed.map((id) => this.deps.directory.account(id).handle)
    return { message, channel, sender: actor.account, mentioned }
  }

  /**
   * Checks that the messages named in the request exist in this channel. Any message of a thread identifies its root.
   */
  private threadOf(found: PostLookups, channelId: number): MessageRef | null {
    const { post } = this
    if (post.threadId !== null && this.threadId === null) throw refusal('invalid_thread_id')
    if (post.replyTo !== null && this.replyTo === null) throw refusal('invalid_reply_to')
    const { thread, target } = found
    if (this.threadId !== null && thread?.channelId !== channelId) throw refusal('thread_not_found')
    if (this.replyTo !== null && (target?.channelId !== channelId || target.deleted))
      throw refusal('reply_target_not_found')
    const named = thread && (thread.thread ?? thread)
    const implied = target && (target.thread ?? target)
    if (named && implied && named.seq !== implied.seq) throw refusal('thread_mismatch')
    return ref(named ?? implied)
  }

  private resolve(channel: Channel): ResolvedMentions {
    if (this.tokens.length === 0) return noMentions
    const { directory, settings, streams } = this.deps
    const mentions = resolveMentions(this.tokens, {
      senderId: this.actor.account.id,
      aliases: settings.get('named_aliases')[channel.slug] ?? {},
      members: new ActiveMembers(directory, streams, channel.id),
    })
    directory.requireAccounts(mentions.listed)
    return mentions
  }
}

/** The active members of a channel in the directory, which may have to load them first. */
class ActiveMembers implements MentionedMembers {
  constructor(
    private readonly directory: Directory,
    private readonly streams: MessagesDeps['streams'],
    private readonly channelId: number,
  ) {}

  named(handles: readonly string[]): ReadonlyMap<string, number> {
    this.directory.requireHandles(handles)
    const found = handles.flatMap((handle) => this.directory.accountByHandle(handle) ?? [])
    return new Map(this.among(found).map(({ handle, id }) => [handle, id]))
  }

  first(): readonly number[] {
    return this.directory.firstMembers(this.channelId).map(({ id }) => id)
  }

  here(): readonly number[] {
    const ids = this.streams.openAccounts()
    this.directory.requireMembers(this.channelId, ids)
    const members = ids.filter((id) => this.directory.member(id, this.channelId))
    this.directory.requireAccounts(members)
    const found = this.among(members.map((id) => this.directory.account(id)))
    return found.toSorted((one, other) => (one.handle < other.handle ? -1 : 1)).map(({ id }) => id)
  }

  private among(accounts: readonly Account[]): Account[] {
    const active = accounts.filter(({ archivedAt }) => archivedAt === null)
    this.directory.requireMembers(
      this.channelId,
      active.map(({ id }) => id),
    )
    return active.filter(({ id }) => this.directory.member(id, this.channelId))
  }
}

function ref(message: MessageRef | undefined): MessageRef | null {
  return message ? { seq: message.seq, uuid: message.uuid } : null
}
