import type { ProblemKind } from '../../core/kernel/operator-error'

/** What a command ends with, as docs/contract/commands.md#exit-status lists it. */
export const EXIT = {
  ok: 0,
  failure: 1,
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
  rateLimited: 7,
  unreachable: 8,
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

/** Returns the exit code for an HTTP status of a failure. */
export function exitCodeOfStatus(status: number): ExitCode {
  switch (status) {
    case 401:
    case 403:
      return EXIT.credential
    case 404:
      return EXIT.notFound
    case 409:
      return EXIT.conflict
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
