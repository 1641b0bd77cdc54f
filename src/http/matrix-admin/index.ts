/**
 * The administration of the Matrix homeserver, below /v1/admin/matrix, for system administrators and the local operator.
 * It exists while a server name is set, and is documented with the rest of the API. Imports types of the core and the
 * shared files of http/. Each file has the endpoints of one kind of thing; wire.ts renders.
 * Start reading at users.ts.
 */
import type { MatrixAdministration } from '../../core/matrix/administration/administration'
import type { App, Surface } from '../surface'
import { keyEndpoints } from './keys'
import { mediaEndpoints } from './media'
import { registrationTokenEndpoints } from './registration-tokens'
import { roomEndpoints } from './rooms'
import { statusEndpoints } from './status'
import { userEndpoints } from './users'

export const matrixAdmin: Surface = {
  name: 'matrix-admin',
  isOn: (settings) => settings.get('matrix.server_name') !== undefined,
  endpoints: (app) => {
    const parts = { core: app.core, matrix: administrationOf(app) }
    return [
      ...statusEndpoints(parts),
      ...userEndpoints(parts),
      ...registrationTokenEndpoints(parts),
      ...roomEndpoints(parts),
      ...mediaEndpoints(parts),
      ...keyEndpoints(parts),
    ]
  },
}

/** Returns what the endpoints call. They are never reached while the surface is off. */
function administrationOf({ homeserver }: App): () => MatrixAdministration {
  return () => {
    const found = homeserver()
    if (!found) throw new Error('this server is no homeserver')
    return found
  }
}
