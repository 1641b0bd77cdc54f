import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { processEnvironment } from '../../config/environment'
import { acquireLock, HomeLocked } from '../../home'
import { CliError } from '../lib/cli-error'
import { clientFolder, clientPath, writePrivate } from '../lib/client-folder'
import { EXIT } from '../lib/exit-codes'

/** A session with positions of its own. Its id becomes part of a file name. */
const SESSION = /^[A-Za-z0-9_-]{1,64}$/
/** How long a read of every channel may take. */
const LOCK_MS = 60_000
const IDLE_MS = 14 * 86_400_000

/** Returns a session id that is safe in a file name; undefined for anything else. */
export function sessionId(text: unknown): string | undefined {
  return typeof text === 'string' && SESSION.test(text) ? text : undefined
}

/** Returns the session that this process runs in, if any. */
export function ownSession(): string | undefined {
  return sessionId(processEnvironment().CLAUDE_CODE_SESSION_ID)
}

/** Returns the path of a file of an account, such as `<handle>.active`. */
function fileOf(handle: string, ending: string): string {
  return join(clientPath(), `${handle}.${ending}`)
}

/** Replaces a file in the folder of clients, which is made if needed. @throws CliError */
function write(path: string, text: string): void {
  clientFolder()
  writePrivate(path, text)
}

/** Saves the token and returns its path. */
export function saveToken(handle: string, token: string): string {
  const path = fileOf(handle, 'token')
  write(path, `${token}\n`)
  return path
}

/** Returns the path of what the account wants to post (docs/contract/commands.md#outbox). */
export function outboxPath(handle: string): string {
  return fileOf(handle, 'outbox')
}

/** Reports whether hooks and wakers of the account are turned on. */
export function isActive(handle: string): boolean {
  return existsSync(fileOf(handle, 'active'))
}

export function setActive(handle: string, isOn: boolean): void {
  if (isOn) write(fileOf(handle, 'active'), '')
  else rmSync(fileOf(handle, 'active'), { force: true })
}

/**
 * Waits until no other process reads and moves the positions of an account, and keeps others away until it is disposed of.
 * @throws CliError conflict after a minute
 */
export async function lockPositions(handle: string): Promise<Disposable> {
  clientFolder()
  try {
    return await acquireLock(fileOf(handle, 'cursor.lock'), { waitMs: LOCK_MS })
  } catch (error) {
    if (!(error instanceof HomeLocked)) throw error
    throw new CliError(
      EXIT.conflict,
      `another process has been moving the positions of @${handle} for a minute`,
      ['end that synapse fetch first'],
    )
  }
}

/** The position up to which each channel was read, in `<handle>.cursor.json` or in the file of a session. */
export class Positions {
  private readonly path: string
  private readonly cursors: Map<string, string>

  /** A session begins where the shared file is, and keeps its own positions from its first `save` on. */
  constructor(
    private readonly handle: string,
    private readonly session: string | undefined,
  ) {
    const shared = fileOf(handle, 'cursor.json')
    this.path = session === undefined ? shared : fileOf(handle, `cursor.${session}.json`)
    this.cursors = new Map([...readCursors(shared), ...readCursors(this.path)])
  }

  get(slug: string): string | undefined {
    return this.cursors.get(slug)
  }

  /** Replaces the file, with what other processes have saved of other channels. @throws CliError */
  save(changed: ReadonlyMap<string, string>): void {
    if (this.session === undefined && changed.size === 0) return
    for (const [slug, cursor] of changed) this.cursors.set(slug, cursor)
    const all = new Map([...this.cursors, ...readCursors(this.path), ...changed])
    write(this.path, `${JSON.stringify(Object.fromEntries([...all].sort()), null, 2)}\n`)
    if (this.session !== undefined) removeIdle(this.handle, this.session)
  }
}

function readCursors(path: string): [string, string][] {
  const content = readJson(path)
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return []
  return Object.entries(content).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
}

/** Returns the content of a JSON file; undefined if there is none, or it is damaged. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Removes the positions of sessions that ended, and what killed writers left. */
function removeIdle(handle: string, own: string): void {
  const folder = clientPath()
  const name = new RegExp(`^${handle}\\.cursor\\.([A-Za-z0-9_-]{1,64})\\.json(?:\\.tmp)?$`)
  for (const file of readdirSync(folder)) {
    const session = name.exec(file)?.[1]
    if (session === undefined || session === own) continue
    const path = join(folder, file)
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    if (written !== undefined && Date.now() - written > IDLE_MS) rmSync(path, { force: true })
  }
}

/** What `inbox` printed last, for `ack` without a position. */
export interface Printed {
  readonly cursor: string
  readonly messageIds: readonly string[]
}

export function savePrinted(handle: string, consumer: string, printed: Printed): void {
  const path = fileOf(handle, 'inbox.json')
  const all = printedOf(path)
  write(path, `${JSON.stringify({ ...all, [consumer]: printed }, null, 2)}\n`)
}

export function printedLast(handle: string, consumer: string): Printed | undefined {
  return printedOf(fileOf(handle, 'inbox.json'))[consumer]
}

function printedOf(path: string): Record<string, Printed> {
  const content = readJson(path)
  if (typeof content !== 'object' || content === null) return {}
  const entries = Object.entries(content).filter((entry): entry is [string, Printed] => isPrinted(entry[1]))
  return Object.fromEntries(entries)
}

function isPrinted(value: unknown): value is Printed {
  if (typeof value !== 'object' || value === null) return false
  const { cursor, messageIds } = value as Partial<Record<keyof Printed, unknown>>
  return typeof cursor === 'string' && Array.isArray(messageIds)
}
