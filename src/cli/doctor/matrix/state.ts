import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { examineMatrixEvents, newestBlobs } from '../../../backup'
import { addressClass } from '../../../home'
import { counted } from '../../lib/text'
import { type Finding, fail, pass, skip, warn } from '../check'
import { storeOf } from '../quiet-store'
import { type MatrixCheck, NO_SERVER } from './subject'

const NO_FILE = 'there is no store file to look at'
/** From so many rows on acts over Matrix are refused. */
const FAR_BEHIND = 4096
const LOOK_AGAIN_MS = 3000
const HOUR_MS = 3_600_000
const LOOKED_AT = 1000
/** The share of a quota that is worth a word. */
const NEARLY = 0.9
const NAMED = 3

interface Account {
  readonly kind: string
  readonly is_admin: boolean
  readonly archived_at: string | null
}

/** Checks that not everybody can make an account, and that a person administers. */
export const registration: MatrixCheck = {
  name: 'registration',
  async look({ ask, list, base }) {
    const status = await ask<{ registration: string }>('/v1/admin/matrix')
    const accounts = await list<Account>('/v1/admin/accounts')
    if (status === undefined || accounts === undefined) return [skip(NO_SERVER)]
    const hasAdmin = accounts.some(
      ({ kind, is_admin, archived_at }) => kind === 'human' && is_admin && archived_at === null,
    )
    const findings = [
      ...(status.registration === 'open' ? [open(base)] : []),
      ...(hasAdmin
        ? []
        : [
            warn(
              'no person administers this server',
              'synapse matrix register --user <name> --admin, or synapse set-admin <handle>',
            ),
          ]),
    ]
    return findings.length > 0
      ? findings
      : [pass(`registration is ${status.registration}; a person administers`)]
  },
}

function open(base: string | undefined): Finding {
  const fix = 'synapse config set matrix.registration token, and synapse matrix token create'
  return base !== undefined && isPublic(base)
    ? fail(`everybody who reaches ${base} can make an account: matrix.registration is open`, fix)
    : warn('everybody who reaches the server can make an account: matrix.registration is open', fix)
}

function isPublic(base: string): boolean {
  const host = new URL(base).hostname
  if (host === 'localhost' || /\.(?:local|lan|internal|test|localhost)$/.test(host)) return false
  const isAddress = /^[\d.]+$/.test(host) || host.startsWith('[')
  return !isAddress || addressClass(host.replace(/^\[|\]$/g, '')) === 'public'
}

interface Projector {
  readonly lag: number
}

/** Checks that the rooms keep up with the log. */
export const projector: MatrixCheck = {
  name: 'projector',
  async look({ ask }) {
    const path = '/v1/admin/matrix/projector'
    const first = await ask<Projector>(path)
    if (first === undefined) return [skip(NO_SERVER)]
    if (first.lag <= FAR_BEHIND) return [pass(`the rooms are ${counted(first.lag, 'event')} behind the log`)]
    await Bun.sleep(LOOK_AGAIN_MS)
    const { lag } = (await ask<Projector>(path)) ?? first
    if (lag <= FAR_BEHIND) return [pass(`the rooms are ${counted(lag, 'event')} behind the log`)]
    const refused = 'requests over Matrix that change something are refused meanwhile'
    return lag < first.lag
      ? [
          warn(
            `the rooms are ${lag} events behind the log, ${first.lag - lag} fewer than ${LOOK_AGAIN_MS / 1000} s before; ${refused}`,
            'wait until the rooms are made: synapse matrix projector status',
          ),
        ]
      : [
          fail(
            `the rooms are ${lag} events behind the log, and do not catch up; ${refused}`,
            'look for matrix.projector in the log of the server, and restart it',
          ),
        ]
  },
}

/** Checks the ids and places of the newest events. */
export const database: MatrixCheck = {
  name: 'database',
  async look({ diagnosis }) {
    if (diagnosis.database === undefined) return [skip(NO_FILE)]
    using db = storeOf(diagnosis, diagnosis.database)
    const { looked, problems } = await examineMatrixEvents(db)
    return problems.length > 0
      ? problems.map((problem) =>
          fail(problem, 'restore a backup from before: synapse backup list, synapse backup restore <file>'),
        )
      : [pass(`${counted(looked, 'event')} computed again, none differs`)]
  },
}

/** Checks that push gateways are reached. */
export const push: MatrixCheck = {
  name: 'push',
  async look({ ask }) {
    const found = await ask<{ pushers: readonly { failing_since: string | null }[] }>(
      '/v1/admin/matrix/pushers',
    )
    if (found === undefined) return [skip(NO_SERVER)]
    const { pushers } = found
    const failing = pushers.filter(
      ({ failing_since: since }) => since !== null && Date.now() - Date.parse(since) > HOUR_MS,
    ).length
    return failing === 0
      ? [pass(`${counted(pushers.length, 'pusher')}, none failing for an hour`)]
      : [
          warn(
            `${failing} of ${counted(pushers.length, 'pusher')} failing for more than an hour: phones get no notifications`,
            'synapse matrix pushers shows which; a gateway in a private network needs matrix.push_targets',
          ),
        ]
  },
}

/** Checks that uploaded files exist, and that no account is about to reach its quota. */
export const media: MatrixCheck = {
  name: 'media',
  async look({ list, diagnosis }) {
    const { config, database, settings } = diagnosis
    const findings: Finding[] = []
    const { blobFolderOf } = await import('../../../app/blobs')
    const place = blobFolderOf(config)
    if (place !== null && database !== undefined) {
      using db = storeOf(diagnosis, database)
      const referred = newestBlobs(db, { areas: place.areas, tables: ['matrix_media'], limit: LOOKED_AT })
      const missing = referred.filter(({ path, size }) => sizeOf(join(place.path, path)) !== size).length
      if (missing > 0)
        findings.push(
          fail(
            `${missing} of the newest ${referred.length} files uploaded over Matrix missing or cut off`,
            'correct SYNAPSE_BLOB_URL, or stop the server and run synapse backup restore <file> --blobs',
          ),
        )
    }
    const quota = Number(settings.get('matrix.media.quota'))
    const used = (await list<{ handle: string; bytes: number }>('/v1/admin/matrix/media')) ?? []
    const near = used.filter(({ bytes }) => bytes >= NEARLY * quota).map(({ handle }) => handle)
    if (near.length > 0)
      findings.push(
        warn(
          `${counted(near.length, 'account')} nearly at matrix.media.quota: ${near.slice(0, NAMED).join(', ')}`,
          'synapse config set matrix.media.quota <bytes>, or synapse matrix media purge --before <date>',
        ),
      )
    return findings.length > 0 ? findings : [pass('no file missing, and no account near its quota')]
  },
}

function sizeOf(path: string): number | undefined {
  return existsSync(path) ? statSync(path).size : undefined
}
