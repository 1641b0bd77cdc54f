/** Counts what the homeserver does, for the metrics. */
export interface MatrixMeters {
  /** Events of this server were made. */
  made(events: number): void
  /** A room did not allow an event, by the name of its rule. */
  refused(rule: string): void
  /** An answer to /sync was put together, in milliseconds; waiting is not counted. */
  synced(kind: 'initial' | 'incremental', milliseconds: number): void
  /** A push gateway took a notification, refused its key, or could not be reached. */
  pushed(result: 'ok' | 'rejected' | 'failed'): void
}
