import { type ChainReset, type FoundThread, seqInGroup } from '../chain/chain'
import type { ThreadFollower } from '../inbox/notified'
import type { Seq, Uuid } from '../kernel/ids'
import type { Clock } from '../kernel/time'
import type { Found } from './judge-post'
import type { PostDraft } from './post-plan'

/** A thread with the earlier replies of the group. */
interface ThreadInGroup extends FoundThread {
  readonly followers: ThreadFollower[]
  reset: ChainReset
}

/** What the plans of a group read: what is stored, and what earlier posts of the group change of their threads. */
export class GroupFound implements Found {
  private readonly threads = new Map<Seq, ThreadInGroup>()
  readonly earlier: PostDraft[] = []

  constructor(
    private readonly stored: Found,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  key(accountId: number, key: string) {
    return this.stored.key(accountId, key)
  }

  message(uuid: Uuid) {
    return this.stored.message(uuid)
  }

  attachment(uuid: Uuid) {
    return this.stored.attachment(uuid)
  }

  requireRoom(): void {
    this.stored.requireRoom()
  }

  thread(root: Seq): ThreadInGroup {
    const known = this.threads.get(root)
    if (known) return known
    const { followers, reset } = this.stored.thread(root)
    const found = { followers: [...followers], reset }
    this.threads.set(root, found)
    return found
  }

  /** Notes a post that is written before those judged after it. */
  judged(draft: PostDraft): void {
    const { message, chain } = draft
    const { thread, senderId } = message
    this.earlier.push(draft)
    if (!thread) return
    const inGroup = this.thread(thread.seq)
    const seq = seqInGroup(this.earlier.length)
    const spent = chain?.spent ? { seq, ...chain.spent } : null
    inGroup.followers.push({ accountId: senderId, postedAt: this.clock.now(), follow: null, spent })
    if (chain?.resets) inGroup.reset = { ...inGroup.reset, seq, times: 1 }
  }
}
