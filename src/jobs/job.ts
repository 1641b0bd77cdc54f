/** One row of the runner: work that happens sooner or later, whether it is asked for or not. */
export interface Job {
  /** Unique; also the name of its lease. */
  readonly name: string
  /** Set where one of several processes does the work of all; absent where each does its own. */
  readonly lease?: Lease
  /** How long a failed run waits for the next one, in milliseconds: `first`, then twice as long each time. */
  readonly retry: { readonly first: number; readonly longest: number }
  /** Asked again after each commit. */
  readonly followsLog?: boolean
  /** Runs once more before the process ends. */
  readonly runsAtEnd?: boolean
  /** Milliseconds until it is due or wants to be asked again; 0 is now, undefined is after the next wake-up. */
  wait(): number | undefined
  /** One run. It ends early, without harm, when the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** Told that it was due, and that another process has the lease. */
  elsewhere?(): void
  /** Takes the fault of a failed run in place of the runner's own report. */
  report?(fault: unknown): void
}

/** Rows that follow the log: the lease, and the pauses after failures. */
export const FOLLOWER_LEASE: Lease = { seconds: 30, isGivenBack: true }
export const FOLLOWER_RETRY: Job['retry'] = { first: 1000, longest: 3600_000 }

export interface Lease {
  readonly seconds: number
  /**
   * Whether a process gives it back when it ends. Where not, it lasts until it is over: processes that all come at about
   * the same time then do the work once.
   */
  readonly isGivenBack: boolean
}
