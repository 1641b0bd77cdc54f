/** A job of the runner: background work, independent of requests. */
export interface Job {
  /** Unique; also the name of its lease. */
  readonly name: string
  /** Present if one of several processes does the work for all; absent if each does its own. */
  readonly lease?: Lease
  /** Delays after failed runs, in milliseconds: `first`, then doubled each time up to `longest`. */
  readonly retry: { readonly first: number; readonly longest: number }
  /** Whether `wait` is called after each commit. */
  readonly followsLog?: boolean
  /** Whether it runs once more before the process ends. */
  readonly runsAtEnd?: boolean
  /** Milliseconds until it is due or wants to be asked again; 0 = now, undefined = after the next wake-up. */
  wait(): number | undefined
  /** Runs once. Ends early, without harm, when the signal aborts. */
  run(signal: AbortSignal): Promise<void>
  /** Called when it was due but another process holds the lease. */
  elsewhere?(): void
  /** Receives the fault of a failed run instead of the runner's own report. */
  report?(fault: unknown): void
}

/** The lease and retry delays of jobs that follow the log. */
export const FOLLOWER_LEASE: Lease = { seconds: 30, isGivenBack: true }
export const FOLLOWER_RETRY: Job['retry'] = { first: 1000, longest: 3600_000 }

export interface Lease {
  readonly seconds: number
  /**
   * Whether a process releases the lease when it ends. If not, the lease expires: processes that become due at about
   * the same time then do the work once.
   */
  readonly isGivenBack: boolean
}
