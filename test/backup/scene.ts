import { Database } from 'bun:sqlite'
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { BackupOutcome } from '../../src/backup'
import type { ServerProcess } from '../support/server-process'
import type { Site } from '../support/site'

/** The directory where the backups of a site go. */
export const backupsOf = (site: Site) => join(site.userHome, '.local/state/synapse/backups')

/** A server with a channel, an agent in it, and this many messages. */
export async function served(site: Site, messages: number) {
  const server = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
  await server.room('room')
  const token = await server.agent('bob', 'room')
  const posts = []
  for (let i = 0; i < messages; i++) posts.push(await post(server, token, `message ${i}`))
  return { server, token, posts }
}

export interface Posted {
  readonly seq: number
  readonly cursor: string
  readonly body: string
}

export async function post(server: ServerProcess, token: string, body: string): Promise<Posted> {
  const answer = await server.as(token).post<Posted>('/v1/messages', { channel: 'room', body })
  if (answer.status !== 201) throw new Error(`no post: ${answer.text}`)
  return answer.body
}

/** Makes a backup with the command and returns what it printed. */
export async function backUp(site: Site, ...words: string[]): Promise<BackupOutcome & { file: string }> {
  const { code, stdout, stderr } = await site.run('backup', 'create', '--json', ...words)
  if (code !== 0) throw new Error(`no backup: ${stderr}`)
  return JSON.parse(stdout)
}

/** The numbers of a database that no process has open. */
export function numbersOf(path: string) {
  using db = new Database(path, { readonly: true })
  return db
    .query<{ seq: number; messages: number; events: number }, []>(
      'SELECT (SELECT seq FROM log_head) AS seq, (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM events) AS events',
    )
    .get()
}

export function epochsIn(path: string) {
  using db = new Database(path, { readonly: true })
  return db
    .query<{ epoch: string; first_seq: number; reason: string }, []>(
      'SELECT epoch, first_seq, reason FROM epochs ORDER BY first_seq',
    )
    .all()
}

/** Flips one bit of a file. */
export function flipBit(path: string, at: number): void {
  const file = openSync(path, 'r+')
  const byte = new Uint8Array(1)
  readSync(file, byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ 1
  writeSync(file, byte, 0, 1, at)
  closeSync(file)
}

/** The offset of the byte that holds the page type of a table's root page. */
export function pageOf(path: string, table: string): number {
  using db = new Database(path, { readonly: true })
  const root = db
    .query<{ rootpage: number }, [string]>('SELECT rootpage FROM sqlite_master WHERE name = ?')
    .get(table)?.rootpage
  const size = db.query<{ page_size: number }, []>('PRAGMA page_size').get()?.page_size
  if (root === undefined || size === undefined) throw new Error(`no table ${table}`)
  return (root - 1) * size
}

export const textOf = (path: string) => readFileSync(path, 'utf8')
