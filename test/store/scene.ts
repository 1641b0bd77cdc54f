import type { Account, Channel, Mentions, Message, MessageView } from '../../src/core/kernel/entities'
import type { Uuid } from '../../src/core/kernel/ids'
import type { PostOutcome, Store, Writes } from '../../src/core/kernel/ports'
import { toMicros } from '../../src/core/kernel/time'
import { accountEvent, channelEvent, type LogEvent, memberEvent } from '../../src/core/log/events'
import { shownOf } from '../../src/core/messages/attachments'
import { noMentions } from '../../src/core/messages/mentions'
import { type DraftMessage, eventOfDraft, type PostPlan, touchesOf } from '../../src/core/messages/post-plan'
import { systemSecrets } from '../../src/platform'

/** Operations on a store for tests: they write the rows of the core, without its rules. */

export async function makeAccount(tx: Writes, handle: string): Promise<Account> {
  const fields = {
    kind: 'agent',
    displayName: handle,
    email: null,
    passwordHash: null,
    isAdmin: false,
  } as const
  const account = await tx.insertAccount({ ...fields, handle })
  await tx.append(accountEvent('account.created', account), null)
  return account
}

export async function makeChannel(tx: Writes, slug: string): Promise<Channel> {
  const channel = await tx.insertChannel({ slug, name: slug, description: null, kind: 'private' })
  await tx.append(channelEvent('channel.created', channel), null)
  return channel
}

export async function join(tx: Writes, account: Account, channel: Channel): Promise<LogEvent> {
  const joined = await tx.append(memberEvent('member.joined', channel, account, { role: 'member' }), null)
  await tx.insertMembership(account.id, channel.id, 'member', joined)
  return joined
}

/** Ann, who may post in two channels. */
export async function annAndHerRooms(store: Store) {
  return store.transact(async (tx) => {
    const ann = await makeAccount(tx, 'ann')
    const [plans, lunch] = [await makeChannel(tx, 'plans'), await makeChannel(tx, 'lunch')]
    for (const channel of [plans, lunch]) await join(tx, ann, channel)
    return { ann, plans, lunch }
  })
}

interface Posting {
  readonly sender: Account
  readonly channel: Channel
  readonly body: string
  readonly replyTo?: Uuid
  readonly threadId?: Uuid
  readonly attachments?: readonly Uuid[]
  readonly key?: string
  readonly requestHash?: string
  readonly uuid?: Uuid
  readonly message?: Partial<DraftMessage>
  /** Judges the post and throws to refuse it. */
  readonly admit?: () => void
}

/** A post as plain data that is always admitted, unless `admit` says otherwise. */
export function planOf(posting: Posting): PostPlan {
  const { sender, channel, body, key, requestHash = body } = posting
  const uuid = posting.uuid ?? systemSecrets.uuid()
  const mentions: Mentions = noMentions
  const parts = {
    uuid,
    idempotency: key === undefined ? null : { accountId: sender.id, key, requestHash },
    replyTo: posting.replyTo ?? null,
    threadId: posting.threadId ?? null,
    attachments: posting.attachments ?? [],
  }
  return {
    ...parts,
    touches: touchesOf(parts),
    bodyLength: body.length,
    admit: () => posting.admit?.(),
    decide: ({ target, thread, attachments }) => {
      const attached = attachments.flatMap((found) => found ?? [])
      const root = thread?.thread ?? thread ?? target?.thread ?? target
      const message: DraftMessage = {
        uuid,
        channelId: channel.id,
        senderId: sender.id,
        thread: root ? { seq: root.seq, uuid: root.uuid } : null,
        replyTo: target ? { seq: target.seq, uuid: target.uuid } : null,
        body,
        format: 'markdown',
        kind: 'message',
        priority: 'normal',
        via: 'token',
        mentions,
        metadata: {},
        attachments: attached.map(shownOf),
        clientMessageId: null,
        ackWithinSeconds: null,
        actingTokenId: null,
        ...posting.message,
      }
      return {
        message,
        channel,
        sender,
        mentioned: [],
        attached: attached.map(({ id }) => id),
        notified: [],
        chain: null,
      }
    },
  }
}

/** A message as readers are shown it, which no store holds. */
export function unwritten(posting: Posting): MessageView {
  const draft = planOf(posting).decide({
    target: undefined,
    thread: undefined,
    inThread: undefined,
    attachments: [],
  })
  return eventOfDraft(draft, { seq: 1, at: toMicros(1) }).message
}

/** Posts and returns the message as announced. */
export async function post(store: Store, posting: Posting): Promise<Message> {
  return messageOf(await store.post(planOf(posting)))
}

export function messageOf(outcome: PostOutcome): Message {
  return viewOf(outcome).message
}

export function viewOf(outcome: PostOutcome): MessageView {
  if (outcome.replayed) throw new Error('the post made no message')
  return outcome.event.message
}

/** All announcements of a store: one entry a commit. */
export function announcements(store: Store): LogEvent[][] {
  const commits: LogEvent[][] = []
  store.onCommit((events) => commits.push([...events]))
  return commits
}
