import type { ProblemKind } from '../../core/kernel/operator-error'

/** What a command ends with, as docs/contract/commands.md#exit-status lists it. */
export const EXIT = {
  ok: 0,
  failure: 1,
  /** A wrong command line or configuration of a client, or input that the server finds malformed. */
  usage: 2,
  /** A missing or refused credential or permission. */
  credential: 3,
  /** Only for `doctor`: some check warns; some check fails. */
  warned: 1,
  broken: 2,
  /** Only for `serve --status`. */
  notRunning: 3,
  notFound: 4,
  /** A name that already exists, or a lock that is held. */
  conflict: 5,
  /** Only for `await` and `ask`: it did not come in time. */
  timedOut: 6,
  rateLimited: 7,
  unreachable: 8,
  /** A limit without a person, or a pause, stops the agent. */
  stopped: 9,
  /** Only for `serve`: the configuration forbids the start, and a restart would not help. */
  refused: 78,
  interrupted: 130,
} as const

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const exitCodes: Partial<Record<ProblemKind, ExitCode>> = {
  refused: EXIT.refused,
  locked: EXIT.conflict,
  conflict: EXIT.conflict,
  missing: EXIT.notFound,
  unreachable: EXIT.unreachable,
}

/** Returns the exit code for a kind of problem. */
export function exitCodeOfProblem(kind: ProblemKind): ExitCode {
  return exitCodes[kind] ?? EXIT.failure
}

/** The codes of 429 that end when a person acts (docs/contract/errors.md#codes). */
const STOPS = new Set(['chain_limit', 'loop_guard', 'paused'])

/** Returns the exit code for the HTTP status and the code of a failure. */
export function exitCodeOfStatus(status: number, code?: string): ExitCode {
  if (code !== undefined && STOPS.has(code)) return EXIT.stopped
  switch (status) {
    case 401:
    case 403:
      return EXIT.credential
    case 404:
      return EXIT.notFound
    case 409:
      return EXIT.conflict
    case 400:
    case 413:
    case 415:
    case 422:
      return EXIT.usage
    case 429:
      return EXIT.rateLimited
    case 502:
    case 503:
    case 504:
      return EXIT.unreachable
    default:
      return EXIT.failure
  }
}
