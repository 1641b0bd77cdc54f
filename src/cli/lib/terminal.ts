import { fstatSync, fsyncSync, readFileSync, writeSync } from 'node:fs'
import { processEnvironment } from '../../config/environment'
import { printableJson } from '../../core/kernel/text'
import { CliError, hasCode } from './cli-error'
import { EXIT } from './exit-codes'

/** Ways to set words apart on a terminal; plain text where colour is not wanted. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly green: (text: string) => string
  readonly red: (text: string) => string
}

/** Colour for terminals alone, and not where NO_COLOR is set (https://no-color.org). */
export function styleOf(stream: NodeJS.WriteStream): Style {
  const { NO_COLOR, TERM } = processEnvironment()
  const colour = stream.isTTY === true && !NO_COLOR && TERM !== 'dumb'
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: paint(1), dim: paint(2), green: paint(32), red: paint(31) }
}

/**
 * Writes a part of the answer of a command on stdout, whole, before anything else happens. A reader that has gone away,
 * such as `head`, wanted no more of it: then it answers false. @throws CliError where it cannot be written
 */
export function print(text: string | Uint8Array): boolean {
  const trouble = troubleWith(typeof text === 'string' ? `${text}\n` : text)
  if (trouble === undefined) return true
  if (trouble === 'EPIPE') return false
  throw unwritten(trouble, ['if the command changed something, that is done'])
}

/** Writes the answer of a command: JSON with an indent of two, and nothing else, on stdout. @throws CliError */
export function printJson(value: unknown): void {
  print(jsonOf(value))
}

/** As {@link printJson} writes it. */
export function jsonOf(value: unknown): string {
  return printableJson(value, 2)
}

/** What becomes of a secret that could not be shown. */
export interface Loss {
  /** Makes it worthless again, where that is possible. */
  readonly takeBack?: () => Promise<unknown>
  /** What is said when that was done. */
  readonly done?: string
  /** What is said when it was not: what holds now, and the command that mends it. */
  readonly otherwise: string
}

/**
 * Writes an answer that shows something once. What was not written, to a reader that has gone as well, was shown to
 * nobody: each loss is taken back, or named. @throws CliError then
 */
export async function printOnce(text: string, losses: readonly Loss[]): Promise<void> {
  const trouble = troubleWith(`${text}\n`) ?? troubleOnDisk()
  if (trouble === undefined) return
  const hints: string[] = []
  for (const { takeBack, done, otherwise } of losses) {
    const isBack = await takeBack?.().then(
      () => true,
      () => false,
    )
    hints.push(isBack === true && done !== undefined ? done : otherwise)
  }
  throw unwritten(trouble, hints)
}

/** Writes a remark for the person at the terminal; stdout stays for the answer. */
export function note(text: string): void {
  // Bun's console.error would paint it red.
  process.stderr.write(`${text}\n`)
}

/** Whether somebody is there who can be asked. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

const STDOUT = 1
const RETRY_MS = 5
/** O_CLOEXEC, as Linux numbers it. */
const CLOSED_AT_EXEC = 0o2000000

/** The code of the error that kept it from being written. */
function troubleWith(text: string | Uint8Array): string | undefined {
  if (isClosed()) return 'EBADF'
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(STDOUT, bytes, written)
    } catch (error) {
      // A pipe that somebody else switched to non-blocking, and that is full.
      if (!hasCode(error, 'EAGAIN')) return codeOf(error)
      Bun.sleepSync(RETRY_MS)
    }
  }
  return undefined
}

/** Some file systems say only now that a file has no room. */
function troubleOnDisk(): string | undefined {
  try {
    if (fstatSync(STDOUT).isFile()) fsyncSync(STDOUT)
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}

/** Bun opens /dev/null in the place of a stdout that is closed. Nothing that was inherited is closed at the next exec. */
function isClosed(): boolean {
  try {
    const flags = /^flags:\s+0*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${STDOUT}`, 'utf8'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSED_AT_EXEC) !== 0
  } catch {
    // A system without /proc.
    return false
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk that it goes to is full',
  EDQUOT: 'the quota of the disk that it goes to is used up',
  EPIPE: 'the program that was to read it has ended',
  EBADF: 'stdout is closed',
}

/** Why something could not be written, in words where they are known. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return REASONS[code] ?? code
}

function unwritten(code: string, hints: readonly string[]): CliError {
  return new CliError(EXIT.failure, `the answer could not be written: ${REASONS[code] ?? code}`, hints)
}
