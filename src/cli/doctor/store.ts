import { existsSync, realpathSync } from 'node:fs'
import {
  factsOf,
  halfRestored,
  lostCommits,
  missingMigrations,
  readMarker,
  soundnessOf,
  unknownMigrations,
} from '../../backup'
import { maskUrl } from '../../config'
import { OperatorError } from '../../core/kernel/operator-error'
import { ownDid } from '../backup'
import { counted } from '../lib/text'
import { type Check, type Finding, fail, pass, warn } from './check'
import type { Diagnosis } from './diagnosis'
import { heldLog } from './held-log'
import { storeOf } from './quiet-store'

const RESTORE = 'synapse backup list, then synapse backup restore <file>'

/** Checks that the store exists, is intact, has the schema of this program, and is the one that the server uses. */
export const store: Check = {
  name: 'store',
  async look(diagnosis) {
    const { config, state, database } = diagnosis
    const marker = readMarker(config.home)
    if (marker !== undefined) return [fail(...halfRestored(marker))]
    const configured = maskUrl(config.databaseUrl)
    // A server of an earlier version reports only the kind.
    const running = state.kind === 'running' ? (state.run.store ?? state.run.store_kind) : configured
    if (!isSame(running, configured))
      return [
        fail(
          `the server runs on ${running}, but ${configured} is configured`,
          'correct SYNAPSE_DATABASE_URL, or stop and start the server',
        ),
      ]
    if (config.database.kind === 'postgres') return shared(diagnosis)
    return database === undefined ? [missing(diagnosis, config.database.path)] : examine(diagnosis, database)
  },
}

/** Checks that a server that starts here now could use a database that servers share. */
async function shared({ examined }: Diagnosis): Promise<Finding[]> {
  const { trouble, notices = [] } = (await examined?.()) ?? {}
  if (trouble !== undefined) return [fail(trouble.problem, trouble.remedy)]
  if (notices.length > 0) return notices.map((notice) => warn(notice, 'docs/operating.md, "Several servers"'))
  return [pass('Postgres lets this machine in; its own tools look after it')]
}

/** Reports whether two URLs without passwords, or a URL and the kind of a store, may mean the same store. */
function isSame(running: string, configured: string): boolean {
  if (!running.includes(':')) return configured.startsWith(`${running}:`)
  return identityOf(running) === identityOf(configured)
}

/** Returns what identifies a store: its file, or the address and the name of its database. */
function identityOf(store: string): string {
  const file = /^sqlite:(.*)$/.exec(store)?.[1]
  if (file !== undefined) return existsSync(file) ? realpathSync(file) : file
  const url = URL.parse(store)
  return url === null ? store : `${url.hostname}:${url.port || '5432'}${url.pathname}`
}

function missing({ paths }: Diagnosis, path: string): Finding {
  // A server that ran on this home has left the state file.
  return existsSync(paths.state)
    ? fail(`the store is missing: there is no ${path}`, RESTORE)
    : fail(`there is no store at ${path} yet`, 'synapse init, or synapse serve')
}

/** Reports another instance key than the store's, with which no server starts; undefined if the key is right. */
function keyProblem({ config }: Diagnosis, did: string | undefined): string | undefined {
  const own = ownDid(config)
  if (did === undefined || own === did) return undefined
  const found = own === undefined ? 'is missing, or cannot be read' : `is that of ${own}`
  return `the store belongs to ${did}, and the key of this home ${found}`
}

function examine(diagnosis: Diagnosis, path: string): Finding[] {
  // SQLite would silently skip everything after the damage. Not checked while a server writes to the file.
  const lost = diagnosis.isHeld ? 0 : lostCommits(`${path}-wal`)
  if (lost > 0) {
    const commits = counted(lost, 'commit that was acknowledged', 'commits that were acknowledged')
    return [fail(`${path}-wal is damaged before ${commits}`, RESTORE)]
  }
  const held = heldLog(path)
  try {
    using db = storeOf(diagnosis, path)
    const found = soundnessOf(db)
    if (found !== 'ok')
      return [fail(`${path} is damaged (${found})`, `synapse serve --stop, then ${RESTORE}`)]
    const facts = factsOf(db)
    const newer = unknownMigrations(facts)
    if (newer.length > 0)
      return [
        fail(
          `the store was written by a newer version of Synapse (${newer.join(', ')})`,
          'start that version, or restore a backup from before the upgrade',
        ),
      ]
    if (facts.moved !== undefined) return [fail(facts.moved.problem, facts.moved.remedy)]
    const wrongKey = keyProblem(diagnosis, facts.did)
    if (wrongKey !== undefined)
      return [fail(wrongKey, 'restore its key file, or run synapse backup restore <file> --keys <its keys>')]
    const pending = missingMigrations(facts)
    if (pending.length > 0)
      return [
        warn(
          `the store lacks ${counted(pending.length, 'migration')} of this program`,
          'synapse serve makes a backup and applies them',
        ),
      ]
    return [
      ...held,
      pass(`intact: ${counted(facts.counts['messages'] ?? 0, 'message')}, up to seq ${facts.lastSeq}`),
    ]
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (error instanceof OperatorError) return [fail(`${path}: ${error.problem}`, RESTORE)]
    if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
      return [fail(`${path} is damaged (${code})`, RESTORE)]
    throw error
  }
}
