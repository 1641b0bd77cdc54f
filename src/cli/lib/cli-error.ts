import { EXIT, type ExitCode } from './exit-codes'

/** A command cannot do what it was asked to. `message` and `hints` are for the person who typed it. */
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

/** The command line itself is wrong. Whoever prints it adds how the command is used. */
export class UsageError extends CliError {
  override readonly name = 'UsageError'

  constructor(message: string, hints: readonly string[] = []) {
    super(EXIT.usage, message, hints)
  }
}

/** The person asked to stop, by Ctrl-C or Ctrl-D at a question. */
export function cancelled(): CliError {
  return new CliError(EXIT.interrupted, 'cancelled')
}

/** Whether `error` is a system error with this code, such as `EADDRINUSE`; causes are looked at too. */
export function hasCode(error: unknown, code: string): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === code) || hasCode(error.cause, code)
}
