import { fstatSync, fsyncSync, readFileSync, writeSync } from 'node:fs'
import { processEnvironment } from '../../config/environment'
import { printableJson } from '../../core/kernel/text'
import { CliError, hasCode } from './cli-error'
import { EXIT } from './exit-codes'

/** Styles for text on a terminal. They return plain text where colour is off. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly green: (text: string) => string
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

/** Reports whether a stream is a terminal with colours, whose user has not refused them. */
export function isRich(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, TERM } = processEnvironment()
  return stream.isTTY === true && !NO_COLOR && TERM !== 'dumb'
}

/** Returns the style of a stream: colour only on a terminal, and not if NO_COLOR is set (https://no-color.org). */
export function styleOf(stream: NodeJS.WriteStream): Style {
  const colour = isRich(stream)
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return {
    bold: paint(1),
    dim: paint(2),
    green: paint(32),
    red: paint(31),
    yellow: paint(33),
    cyan: paint(36),
  }
}

/**
 * Writes a part of the answer of a command to stdout, synchronously and completely. Returns false if the reader has
 * closed the pipe, as `head` does. @throws CliError if it cannot be written
 */
export function print(text: string | Uint8Array): boolean {
  const trouble = troubleWith(typeof text === 'string' ? `${text}\n` : text)
  if (trouble === undefined) return true
  if (trouble === 'EPIPE') return false
  throw unwritten(trouble, ['if the command changed something, the change was made'])
}

/** Writes the answer of a command to stdout as JSON with an indent of two. @throws CliError */
export function printJson(value: unknown): void {
  print(jsonOf(value))
}

/** Formats a value as {@link printJson} writes it. */
export function jsonOf(value: unknown): string {
  return printableJson(value, 2)
}

/** What to do about a secret that could not be shown. */
export interface Loss {
  /** Revokes the secret, where that is possible. */
  readonly takeBack?: () => Promise<unknown>
  /** The hint if `takeBack` succeeded. */
  readonly done?: string
  /** The hint if it did not: the current state, and the command that repairs it. */
  readonly otherwise: string
}

/**
 * Writes an answer that shows a secret once. If it cannot be written completely, each secret is revoked or reported.
 * @throws CliError if the answer was not written, also because the reader closed the pipe
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

/** Writes a remark for the person at the terminal to stderr. stdout is only for answers. */
export function note(text: string): void {
  // Bun's console.error prints red text.
  process.stderr.write(`${text}\n`)
}

/** Reports whether a person can be asked on the terminal. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

const STDOUT = 1
const RETRY_MS = 5
/** O_CLOEXEC, as Linux numbers it. */
const CLOSED_AT_EXEC = 0o2000000

/** Writes to stdout. Returns the code of the error if that fails. */
function troubleWith(text: string | Uint8Array): string | undefined {
  if (isClosed()) return 'EBADF'
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(STDOUT, bytes, written)
    } catch (error) {
      // Another process made the pipe non-blocking, and it is full.
      if (!hasCode(error, 'EAGAIN')) return codeOf(error)
      Bun.sleepSync(RETRY_MS)
    }
  }
  return undefined
}

/** Flushes a file to disk: some file systems report only then that the disk is full. */
function troubleOnDisk(): string | undefined {
  try {
    if (fstatSync(STDOUT).isFile()) fsyncSync(STDOUT)
    return undefined
  } catch (error) {
    return codeOf(error)
  }
}

/** Reports whether stdout was closed. Bun then opens /dev/null in its place, with O_CLOEXEC, which inherited files lack. */
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
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EPIPE: 'the program that reads it has ended',
  EBADF: 'stdout is closed',
}

/** Returns why a write failed, in words where they are known. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return REASONS[code] ?? code
}

function unwritten(code: string, hints: readonly string[]): CliError {
  return new CliError(EXIT.failure, `the answer could not be written: ${REASONS[code] ?? code}`, hints)
}
