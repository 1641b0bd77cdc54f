import type { OutboxEndpoint } from '../core/kernel/followers'
import type { Seq } from '../core/kernel/ids'
import type { Store } from '../core/kernel/ports'
import type { Clock } from '../core/kernel/time'
import { FOLLOWER_LEASE, FOLLOWER_RETRY, type Job } from './job'
import type { LogReader } from './log-reader'

/** Rows read at a time. */
const PAGE = 100
/**
 * The interval at which the outbox is checked even without announced events: a transaction of another process may have
 * written to it without appending an event.
 */
const LOOK_MILLISECONDS = 5000

/** The outbox endpoints of this process, each a job, and a job that finds out which of them have events to deliver. */
export class Outbox {
  private readonly endpoints = new Map<string, { hasWork: boolean }>()
  /** The head of the log at the last look. */
  private lookedAt: Seq | undefined

  constructor(
    private readonly store: Store,
    private readonly log: LogReader,
    private readonly clock: Pick<Clock, 'steady'>,
  ) {}

  /** Returns a job that checks, after a commit, which endpoints have rows, with one query for all. */
  watch(): Job {
    const { endpoints } = this
    let nextLook = 0
    return {
      name: 'outbox',
      retry: FOLLOWER_RETRY,
      get followsLog() {
        return endpoints.size > 0
      },
      wait: () => {
        if (endpoints.size === 0) return undefined
        return this.lookedAt !== this.log.head ? 0 : Math.max(0, nextLook - this.clock.steady())
      },
      run: async () => {
        this.lookedAt = this.log.head
        for (const name of await this.store.reads.outboxEndpoints()) {
          const endpoint = endpoints.get(name)
          if (endpoint) endpoint.hasWork = true
        }
        nextLook = this.clock.steady() + LOOK_MILLISECONDS
      },
    }
  }

  /** Checks again, because rows may have been written without an event. */
  lookAgain(): void {
    this.lookedAt = undefined
  }

  /** Returns a job that delivers the events of an endpoint in order and removes each row after delivery. */
  job(endpoint: OutboxEndpoint): Job {
    const { store, log } = this
    const name = `endpoint:${endpoint.name}`
    const state = { hasWork: false }
    this.endpoints.set(endpoint.name, state)
    const deliver = async (seqs: readonly Seq[], signal: AbortSignal) => {
      for (const seq of seqs) {
        // An event not announced here yet is found by the check after its announcement.
        if (signal.aborted || seq > log.head) return false
        const event = await log.event(seq, name)
        if (event) await endpoint.deliver(event, signal)
        await store.transact((tx) => tx.dequeue(endpoint.name, seq))
      }
      return seqs.length === PAGE
    }
    return {
      name,
      lease: FOLLOWER_LEASE,
      retry: FOLLOWER_RETRY,
      wait: () => (state.hasWork ? 0 : undefined),
      run: async (signal) => {
        state.hasWork = false
        try {
          while (await deliver(await store.reads.outbox(endpoint.name, PAGE), signal));
        } catch (fault) {
          state.hasWork = true
          throw fault
        }
      },
    }
  }

  remove(endpoint: OutboxEndpoint): void {
    this.endpoints.delete(endpoint.name)
  }
}
