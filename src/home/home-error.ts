/**
 * What a caller may do about a {@link HomeError}: `refused` needs a person, `locked` may pass by waiting, `unavailable`
 * is the fault of something else, so that a supervisor should start again.
 */
export type HomeErrorKind = 'refused' | 'locked' | 'unavailable'

type ExitCode = 1 | 5 | 78

const EXIT_CODES: Record<HomeErrorKind, ExitCode> = { refused: 78, locked: 5, unavailable: 1 }

/** The home, or what it names, cannot be used as it is: what is wrong and what to do, both also in `message`. `exitCode` is that of `serve`. */
export class HomeError extends Error {
  override readonly name: string = 'HomeError'
  readonly exitCode: ExitCode

  constructor(
    readonly kind: HomeErrorKind,
    readonly problem: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${problem}: ${remedy}`, options)
    this.exitCode = EXIT_CODES[kind]
  }
}

/** Another process holds the lock at `path`. */
export class HomeLocked extends HomeError {
  override readonly name = 'HomeLocked'

  constructor(
    readonly path: string,
    problem: string,
    remedy: string,
  ) {
    super('locked', problem, remedy)
  }
}

/** The errno name (`ENOENT`, `EACCES`, `SQLITE_BUSY`…) of whatever was thrown, or an empty string. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
