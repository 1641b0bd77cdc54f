import type { FoundThread } from '../chain/chain'
import { refusal } from '../kernel/errors'
import type { Seq, Uuid } from '../kernel/ids'
import type { FoundAttachment, FoundMessage, PostDraft, PostPlan } from './post-plan'

/** Stored state that the plans of a group read, from one moment before any of them is written. */
export interface Found {
  /** The request that used a key and the message it made; null if it was not a post. */
  key(accountId: number, key: string): UsedKey | undefined
  message(uuid: Uuid): FoundMessage | undefined
  attachment(uuid: Uuid): FoundAttachment | undefined
  /** The thread of this root, whether it has replies or not. */
  thread(root: Seq): FoundThread
  /** The posts that are judged before in the same group. */
  readonly earlier?: readonly PostDraft[]
  /** @throws storage_full, unavailable if no message can be stored */
  requireRoom(): void
}

export interface UsedKey {
  readonly requestHash: string
  readonly subject: Seq | null
}

export type Judgement =
  | { readonly replayed: false; readonly draft: PostDraft }
  /** The key was used before for the same request; `seq` is the message it made. */
  | { readonly replayed: true; readonly seq: Seq }

const noAttachments: readonly never[] = []

/**
 * Judges a post: rights, then retry key, then disk space, then the messages and uploads it refers to. A sender without rights
 * learns nothing about a key, and a repeated request is answered even when the disk is full.
 * @throws what `admit` and `decide` throw, idempotency_conflict, storage_full, unavailable
 */
export function judgePost(plan: PostPlan, found: Found): Judgement {
  plan.admit()
  const { idempotency, replyTo, threadId, attachments: uploads } = plan
  const used = idempotency && found.key(idempotency.accountId, idempotency.key)
  if (used) {
    const { requestHash, subject } = used
    if (requestHash !== idempotency.requestHash || subject === null) throw refusal('idempotency_conflict')
    return { replayed: true, seq: subject }
  }
  found.requireRoom()
  const target = replyTo === null ? undefined : found.message(replyTo)
  const thread = threadId === null ? undefined : found.message(threadId)
  const attachments = uploads.length === 0 ? noAttachments : uploads.map((uuid) => found.attachment(uuid))
  const named = thread ?? target
  const inThread = named && found.thread((named.thread ?? named).seq)
  return {
    replayed: false,
    draft: plan.decide({ target, thread, inThread, attachments, earlier: found.earlier }),
  }
}

/**
 * Returns how many plans from the start of the list can be judged together, so that none reads what another one writes.
 */
export function countIndependent(plans: readonly Pick<PostPlan, 'touches'>[]): number {
  const written = new Set<string>()
  let noted = 0
  for (const [i, { touches }] of plans.entries()) {
    if (touches.reads.length === 0) continue
    // Most plans read nothing, so writes are collected only when a plan reads.
    for (const earlier of plans.slice(noted, i)) for (const name of earlier.touches.writes) written.add(name)
    noted = i
    if (touches.reads.some((name) => written.has(name))) return i
  }
  return plans.length
}
