import { listBackups } from '../../../backup'
import { foldersOf } from '../../backup'
import { type Finding, fail, pass, skip, warn } from '../check'
import { hasKeysOf, type KeyDocument } from './addresses'
import { heard, type MatrixCheck, type MatrixSubject, NO_SERVER } from './subject'

interface Key {
  readonly key_id: string
  readonly created_at: string
  readonly expired_at: string | null
}

/** Checks that the key that signs is in a backup, and is the one that others are shown. */
export const keys: MatrixCheck = {
  name: 'keys',
  async look(subject) {
    const { ask, diagnosis } = subject
    const known = await ask<readonly Key[]>('/v1/admin/matrix/keys')
    const current = known?.find(({ expired_at }) => expired_at === null)
    if (current === undefined) return [skip(NO_SERVER)]
    const findings = [
      ...(diagnosis.config.database.kind === 'sqlite' ? backedUp(subject, current) : []),
      ...(await published(subject, current)),
    ]
    return findings.length > 0 ? findings : [pass(`${current.key_id} signs, and is in a backup`)]
  },
}

/** The key is in the store, sealed under the instance key: a backup needs both. */
function backedUp({ diagnosis: { config } }: MatrixSubject, { key_id, created_at }: Key): Finding[] {
  const backups = config.backupDir === null ? [] : foldersOf(config).flatMap(listBackups)
  const hasStore = backups.some(({ record }) => Date.parse(record.created_at) >= Date.parse(created_at))
  if (hasStore && backups.some(({ record }) => record.keys)) return []
  return [
    warn(
      `the signing key ${key_id} was never backed up: without it the server name is lost with this machine`,
      'synapse backup create --with-keys',
    ),
  ]
}

async function published({ reached, ask }: MatrixSubject, { key_id }: Key): Promise<Finding[]> {
  const own = await ask<KeyDocument>('/_matrix/key/v2/server')
  if (reached === undefined || own === undefined) return []
  const found = await heard(`${reached}/_matrix/key/v2/server`)
  return hasKeysOf(found, own)
    ? []
    : [
        fail(
          `${reached}/_matrix/key/v2/server does not show the key ${key_id}`,
          'let the proxy pass /_matrix on to this server, without a cache',
        ),
      ]
}
