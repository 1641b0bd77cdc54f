/**
 * The admin surface: accounts, channels, memberships, tokens and settings, for system administrators and the local
 * operator.
 * Imports the core and the shared files of http/. wire.ts renders; each other file has the endpoints of one kind of
 * thing.
 * Start reading at accounts.ts.
 */
import type { Surface } from '../surface'
import { accountEndpoints } from './accounts'
import { auditEndpoints } from './audit'
import { backupEndpoints } from './backups'
import { channelEndpoints } from './channels'
import { deviceEndpoints } from './devices'
import { membershipEndpoints } from './memberships'
import { onboardEndpoints } from './onboard'
import { settingEndpoints } from './settings'
import { stopEndpoint } from './stop'
import { tokenEndpoints } from './tokens'

export const admin: Surface = {
  name: 'admin',
  endpoints: ({ core, host }) => [
    ...accountEndpoints(core),
    ...channelEndpoints(core),
    ...membershipEndpoints(core),
    ...tokenEndpoints(core),
    ...deviceEndpoints(core),
    ...onboardEndpoints(core),
    ...settingEndpoints(core),
    ...auditEndpoints(core),
    ...backupEndpoints(host),
    stopEndpoint(host),
  ],
}
