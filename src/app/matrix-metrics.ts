/** Names the metrics of the Matrix homeserver. Loaded only with one. docs/contract/matrix.md lists them. */
import { type Family, Histogram, histogramSamples, type Sample } from '../metrics'

const SYNC_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/** Values that are read from the running homeserver. */
export interface MatrixGauges {
  readonly projectedLag: () => number
  readonly waiting: () => number
  /** Undefined until it is counted. */
  readonly totals: () =>
    | {
        readonly rooms: number
        readonly users: number
        readonly devices: number
        readonly media: { readonly bytes: number }
      }
    | undefined
}

/** What the homeserver counts in this process. It implements a port of the core by its form. */
export class MatrixMetrics {
  private events = 0
  private readonly refusals = new Map<string, number>()
  private readonly pushes = new Map<string, number>()
  private readonly syncs = {
    initial: new Histogram(SYNC_BOUNDS),
    incremental: new Histogram(SYNC_BOUNDS),
  }

  made(events: number): void {
    this.events += events
  }

  refused(rule: string): void {
    count(this.refusals, rule)
  }

  synced(kind: 'initial' | 'incremental', milliseconds: number): void {
    this.syncs[kind].observe(milliseconds / 1000)
  }

  pushed(result: 'ok' | 'rejected' | 'failed'): void {
    count(this.pushes, result)
  }

  families({ projectedLag, waiting, totals }: MatrixGauges): Family[] {
    const counted = totals()
    const total = (name: string, help: string, value: number | undefined): Family =>
      gauge(name, help, value === undefined ? [] : [{ value }])
    return [
      gauge('synapse_matrix_projected_lag_rows', 'Events of the log that are not in the rooms yet.', [
        { value: projectedLag() },
      ]),
      counter('synapse_matrix_events_total', 'Events of rooms that were made, by where they are from.', [
        { labels: { origin: 'local' }, value: this.events },
      ]),
      {
        name: 'synapse_matrix_sync_duration_seconds',
        type: 'histogram',
        help: 'Time in which answers to /sync were put together, without the time that they waited.',
        samples: Object.entries(this.syncs).flatMap(([kind, of]) => histogramSamples(of, { kind })),
      },
      gauge('synapse_matrix_sync_waiting', 'Requests for /sync that wait for news.', [{ value: waiting() }]),
      total('synapse_matrix_rooms', 'Rooms, counted every five minutes.', counted?.rooms),
      total('synapse_matrix_users', 'Users, counted every five minutes.', counted?.users),
      total('synapse_matrix_devices', 'Devices, counted every five minutes.', counted?.devices),
      gauge(
        'synapse_matrix_media_bytes',
        'Bytes of files uploaded over Matrix, by where they are from, counted every five minutes.',
        counted === undefined ? [] : [{ labels: { origin: 'local' }, value: counted.media.bytes }],
      ),
      counter(
        'synapse_matrix_push_total',
        'Notifications for push gateways; rejected: the key is not valid any more; failed: the gateway was not reached.',
        labelled('result', this.pushes),
      ),
      counter(
        'synapse_matrix_auth_rejections_total',
        'Events that a room did not allow, by the rule.',
        labelled('rule', this.refusals),
      ),
    ]
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function labelled(label: string, counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([name, value]) => ({ labels: { [label]: name }, value }))
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'counter', help, samples }
}
