import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { includesPosting } from '../access/scopes'
import type { Settings } from '../governance/settings'
import { isAdmin, type Person, principalOf } from '../identity/actor'
import type { Claim } from '../kernel/coordination-ports'
import type { Channel, MessageRef } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { Reads } from '../kernel/ports'
import { messageId } from '../messages/message-acts'
import { invalidResource, messageIn } from './resource'

export interface ClaimRightsDeps {
  readonly directory: Directory
  readonly policy: Policy
  readonly settings: Settings
}

/** What a request says of where a claim belongs. */
interface Wanted {
  readonly messageId: string | null
  /** Slug. */
  readonly channel: string | null
}

/** The scope of a resource and what it is about. */
interface Place {
  readonly channel: Channel | null
  readonly message: MessageRef | null
}

/** Decides who may claim what, see it, and end it. Everything is synchronous over the directory, or in a transaction. */
export class ClaimRights {
  constructor(private readonly deps: ClaimRightsDeps) {}

  /** Finds where the claim belongs, and checks that the actor may post there. */
  async placeOf(tx: Reads, now: Person, resource: string, request: Wanted): Promise<Place> {
    const named = messageIn(resource)
    const about = request.messageId === null ? undefined : messageId(request.messageId)
    if (named !== undefined && about !== undefined && about !== named)
      throw invalidResource('message_id is not the message that the resource names')
    const found = await this.messageOf(tx, now, named ?? about)
    const message = found?.message ?? null
    if (named === undefined) {
      if (request.channel !== null)
        return { channel: this.deps.policy.post(now, request.channel).channel, message }
      this.requirePost(now, null)
      return { channel: null, message }
    }
    const channel = found?.channel ?? null
    if (request.channel !== null && request.channel !== channel?.slug)
      throw invalidResource('The message is in another channel')
    this.requirePost(now, channel)
    return { channel, message }
  }

  /** @throws message_not_found, also if the actor may not read it */
  private async messageOf(
    tx: Reads,
    now: Person,
    id: string | undefined,
  ): Promise<{ message: MessageRef; channel: Channel } | undefined> {
    const { directory, policy } = this.deps
    if (id === undefined) return undefined
    const message = await tx.message({ uuid: messageId(id) })
    const channel = message && directory.channel(message.channelId)
    if (!message || message.deletedAt !== null || !channel || !policy.mayRead(now, channel))
      throw refusal('message_not_found')
    if (message.seq <= policy.hiddenUpTo(now, channel)) throw refusal('message_not_found')
    return { message: { seq: message.seq, uuid: message.uuid }, channel }
  }

  /** @throws the access errors of posting; without a channel missing_scope */
  requirePost(now: Person, channel: Channel | null): void {
    if (channel) {
      this.deps.policy.postIn(now, channel)
      return
    }
    const principal = principalOf(now)
    if (principal.via === 'token' && !includesPosting(principal.token.scopes))
      throw new AppError('forbidden', 'missing_scope', 'Insufficient scope', {
        gate: 'scope',
        required_scope: 'channel:*:post',
      })
  }

  /** @throws not_holder, missing_scope */
  requireForce(now: Person, channel: Channel | null): void {
    const { policy, settings } = this.deps
    if (isAdmin(now, settings)) return
    if (!channel || !policy.isChannelAdmin(now, channel)) throw refusal('not_holder')
    policy.moderateIn(now, channel)
  }

  /** Finds a claim that the actor may know of. @throws claim_not_found */
  async visible(reads: Reads, now: Person, uuid: Uuid): Promise<{ claim: Claim; channel: Channel | null }> {
    const claim = await reads.claim(uuid)
    if (!claim) throw refusal('claim_not_found')
    const channel = claim.channelId === null ? null : this.deps.directory.channel(claim.channelId)
    if (!isVisibleClaim(this.deps, now, claim, channel)) throw refusal('claim_not_found')
    return { claim, channel }
  }
}

/** Reports whether the actor may know of a claim: a reader of its channel, and the account that holds it, if it may post. */
export function isVisibleClaim(
  { policy }: Pick<ClaimRightsDeps, 'policy'>,
  now: Person,
  claim: Claim,
  channel: Channel | null,
): boolean {
  if (channel === null || policy.mayRead(now, channel)) return true
  return claim.accountId === now.account.id && mayPost(policy, now, channel)
}

/** Reports whether a claim is held by the instance that the actor names, or without a name by its credential. */
export function isHeldBy(claim: Claim, now: Person, instance: string | null): boolean {
  if (claim.accountId !== now.account.id) return false
  if (instance !== null) return claim.instance === instance
  const own = instanceOf(now)
  return claim.instance === own || claim.credential === own
}

/** Returns the instance of a caller that names none: the id of its token, or `browser` for a session. */
export function instanceOf(actor: Person): string {
  const principal = principalOf(actor)
  if (principal.via === 'token') return principal.token.uuid
  return principal.via === 'session' ? 'browser' : 'operator'
}

function mayPost(policy: Policy, now: Person, channel: Channel): boolean {
  try {
    policy.postIn(now, channel)
    return true
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}
