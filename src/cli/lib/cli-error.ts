import { EXIT, type ExitCode } from './exit-codes'

/** The failure of a command. `message` and `hints` are for the person who typed it. */
export class CliError extends Error {
  override readonly name: string = 'CliError'

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly hints: readonly string[] = [],
  ) {
    super(message)
  }
}

/** A wrong command line. It is printed together with the usage of the command. */
export class UsageError extends CliError {
  override readonly name = 'UsageError'

  constructor(message: string, hints: readonly string[] = []) {
    super(EXIT.usage, message, hints)
  }
}

/** Makes the error for Ctrl-C or Ctrl-D at a question. */
export function cancelled(): CliError {
  return new CliError(EXIT.interrupted, 'cancelled')
}

/** Reports whether `error` or one of its causes is a system error with this code, such as `EADDRINUSE`. */
export function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === code) || hasCode(error.cause, code)
}
