/**
 * The surfaces of the server: a new one is a folder in http/ and a line here. Their order is that of the documentation.
 */
import { a2a } from '../http/a2a'
import { admin } from '../http/admin'
import { configsync } from '../http/configsync'
import { webConsole } from '../http/console'
import { docs } from '../http/docs'
import { health } from '../http/health'
import { matrixAdmin } from '../http/matrix-admin'
import { mcp } from '../http/mcp'
import { openapi } from '../http/openapi'
import { pair } from '../http/pair'
import { publicSurface } from '../http/public'
import type { Surface } from '../http/surface'
import { v1 } from '../http/v1'

export const surfaces: readonly Surface[] = [
  health,
  publicSurface,
  v1,
  webConsole,
  pair,
  admin,
  configsync,
  matrixAdmin,
  mcp,
  a2a,
  openapi,
  docs,
]
