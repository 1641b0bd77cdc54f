import type { Message, StreamEvent } from '@synapse/client'
import type { Console, Place, Timeline } from '../../../packages/console/src/state'
import { Keep } from '../../../packages/console/src/state/keep'
import { Outbox } from '../../../packages/console/src/state/outbox'
import { reduce } from '../../../packages/console/src/state/reduce'
import { Store } from '../../../packages/console/src/state/store'
import { Timelines } from '../../../packages/console/src/state/timelines'
import type { ByHandClock } from './by-hand-clock'
import { type FakeServer, ME } from './fake-server'
import type { MemoryStorage } from './support'

export const general: Place = { channel: 'general', thread: null }

/** Everything that is under way inside of this process is done. */
export const settled = () => new Promise<void>((resolve) => void setImmediate(resolve))

/** Timelines and outbox of one page, without a stream: events are told by hand. */
export class Page {
  readonly store = new Store()
  readonly outbox: Outbox
  readonly timelines: Timelines
  readonly timeline: Timeline
  private keys = 0

  constructor(
    readonly server: FakeServer,
    readonly storage: MemoryStorage,
    readonly clock: ByHandClock,
    private readonly name: string,
  ) {
    const { synapse } = server
    const { store } = this
    store.me.value = { account_id: ME.id, handle: ME.handle, kind: 'human' } as NonNullable<
      Console['store']['me']['value']
    >
    this.outbox = new Outbox({
      ...{ store, synapse, clock, keep: new Keep(storage, ME.id) },
      newKey: () => `${this.name}-${++this.keys}`,
      deliver: (message) => this.timelines.add(message, 'answer'),
      signedOut: () => undefined,
    })
    const subscribed = () => Promise.resolve()
    this.timelines = new Timelines({
      ...{ store, synapse, outbox: this.outbox, clock, subscribed },
      onPage: () => undefined,
    })
    this.timeline = this.timelines.at(general)
    this.outbox.open()
  }

  hear(message: Message): void {
    const event: StreamEvent = {
      ...{ type: 'message.created', channel: 'general', message, seq: message.seq, cursor: message.cursor },
      ...{ at: message.created_at, actor: null },
    }
    const { created } = reduce(this.store, event)
    if (created && !this.outbox.holds(created)) this.timelines.add(created, 'stream')
  }

  /** What is shown: the seqs of messages, and the keys of posts. */
  rows(): { seqs: number[]; sending: string[]; keys: string[] } {
    const rows = this.timeline.rows.value
    return {
      seqs: rows.flatMap(({ id }) => (id === null ? [] : (this.store.messages.peek(id)?.seq ?? -1))),
      sending: rows.flatMap(({ outgoing }) => outgoing ?? []),
      keys: rows.map(({ key }) => key),
    }
  }
}
