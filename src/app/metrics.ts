/** Declares the metric families of `/metrics`. docs/monitoring/ refers to these names. */
import { type Family, Histogram, histogramSamples, LoopLag, Meters, render, type Sample } from '../metrics'

/** Buckets for the number of writes in one commit, up to the largest group. */
const GROUP_BOUNDS = [1, 2, 4, 8, 16, 32, 64, 128, 256]
const COMMIT_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/** Values that are read from the running server. */
export interface Gauges {
  readonly version: string
  readonly store: string
  readonly startedAt: number
  readonly head: () => number
  readonly streams: () => number
  readonly longPolls: () => number
  readonly readerLag: () => number
  /** By how many events each projection that this process applies is behind. */
  readonly projectionLags: () => ReadonlyMap<string, number>
  /** The calls of webhooks that are still to be made, and when the oldest was queued, in milliseconds since 1970. */
  readonly outbox: { readonly pending: number; readonly oldestAt: number | null }
  /** The current time, in milliseconds since 1970. */
  readonly now: () => number
  /** The blobs of ConfigSync; undefined until they are counted. */
  readonly configsyncBlobs: () => { readonly count: number; readonly bytes: number } | undefined
  readonly isHealthy: () => boolean
  readonly isDraining: () => boolean
  readonly diskFree: () => number
  /** Undefined if the system does not report it. */
  readonly descriptors: () => { readonly used: number; readonly limit: number } | undefined
  /** When the served certificate expires; undefined without one. */
  readonly certificateEnds: () => Date | undefined
  /** When the newest backup was made. */
  readonly newestBackup: () => Date | undefined
  /** When the newest backup was made that passed a complete check. */
  readonly verifiedBackup: () => Date | undefined
  /** Those of the Matrix homeserver; none without one. */
  readonly matrix: () => readonly Family[]
}

/** The metrics of this process. */
export class ServerMetrics implements Disposable {
  readonly meters = new Meters()
  private readonly endings = new Map<string, number>()
  private readonly groups = new Histogram(GROUP_BOUNDS)
  private readonly commits = new Histogram(COMMIT_BOUNDS)
  private readonly lag = new LoopLag()

  /** Counts one commit with its number of writes. */
  readonly group = (works: number, milliseconds: number): void => {
    this.groups.observe(works)
    this.commits.observe(milliseconds / 1000)
  }

  /** Counts one stream that the server closed. */
  readonly ended = (reason: string): void => {
    this.endings.set(reason, (this.endings.get(reason) ?? 0) + 1)
  }

  /** Returns the text of `/metrics`. */
  render(gauges: Gauges): string {
    return render([...this.requests(), ...this.store(gauges), ...this.process(gauges), ...gauges.matrix()])
  }

  [Symbol.dispose](): void {
    this.lag[Symbol.dispose]()
  }

  private requests(): Family[] {
    const { routes, refusals, writesInFlight } = this.meters
    const called = routes.map((meter) => ({ meter, answers: [...meter.answers()] }))
    const used = called.filter(({ answers }) => answers.length > 0)
    return [
      {
        name: 'synapse_http_requests_total',
        type: 'counter',
        help: 'Requests that were answered, by route and status; 101 became a WebSocket.',
        samples: used.flatMap(({ meter, answers }) =>
          answers.map(([status, value]) => ({
            labels: { route: meter.route, status: String(status) },
            value,
          })),
        ),
      },
      {
        name: 'synapse_http_request_duration_seconds',
        type: 'histogram',
        help: 'Time until the answer began, by route. Requests that wait for news take as long as they wait.',
        samples: used.flatMap(({ meter }) => histogramSamples(meter.latency, { route: meter.route })),
      },
      {
        name: 'synapse_refusals_total',
        type: 'counter',
        help: 'Requests that were refused, by the code of the answer.',
        samples: [...refusals].map(([code, value]) => ({ labels: { code }, value })),
      },
      gauge('synapse_writes_in_flight', 'Requests that may change something and are not answered yet.', {
        value: writesInFlight,
      }),
    ]
  }

  private store(of: Gauges): Family[] {
    const backup = of.newestBackup()
    const verified = of.verifiedBackup()
    const ends = of.certificateEnds()
    const blobs = of.configsyncBlobs()
    return [
      gauge('synapse_streams_open', 'Open event streams and WebSockets.', { value: of.streams() }),
      {
        name: 'synapse_streams_ended_total',
        type: 'counter',
        help: 'Streams that the server ended, by the reason; slow_consumer: the reader took nothing for too long.',
        samples: [...this.endings].map(([reason, value]) => ({ labels: { reason }, value })),
      },
      gauge('synapse_waits_open', 'Requests that wait for news.', { value: of.longPolls() }),
      gauge('synapse_log_head', 'Position of the newest event of the log.', { value: of.head() }),
      gauge('synapse_reader_lag_events', 'Events by which the slowest open stream is behind the log.', {
        value: of.readerLag(),
      }),
      gauge(
        'synapse_projection_lag_events',
        'Events that a projection has not applied yet; `search` is the index of words. Absent while another server applies it.',
        ...[...of.projectionLags()].map(([projection, value]) => ({ labels: { projection }, value })),
      ),
      gauge('synapse_outbox_pending', 'Calls of webhooks that are still to be made, by all servers.', {
        value: of.outbox.pending,
      }),
      gauge(
        'synapse_outbox_oldest_seconds',
        'For how long the oldest of them has waited; 0 if there is none.',
        {
          value: of.outbox.oldestAt === null ? 0 : Math.max(0, (of.now() - of.outbox.oldestAt) / 1000),
        },
      ),
      histogram('synapse_commit_works', 'Posts and acts that shared one commit.', this.groups),
      histogram('synapse_commit_duration_seconds', 'Time of one commit, with its works.', this.commits),
      gauge('synapse_store_healthy', '1 while the store can be read and written.', {
        labels: { store: of.store },
        value: Number(of.isHealthy()),
      }),
      gauge('synapse_disk_free_bytes', 'Free bytes on the fullest disk that this server writes to.', {
        value: of.diskFree(),
      }),
      gauge(
        'synapse_configsync_blobs',
        'States and versions that ConfigSync stores, counted every five minutes.',
        ...(blobs === undefined ? [] : [{ value: blobs.count }]),
      ),
      gauge(
        'synapse_configsync_blob_bytes',
        'Their ciphertext, in bytes.',
        ...(blobs === undefined ? [] : [{ value: blobs.bytes }]),
      ),
      gauge(
        'synapse_backup_newest_timestamp_seconds',
        'When the newest backup was made; absent while there is none.',
        ...(backup === undefined ? [] : [{ value: backup.getTime() / 1000 }]),
      ),
      gauge(
        'synapse_backup_verified_timestamp_seconds',
        'When the newest backup that passed a complete check was made; absent while there is none.',
        ...(verified === undefined ? [] : [{ value: verified.getTime() / 1000 }]),
      ),
      gauge(
        'synapse_tls_certificate_expiry_timestamp_seconds',
        'When the certificate that is served ends; absent without one.',
        ...(ends === undefined ? [] : [{ value: ends.getTime() / 1000 }]),
      ),
      gauge('synapse_draining', '1 while writes are refused because the server drains.', {
        value: Number(of.isDraining()),
      }),
    ]
  }

  private process({ version, startedAt, descriptors }: Gauges): Family[] {
    const open = descriptors()
    const { rss, heapUsed } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    return [
      gauge('synapse_build_info', '1, with the version as a label.', { labels: { version }, value: 1 }),
      gauge('synapse_event_loop_lag_seconds', 'The longest stall since the last time this was read.', {
        value: this.lag.take(),
      }),
      gauge('process_start_time_seconds', 'When this process started.', { value: startedAt / 1000 }),
      gauge('process_resident_memory_bytes', 'Memory of this process.', { value: rss }),
      ...(open === undefined
        ? []
        : [
            gauge('process_open_fds', 'Open files and connections of this process.', { value: open.used }),
            gauge('process_max_fds', 'The most it may have.', { value: open.limit }),
          ]),
      gauge('process_heap_bytes', 'Memory of its objects.', { value: heapUsed }),
      {
        name: 'process_cpu_seconds_total',
        type: 'counter',
        help: 'Processor time of this process.',
        samples: [{ value: (user + system) / 1e6 }],
      },
    ]
  }
}

function gauge(name: string, help: string, ...samples: Sample[]): Family {
  return { name, type: 'gauge', help, samples }
}

function histogram(name: string, help: string, of: Histogram): Family {
  return { name, type: 'histogram', help, samples: histogramSamples(of) }
}
