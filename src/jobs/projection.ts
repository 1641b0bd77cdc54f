import { Trouble } from '../core/kernel/errors'
import type { Projection } from '../core/kernel/followers'
import type { Seq } from '../core/kernel/ids'
import type { Store } from '../core/kernel/ports'
import { beginningOf } from '../core/kernel/slice-size'
import type { Clock } from '../core/kernel/time'
import { FOLLOWER_LEASE, FOLLOWER_RETRY, type Job } from './job'
import type { LogPage, LogReader } from './log-reader'
import { CALM, Throttle } from './throttle'

/** Events that concern nothing, after which the position is stored all the same: so many are read again after a crash. */
const UNSTORED_EVENTS = 1000

/** The job of a projection, and how far it has come. */
export interface ProjectionWork {
  readonly job: Job
  /** How many events it has not applied yet; undefined while another process applies them. */
  lag(): number | undefined
}

/** Keeps a projection up to date: applies the log page by page, from the stored position to the head. */
export function projectionWork(
  store: Store,
  log: LogReader,
  clock: Pick<Clock, 'steady'>,
  projection: Projection,
  /** Called after each transaction. */
  committed: () => void,
): ProjectionWork {
  const { restMs = 0 } = projection
  const mayConcern = projection.mayConcern?.bind(projection)
  const concerns = projection.concerns?.bind(projection)
  const name = `projection:${projection.name}`
  /** When it is to run again, by the steady clock. */
  let rested = Number.NEGATIVE_INFINITY
  /** The position as last moved by this process; undefined if another process may have moved it. */
  let position: Seq | undefined
  /** The position in the store; no event between it and `position` concerns the projection. */
  let stored: Seq = 0
  /** The position up to which this process has last seen the events applied. */
  let applied: Seq | undefined
  const throttle = new Throttle(log, clock)
  /** Events to read for the next transaction: fewer after long messages. */
  let readSize = CALM.size
  const applyPage = async (from: Seq, size: number): Promise<Seq> => {
    const page = await log.page(from, Math.min(size, readSize), name, mayConcern)
    const { events: read, position: to } = fitting(page)
    const events = concerns ? read.filter(concerns) : read
    readSize = read.length < page.events.length ? read.length : Math.min(2 * readSize, CALM.size)
    if ((mayConcern || concerns) && events.length === 0 && to - stored < UNSTORED_EVENTS) {
      applied = to
      return to
    }
    await store.transact(async (tx) => {
      // Comes before all writes, so that a refusal leaves nothing written.
      if (!(await tx.moveProjection(projection.name, stored, to)))
        throw new Trouble(`${name} was moved by another process; its position is read again`)
      if (events.length > 0) await projection.apply(tx, events)
    })
    stored = to
    applied = to
    if (events.length === 0) return to
    projection.applied?.()
    committed()
    return to
  }
  const job: Job = {
    name,
    lease: FOLLOWER_LEASE,
    retry: FOLLOWER_RETRY,
    followsLog: true,
    wait: () => {
      if (position !== undefined && position >= log.head) return undefined
      return Math.max(0, rested - clock.steady())
    },
    run: async (signal) => {
      if (position === undefined) {
        stored = await store.reads.projectionPosition(projection.name)
        await projection.begin?.()
      }
      let at = position ?? stored
      applied = at
      position = undefined
      while (at < log.head && !signal.aborted) {
        const pacing = restMs === 0 ? CALM : throttle.next()
        const restFactor = pacing === CALM ? CALM.restFactor : (projection.busyRest ?? pacing.restFactor)
        const { size } = pacing
        const began = clock.steady()
        at = await applyPage(at, size)
        if (restMs === 0) continue
        const now = clock.steady()
        rested = now + (log.head - at < size ? restMs : restFactor * (now - began))
        break
      }
      position = at
    },
    elsewhere: () => {
      position = undefined
      applied = undefined
    },
  }
  return { job, lag: () => (applied === undefined ? undefined : Math.max(0, log.head - applied)) }
}

/** Returns the beginning of a page that one transaction applies. */
function fitting({ events, position }: LogPage): LogPage {
  const first = beginningOf(events, (event) =>
    event.about === 'message' ? event.message.message.body.length : 0,
  )
  return {
    events: first,
    position: first.length < events.length ? (first.at(-1)?.seq ?? position) : position,
  }
}
