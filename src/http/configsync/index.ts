/**
 * The surface of the encrypted snapshot store, for the released clients of ConfigSync. The same endpoints are below /api
 * and below /configsync/api. Errors, bodies and credentials are as those clients know them.
 * Imports the core and the shared files of http/. endpoint.ts declares an endpoint below both prefixes; each other file
 * has the endpoints of one kind of thing.
 * Start reading at endpoint.ts, then auth.ts.
 */
import type { Surface } from '../surface'
import { authEndpoints } from './auth'
import { readSyncBody } from './body'
import { syncCredentials } from './credentials'
import { MOUNTS } from './endpoint'
import { entityEndpoints } from './entities'
import { renderSyncError, renderSyncUnknown } from './errors'
import { linkEndpoints } from './links'
import { machineEndpoints } from './machines'
import { snapshotEndpoints } from './snapshots'
import { UploadSlots } from './upload-slots'
import { variableEndpoints } from './variables'
import { versionEndpoints } from './versions'

export const configsync: Surface = {
  name: 'configsync',
  prefixes: MOUNTS,
  endpoints: ({ core }) => {
    const slots = new UploadSlots()
    return [
      ...authEndpoints(core),
      ...machineEndpoints(core),
      ...entityEndpoints(core),
      ...linkEndpoints(core),
      ...variableEndpoints(core),
      ...snapshotEndpoints(core, slots),
      ...versionEndpoints(core, slots),
    ]
  },
  renderError: renderSyncError,
  renderUnknown: renderSyncUnknown,
  credentials: syncCredentials,
  // Its clients are programs: no page of another origin may use it.
  cors: { isPreflight: () => false, allow: () => {} },
  readBody: readSyncBody,
}
