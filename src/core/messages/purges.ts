/**
 * Purges: old messages of a channel are deleted for good, slice by slice, as an admin asks or as its retention says
 * (docs/contract/messages.md#retention-and-purge). A purge is noted in the store until it is finished, so that it goes on
 * after a crash.
 */

import type { Directory } from '../access/directory'
import { cancelDeleted } from '../approvals/cancel-deleted'
import type { Administration } from '../governance/administration'
import { entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import { type Actor, withoutRetry } from '../identity/actor'
import type { Channel, Message, MessageView } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import type { Seq, Uuid } from '../kernel/ids'
import { IDEMPOTENCY_WINDOW_HOURS } from '../kernel/limits'
import type { Store, Writes } from '../kernel/ports'
import type { PendingPurge, PurgeableMessage } from '../kernel/removal-ports'
import { beginningOf, SliceSize } from '../kernel/slice-size'
import { type Clock, later, MICROS_PER_DAY, MICROS_PER_MINUTE, type Micros } from '../kernel/time'
import type { Catalogue } from '../log/catalogue'
import { channelEvent, messageEvent } from '../log/events'
import type { Log } from '../log/log'
import type { Attachments } from './attachments'
import { tombstoneOf } from './deletions'
import { refuseHeld } from './message-acts'
import { viewMessages } from './views'

/** How long a request works on its purge. The rest is done in the background. */
const PATIENCE_MILLISECONDS = 20_000
/** Retry keys examined in one transaction. */
const KEYS_AT_ONCE = 1000
const CHANNELS_AT_ONCE = 100
/** No message id is greater. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff' as Uuid

/** What to purge: messages older than an instant, or all but the newest. */
export type PurgeExtent = { readonly before: Micros } | { readonly keep: number }

export interface Purged {
  /** The messages that were deleted, tombstones included. */
  readonly messages: number
  /** The position up to which messages of the channel were purged. */
  readonly throughCursor: string
  /** False if the rest is done in the background. */
  readonly isDone: boolean
}

export interface PurgesDeps {
  readonly store: Store
  readonly directory: Directory
  readonly administration: Administration
  readonly settings: Settings
  readonly attachments: Pick<Attachments, 'deleteOf'>
  readonly catalogue: Catalogue
  readonly log: Log
  readonly clock: Clock
}

/** The part of a purge that one transaction does. */
interface Slice {
  readonly removed: number
  /** When the newest of them was posted. */
  readonly newest: Micros | undefined
  /** The last message examined; undefined after the last one. */
  readonly last: Seq | undefined
  /** Whether roots wait for the purge of their replies. */
  readonly hasDeferred: boolean
}

export class Purges {
  /** The channels that this process purges now. */
  private readonly active = new Set<number>()

  constructor(private readonly deps: PurgesDeps) {}

  /**
   * Purges a channel. `isDryRun`: only counts.
   * @throws admin_scope_required, not_admin, channel_not_found, legal_hold, draining
   */
  async purge(actor: Actor, uuid: Uuid, extent: PurgeExtent, isDryRun: boolean): Promise<Purged> {
    const { store, administration, log, clock } = this.deps
    administration.check(actor)
    const channel = await this.purgeableChannel(store.reads, uuid)
    const throughSeq = await this.lastIn(channel, extent)
    const cursor = (floor: Seq) => log.cursor(floor)
    if (isDryRun) {
      const messages = await store.slow.countPurgeable(channel.id, throughSeq)
      return { messages, throughCursor: cursor(Math.max(channel.floorSeq, throughSeq)), isDone: true }
    }
    const purge = { channelId: channel.id, throughSeq }
    // The answer is known after the last slice, and its retry key is stored then.
    await administration.act(withoutRetry(actor), async (tx) => {
      const { slug } = await this.purgeableChannel(tx, uuid)
      await tx.beginPurge(purge)
      const facts = { slug, through_cursor: cursor(throughSeq) }
      await tx.audit(entryBy(actor, 'channel.purge', { type: 'channel', id: uuid }, facts))
    })
    const end = clock.steady() + PATIENCE_MILLISECONDS
    const { removed, isDone } = await this.run(purge, () => clock.steady() < end)
    const now = await this.purgedChannel(uuid)
    return { messages: removed, throughCursor: cursor(now.floorSeq), isDone }
  }

  /** Continues the purges that were begun and not finished. */
  async resume(signal: AbortSignal): Promise<void> {
    for (const purge of await this.deps.store.reads.pendingPurges())
      if (!this.active.has(purge.channelId)) await this.run(purge, () => !signal.aborted)
  }

  /** Purges what the retention of each channel says. */
  async applyRetention(signal: AbortSignal): Promise<void> {
    const { store } = this.deps
    for (let after = ''; ; ) {
      const channels = await store.slow.listChannels({ after, limit: CHANNELS_AT_ONCE })
      for (const channel of channels) {
        if (signal.aborted) return
        await this.retain(channel, signal)
      }
      const last = channels.at(-1)
      if (!last || channels.length < CHANNELS_AT_ONCE) return
      after = last.slug
    }
  }

  private async retain(channel: Channel, signal: AbortSignal): Promise<void> {
    const { store, settings, clock } = this.deps
    const { legalHold, retentionDays, retentionMax } = channel.settings
    const days = retentionDays ?? settings.get('retention.days')
    const keep = retentionMax ?? settings.get('retention.max_messages')
    if (legalHold) return
    const before = later(clock.now(), -days * MICROS_PER_DAY)
    const byAge = days > 0 ? await this.lastIn(channel, { before }) : 0
    const byNumber = keep > 0 ? await this.lastIn(channel, { keep }) : 0
    const purge = { channelId: channel.id, throughSeq: Math.max(byAge, byNumber) }
    // Up to the floor there are only roots, which go with their last reply.
    if (purge.throughSeq <= channel.floorSeq) return
    await store.transact((tx) => tx.beginPurge(purge))
    await this.run(purge, () => !signal.aborted)
  }

  /** Returns the last message of the channel that is to be purged; 0 if there is none. */
  private async lastIn(channel: Channel, extent: PurgeExtent): Promise<Seq> {
    const { store } = this.deps
    if ('keep' in extent) return store.slow.newestBeyond(channel.id, extent.keep)
    const last = await store.slow.seqOfMoment(later(extent.before, -1), LAST_ID)
    const page = { of: { channelIds: [channel.id] }, after: 0, before: last + 1, limit: 1 } as const
    const [newest] = await store.slow.messagePositions({ ...page, order: 'desc' })
    return newest?.seq ?? 0
  }

  private async run(
    purge: PendingPurge,
    goesOn: () => boolean,
  ): Promise<{ readonly removed: number; readonly isDone: boolean }> {
    this.active.add(purge.channelId)
    try {
      return await this.purgeInSlices(purge, goesOn)
    } finally {
      this.active.delete(purge.channelId)
    }
  }

  private async purgeInSlices(purge: PendingPurge, goesOn: () => boolean) {
    const size = new SliceSize(this.deps.clock)
    let removed = 0
    let after = 0
    let hasDeferred = false
    let newest: Micros | undefined
    while (goesOn()) {
      const slice = await this.slice(purge, after, size)
      if (slice === 'held') return { removed, isDone: true }
      removed += slice.removed
      newest = slice.newest ?? newest
      hasDeferred ||= slice.hasDeferred
      if (slice.last !== undefined) after = slice.last
      else if (hasDeferred) {
        // A root whose replies are all purged by now went with them, unless somebody replied meanwhile.
        after = 0
        hasDeferred = false
      } else {
        if (newest !== undefined) await this.forgetKeys(newest)
        await this.deps.store.transact((tx) => tx.endPurge(purge))
        return { removed, isDone: true }
      }
    }
    return { removed, isDone: false }
  }

  /** Purges the next messages. A channel under a legal hold stays as it is, and its purge ends. */
  private async slice(purge: PendingPurge, after: Seq, size: SliceSize): Promise<Slice | 'held'> {
    const { store, directory, attachments, log } = this.deps
    const { channelId, throughSeq: through } = purge
    const timed = size.slice()
    const slice = await directory.retryUntilLoaded(() =>
      store.transact(async (tx): Promise<Slice | 'held'> => {
        timed.begin()
        const channel = await tx.channel({ id: channelId })
        if (!channel || channel.settings.legalHold) {
          await tx.endPurge(purge)
          return 'held'
        }
        const rows = await tx.purgeable(channelId, { after, through, limit: size.limit })
        const page = beginningOf(rows, ({ characters }) => characters)
        const last = page.at(-1)?.seq
        const { gone, kept, hasDeferred } = sorted(page, through)
        const tombstones = await this.tombstones(tx, kept)
        const removed = await this.removeForGood(
          tx,
          gone.map(({ seq }) => seq),
        )
        const roots = kept.map(({ seq }) => seq)
        if (roots.length > 0) await attachments.deleteOf(tx, roots)
        await tx.removeMessages(roots, tx.now())
        await cancelDeleted(tx, tombstones, null)
        await tx.appendAll(
          tombstones.map((view) => {
            return { body: messageEvent('message.deleted', view, { by: 'retention' }), actor: null }
          }),
        )
        const newest = gone.at(-1)
        if (newest) {
          const floorSeq = Math.max(channel.floorSeq, newest.seq)
          const now = await tx.updateChannel(channelId, { floorSeq })
          const facts = { through_cursor: log.cursor(floorSeq), count: removed }
          await tx.append(channelEvent('channel.purged', now, facts), null)
        }
        return { removed, newest: newest?.at, last, hasDeferred }
      }),
    )
    timed.end()
    return slice
  }

  /** Deletes messages, and the roots whose last reply is among them. Returns how many. */
  private async removeForGood(tx: Writes, messages: readonly Seq[]): Promise<number> {
    if (messages.length === 0) return 0
    const all = [...messages, ...(await tx.rootsEmptiedBy(messages))]
    await this.deps.attachments.deleteOf(tx, all)
    await tx.purgeMessages(all, this.deps.catalogue.messageTypes)
    return all.length
  }

  /** Returns what remains of roots. Call it before the first write: it may have to load names. */
  private async tombstones(tx: Writes, roots: readonly PurgeableMessage[]): Promise<MessageView[]> {
    const messages: Message[] = await tx.messagesBySeq(roots.map(({ seq }) => seq))
    return viewMessages(
      this.deps.directory,
      messages.map((message) => tombstoneOf(message, tx.now())),
    )
  }

  /** Deletes the retry keys of purged posts, unless they are all too old to exist. */
  private async forgetKeys(newest: Micros): Promise<void> {
    const { store, clock } = this.deps
    const kept = later(newest, (IDEMPOTENCY_WINDOW_HOURS + 1) * 60 * MICROS_PER_MINUTE)
    if (kept < clock.now()) return
    const forgetAfter = (after: number) =>
      store.transact((tx) => tx.forgetKeysOfGone({ after, limit: KEYS_AT_ONCE }))
    for (let last = await forgetAfter(0); last !== undefined; ) last = await forgetAfter(last)
  }

  /** @throws channel_not_found, legal_hold */
  private async purgeableChannel(reads: Pick<Writes, 'channel'>, uuid: Uuid): Promise<Channel> {
    const channel = await reads.channel({ uuid })
    if (!channel) throw refusal('channel_not_found')
    refuseHeld(channel)
    return channel
  }

  private async purgedChannel(uuid: Uuid): Promise<Channel> {
    const channel = await this.deps.store.reads.channel({ uuid })
    if (!channel) throw new Error('a purged channel remains')
    return channel
  }
}

/**
 * Sorts the messages that a slice has reached. Gone: those without a reply that remains after the slice. Kept as
 * tombstones: roots with a reply after the purged part. Deferred: roots whose last reply is purged by a later slice,
 * which takes them with it.
 */
function sorted(page: readonly PurgeableMessage[], through: Seq) {
  const end = page.at(-1)?.seq ?? 0
  const gone = page.filter(({ lastReplySeq }) => (lastReplySeq ?? 0) <= end)
  const remaining = page.filter(({ lastReplySeq }) => (lastReplySeq ?? 0) > end)
  const isKept = ({ lastReplySeq }: PurgeableMessage) => (lastReplySeq ?? 0) > through
  return {
    gone,
    kept: remaining.filter((root) => isKept(root) && !root.isDeleted),
    hasDeferred: remaining.some((root) => !isKept(root)),
  }
}
