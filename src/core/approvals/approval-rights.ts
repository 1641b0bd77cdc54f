import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import { isHuman, type Person } from '../identity/actor'
import type { ApprovalRow } from '../kernel/approval-ports'
import type { Account, Channel, Member, Message } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import { slices } from '../kernel/paged-reads'
import type { Reads } from '../kernel/ports'

/** Accounts that are loaded at a time, to find one that may decide. */
const LOOKED_AT = 200

/** An approval and where it is. */
export interface FoundApproval {
  readonly row: ApprovalRow
  /** A tombstone if it is deleted. */
  readonly message: Message
  readonly channel: Channel
}

export interface ApprovalRightsDeps {
  readonly directory: Directory
  readonly policy: Policy
}

/** Decides who may see and decide approvals. Everything is synchronous over the directory, or in a transaction. */
export class ApprovalRights {
  constructor(private readonly deps: ApprovalRightsDeps) {}

  /** Finds an approval that the actor may read. @throws approval_not_found */
  async visible(reads: Reads, now: Person, uuid: Uuid): Promise<FoundApproval> {
    const row = await reads.approval({ uuid })
    const channel = row && this.deps.directory.channel(row.channelId)
    if (!row || !channel || !this.maySee(now, channel, row)) throw refusal('approval_not_found')
    const message = await reads.message({ seq: row.seq })
    if (!message) throw refusal('approval_not_found')
    return { row, message, channel }
  }

  maySee(now: Person, channel: Channel, { seq }: Pick<ApprovalRow, 'seq'>): boolean {
    const { policy } = this.deps
    return policy.mayRead(now, channel) && seq > policy.hiddenUpTo(now, channel)
  }

  /**
   * Returns the named approvers. Null stands for every person who may post in the channel.
   * @throws no_eligible_approver if nobody may decide, or if one of the named approvers may not
   */
  approvers(requester: Account, channel: Channel, handles: readonly string[] | null): Account[] | null {
    const { directory } = this.deps
    if (handles === null) {
      if (!this.hasApprover(requester, channel)) throw refusal('no_eligible_approver')
      return null
    }
    directory.requireHandles(handles)
    const named = [...new Set(handles)].map((handle) => directory.accountByHandle(handle))
    const eligible = named.filter((account): account is Account => {
      if (account === undefined || !isPerson(account) || account.id === requester.id) return false
      return directory.member(account.id, channel.id) !== undefined
    })
    if (eligible.length === 0 || eligible.length < named.length) throw refusal('no_eligible_approver')
    return eligible
  }

  private hasApprover(requester: Account, { id }: Channel): boolean {
    const { directory } = this.deps
    const members = directory.membersOf(id)
    const posters = members.keys().filter((one) => one !== requester.id && mayPost(members.get(one)))
    for (const some of slices(posters, LOOKED_AT)) {
      directory.requireAccounts(some)
      if (some.some((one) => isPerson(directory.account(one)))) return true
    }
    return false
  }

  /** Reports whether the account of the actor may decide an approval that it reads, with the right credential. */
  isApprover({ account }: Person, { message, channel }: Pick<FoundApproval, 'message' | 'channel'>): boolean {
    const { approval, senderId } = message
    const member = this.deps.directory.member(account.id, channel.id)
    if (!approval || !member || account.kind !== 'human' || account.id === senderId) return false
    return approval.approvers === null ? mayPost(member) : approval.approvers.includes(account.id)
  }

  /** @throws humans_only, not_an_approver; missing_scope if the approval names no approvers and the token may not post */
  requireApprover(now: Person, found: FoundApproval): void {
    if (!isHuman(now)) throw refusal('humans_only')
    // A deleted approval says no longer who may decide; it has ended anyway.
    const { approval } = found.message
    if (!approval) return
    if (!this.isApprover(now, found)) throw refusal('not_an_approver')
    if (approval.approvers === null) this.deps.policy.postIn(now, found.channel)
  }

  /** Allows the account that asked, and admins of the channel. @throws not_author; as `postIn` or `moderateIn` */
  requireCancel(now: Person, { row, channel }: FoundApproval): void {
    const { policy } = this.deps
    if (row.accountId === now.account.id) policy.postIn(now, channel)
    else if (policy.isChannelAdmin(now, channel)) policy.moderateIn(now, channel)
    else throw refusal('not_author')
  }
}

function isPerson({ kind, archivedAt }: Account): boolean {
  return kind === 'human' && archivedAt === null
}

function mayPost(member: Member | undefined): boolean {
  return member !== undefined && member.role !== 'read_only'
}
