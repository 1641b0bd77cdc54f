import { holdsScope, type Person, principalOf } from '../identity/actor'
import { AppError } from '../kernel/errors'
import type { Uuid } from '../kernel/ids'
import type { ConfigSyncUser } from './ports'

/** Who acts in the encrypted snapshot store. Every verb there takes one as its first argument. */
export interface ConfigSyncActor {
  /** The account and its credential. */
  readonly by: Person
  readonly userId: number
  readonly handle: string
  /** Whether the credential may write. */
  readonly canWrite: boolean
  /** The id of the token; null after a login by password. */
  readonly tokenUuid: Uuid | null
  /** By what name the environments that this caller has seen are remembered. */
  readonly viewer: string
}

export const SYNC_SCOPE = 'configsync:sync'
const READ_SCOPE = 'configsync:read'

/** Returns the actor of an account's credential. @throws missing_scope, configsync_not_enabled */
export function syncActor(by: Person, user: ConfigSyncUser | undefined): ConfigSyncActor {
  const canWrite = holdsScope(by, SYNC_SCOPE)
  if (!canWrite && !holdsScope(by, READ_SCOPE))
    throw new AppError(
      'forbidden',
      'missing_scope',
      `this token has neither the scope ${SYNC_SCOPE} nor ${READ_SCOPE}; issue one with: synapse configsync token issue`,
    )
  const { id } = requireEnabled(user)
  const principal = principalOf(by)
  const tokenUuid = principal.via === 'token' ? principal.token.uuid : null
  return {
    by,
    userId: id,
    handle: by.account.handle,
    canWrite,
    tokenUuid,
    viewer: tokenUuid ?? `user:${id}`,
  }
}

/** @throws configsync_not_enabled */
export function requireEnabled(user: ConfigSyncUser | undefined): ConfigSyncUser {
  if (user !== undefined && user.disabledAt === null) return user
  throw new AppError(
    'forbidden',
    'configsync_not_enabled',
    'ConfigSync is not enabled for this account; an admin enables it with: synapse configsync enable',
  )
}

/** @throws read_only_token */
export function requireWriter({ canWrite }: Pick<ConfigSyncActor, 'canWrite'>): void {
  if (canWrite) return
  throw new AppError('forbidden', 'read_only_token', `this token only reads; writing needs ${SYNC_SCOPE}`)
}
