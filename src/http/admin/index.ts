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
import { configSyncEndpoints } from './configsync'
import { configSyncStorageEndpoints } from './configsync-storage'
import { configSyncTransferEndpoints } from './configsync-transfer'
import { deviceEndpoints } from './devices'
import { erasureEndpoints } from './erasures'
import { membershipEndpoints } from './memberships'
import { onboardEndpoints } from './onboard'
import { purgeEndpoints } from './purges'
import { settingEndpoints } from './settings'
import { stopEndpoint } from './stop'
import { tokenEndpoints } from './tokens'
import { webhookEndpoints } from './webhooks'

export const admin: Surface = {
  name: 'admin',
  endpoints: ({ core, host }) => [
    ...accountEndpoints(core),
    ...erasureEndpoints(core),
    ...channelEndpoints(core),
    ...purgeEndpoints(core),
    ...membershipEndpoints(core),
    ...tokenEndpoints(core),
    ...deviceEndpoints(core),
    ...webhookEndpoints(core),
    ...onboardEndpoints(core),
    ...settingEndpoints(core),
    ...auditEndpoints(core),
    ...configSyncEndpoints(core),
    ...configSyncStorageEndpoints(core),
    ...configSyncTransferEndpoints(core),
    ...backupEndpoints(host),
    stopEndpoint(host),
  ],
}
