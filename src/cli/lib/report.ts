import { ConfigError, withoutCredentials } from '../../config'
import { processEnvironment } from '../../config/environment'
import { OperatorError } from '../../core/kernel/operator-error'
import { printableLines } from '../../core/kernel/text'
import { CliError, hasCode } from './cli-error'
import { EXIT, type ExitCode, exitCodeOfProblem } from './exit-codes'
import { note, styleOf } from './terminal'

/** The context of an error. */
interface Circumstances {
  readonly command: string | undefined
  /** Lines that show how to use the command. */
  readonly usage: readonly string[]
}

/** Prints an error on stderr, in words and without a stack trace, and returns the exit code. */
export function reportError(error: unknown, { command, usage }: Circumstances): ExitCode {
  const { red } = styleOf(process.stderr)
  if (error instanceof CliError) {
    const said = [error.message, ...error.hints.map(indented)].map(printableLines)
    note([`${red('error:')} ${said.join('\n')}`, ...usage].join('\n'))
    return error.exitCode
  }
  const expected = expectedExit(error, command)
  if (expected !== undefined && error instanceof Error) {
    note(`${red('error:')} ${error.message}`)
    return expected
  }
  if (isDiskFull(error)) {
    note(
      `${red('error:')} the disk is full\n${indented('free space on the disk of the home, then run the command again')}`,
    )
    return EXIT.failure
  }
  note(`${red('error:')} ${unexpected(error)}`)
  if (processEnvironment().SYNAPSE_LOG_LEVEL === 'debug') note(withoutCredentials(Bun.inspect(error)))
  else note(indented('this is a bug in Synapse; to see where, run the command with SYNAPSE_LOG_LEVEL=debug'))
  return EXIT.failure
}

/**
 * Returns the exit code of an expected error; undefined for a bug. Exit code 78 tells a supervisor not to restart the
 * server, so only `serve` uses it.
 */
function expectedExit(error: unknown, command: string | undefined): ExitCode | undefined {
  const isServe = command === 'serve'
  if (error instanceof ConfigError) return isServe ? EXIT.refused : EXIT.usage
  if (!(error instanceof OperatorError)) return undefined
  const code = exitCodeOfProblem(error.kind)
  return code === EXIT.refused && !isServe ? EXIT.failure : code
}

function isDiskFull(error: unknown): boolean {
  // The refusal of a write, when a server starts.
  if (error instanceof Error && 'reason' in error && error.reason === 'storage_full') return true
  return hasCode(error, 'ENOSPC') || hasCode(error, 'SQLITE_FULL')
}

function unexpected(error: unknown): string {
  // A database error quotes its parameters behind the first line.
  const [line = ''] = String(error instanceof Error ? error.message : error).split('\n')
  return line === '' ? 'something went wrong' : withoutCredentials(line).slice(0, 300)
}

function indented(line: string): string {
  return `  ${line}`
}
