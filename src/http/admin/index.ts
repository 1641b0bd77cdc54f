/**
 * The admin surface: accounts, channels, memberships and tokens, for system administrators and the local operator.
 * Imports the core and the shared files of http/. wire.ts is how things look; one file each for a kind of thing.
 * Start reading at accounts.ts.
 */
import type { Core } from '../../core'
import type { Usage } from '../../core/usage'
import type { Endpoint } from '../endpoint'
import { accountEndpoints } from './accounts'
import { auditEndpoints } from './audit'
import { type BackupMaker, backupEndpoints } from './backups'
import { channelEndpoints } from './channels'
import { deviceEndpoints } from './devices'
import { membershipEndpoints } from './memberships'
import { onboardEndpoints } from './onboard'
import { settingEndpoints } from './settings'
import { type Stoppable, stopEndpoint } from './stop'
import { tokenEndpoints } from './tokens'

export function adminEndpoints(
  core: Core,
  lastSeen: Usage['ofAccounts'],
  backups: BackupMaker,
  self: Stoppable,
): Endpoint[] {
  return [
    ...accountEndpoints(core, lastSeen),
    ...channelEndpoints(core),
    ...membershipEndpoints(core),
    ...tokenEndpoints(core),
    ...deviceEndpoints(core),
    ...onboardEndpoints(core),
    ...settingEndpoints(core),
    ...auditEndpoints(core),
    ...backupEndpoints(backups),
    stopEndpoint(self),
  ]
}
