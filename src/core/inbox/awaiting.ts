import type { Expiries } from '../coordination/expiring'
import type { Settings } from '../governance/settings'
import type { Projection } from '../kernel/followers'
import type { AckDeadline, Awaited } from '../kernel/inbox-ports'
import type { LeaseClock } from '../kernel/lease-clock'
import { later, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import { type EventRecord, type LogEvent, type MessageEvent, notifiedIn } from '../log/events'
import { DIRECT_REASONS } from './reasons'

interface AwaitingDeps {
  readonly settings: Settings
  readonly clock: LeaseClock
  readonly expiries: Pick<Expiries, 'note'>
}

/**
 * Returns the projection that notes what is awaited of those whom a message notifies: that they are reached (unreachable.ts), and
 * that they answer in time (ack-deadlines.ts). So a post itself writes nothing of it.
 */
export function awaiting({ settings, clock, expiries }: AwaitingDeps): Projection {
  /** When the first of what was written is due. */
  let first: Micros | undefined
  return {
    name: 'awaited',
    restMs: 500,
    mayConcern: (record) =>
      record.type === 'pause.ended' || (isOfMessage(record) && recipientsOf(record).length > 0),
    apply: async (tx, events) => {
      const after = settings.get('deliveries.unreachable_after_s')
      const rows = new Map<string, Awaited>()
      const deadlines: AckDeadline[] = []
      for (const event of events.filter(isMessage)) {
        const { seq, at, channel } = event
        for (const accountId of recipientsOf(event)) {
          const key = `${accountId} ${channel.id}`
          const dueAt = dueOf(clock.now(), at, after)
          const row = { accountId, channelId: channel.id, fromSeq: seq, reachableUntil: null, dueAt }
          if (!rows.has(key)) rows.set(key, row)
        }
        const deadline = deadlineOf(event, clock.now())
        if (deadline) deadlines.push(deadline)
      }
      await tx.addAwaited([...rows.values()])
      await tx.addAckDeadlines(deadlines)
      for (const event of events)
        if (event.about === 'pause') await tx.resumeAwaited(event.pause, earlier(event.at, clock.now()))
      for (const { dueAt } of [...rows.values(), ...deadlines])
        if (first === undefined || dueAt < first) first = dueAt
    },
    applied: () => {
      if (first !== undefined) expiries.note(first)
      first = undefined
    },
  }
}

/** Returns the earlier instant. An event may be dated after now, because the log may be ahead of the clock. */
function earlier(at: Micros, now: Micros): Micros {
  return at < now ? at : now
}

function isOfMessage({ type }: Pick<EventRecord, 'type'>): boolean {
  return type === 'message.created' || type === 'message.edited'
}

function isMessage(event: LogEvent): event is MessageEvent {
  return isOfMessage(event)
}

/** Returns the accounts that an event notifies with a reason that concerns them themselves. */
function recipientsOf({ facts }: Pick<EventRecord, 'facts'>): number[] {
  const { notified = [] } = notifiedIn(facts)
  return notified.filter(([, reasons]) => (reasons & DIRECT_REASONS) !== 0).map(([id]) => id)
}

/** Returns when those whom a message notifies must have answered it, unless they need not, or an edit comes too late. */
function deadlineOf({ type, at, message: { message } }: MessageEvent, now: Micros): AckDeadline | undefined {
  const { seq: messageSeq, ackWithinSeconds: seconds, deletedAt, createdAt } = message
  if (seconds === null || deletedAt !== null) return undefined
  const isNew = type === 'message.created'
  const dueAt = dueOf(now, isNew ? at : createdAt, seconds)
  return isNew || dueAt > now ? { messageSeq, dueAt } : undefined
}

/** Returns when so many seconds after an event are over. The calendar may have been set since. */
function dueOf(now: Micros, at: Micros, seconds: number): Micros {
  const micros = seconds * MICROS_PER_SECOND
  return later(now, micros - Math.min(micros, Math.max(0, now - at)))
}
