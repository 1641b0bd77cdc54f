import type { ProblemKind } from '../../core/kernel/operator-error'

/** What a command ends with, as docs/contract/commands.md#exit-status lists it. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** A missing or refused credential or permission. */
  credential: 3,
  /** Of `doctor` alone: something deserves a look; something is broken. */
  warned: 1,
  broken: 2,
  /** Of `serve --status` alone. */
  notRunning: 3,
  notFound: 4,
  /** Something is in the way: a name that exists, a lock that is held. */
  conflict: 5,
  rateLimited: 7,
  unreachable: 8,
  /** Of `serve` alone: the configuration forbids it, and starting again would not help. */
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

/** The exit code of a command that fails with such a problem. */
export function exitCodeOfProblem(kind: ProblemKind): ExitCode {
  return exitCodes[kind] ?? EXIT.failure
}

/** The exit code for an HTTP status that is no success. */
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
