/**
 * The surfaces of the server: a new one is a folder in http/ and a line here. Their order is that of the documentation.
 */
import { admin } from '../http/admin'
import { docs } from '../http/docs'
import { health } from '../http/health'
import { openapi } from '../http/openapi'
import { pair } from '../http/pair'
import { publicSurface } from '../http/public'
import type { Surface } from '../http/surface'
import { v1 } from '../http/v1'

export const surfaces: readonly Surface[] = [health, publicSurface, v1, pair, admin, openapi, docs]
