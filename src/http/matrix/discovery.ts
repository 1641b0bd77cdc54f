/** How clients and other homeservers find this one, and what it can do. */
import type { Matrix } from '../../core/matrix'
import { ownOrigin } from '../auth'
import type { Endpoint } from '../endpoint'
import type { App } from '../surface'
import { presentedToken } from './credentials'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'

/** The versions of the specification whose endpoints work here. */
const VERSIONS = [
  'r0.5.0',
  'r0.6.0',
  'r0.6.1',
  ...Array.from({ length: 12 }, (_, i) => `v1.${i + 1}`),
] as const

const UNSTABLE_FEATURES = {
  'org.matrix.msc3440.stable': true,
  'org.matrix.msc3827.stable': true,
  'org.matrix.msc3916.stable': true,
  'fi.mau.msc2246.stable': true,
  'org.matrix.msc4222': true,
  'org.matrix.e2e_cross_signing': false,
}

/** Clients offer no encryption here. */
const NO_ENCRYPTION = { 'io.element.e2ee': { default: false, force_disable: true } }

const SERVER_NAME = 'synapse-rooms'
const WELL_KNOWN_SECONDS = 3600
const VERSIONS_SECONDS = 600

const HTTPS_PORT = '443'

export function discoveryEndpoints(matrix: Matrix, { core, host }: Pick<App, 'core' | 'host'>): Endpoint[] {
  const get = (
    path: string,
    summary: string,
    handle: Parameters<typeof matrixEndpoint<'anyone'>>[1]['handle'],
  ) => matrixEndpoint(matrix, { method: 'GET', path, who: 'anyone', summary, handle })
  return [
    ...get('/.well-known/matrix/client', 'Where clients find the homeserver', ({ request }) => {
      const baseUrl = core.settings.get('matrix.base_url') ?? ownOrigin(core, request)
      const json = {
        ...NO_ENCRYPTION,
        ...core.settings.get('matrix.well_known'),
        'm.homeserver': { base_url: baseUrl },
      }
      return { status: 200, json, headers: publicFor(WELL_KNOWN_SECONDS) }
    }),
    ...get('/.well-known/matrix/server', 'Where other homeservers find this one', () => {
      const at =
        core.settings.get('matrix.delegate') ??
        addressIn(core.settings.get('matrix.base_url') ?? core.settings.get('base_url'))
      const json = { 'm.server': at ?? withPort(matrix.serverName) }
      return { status: 200, json, headers: publicFor(WELL_KNOWN_SECONDS) }
    }),
    ...get('/.well-known/matrix/support', 'Who helps', () => {
      const support = core.settings.get('matrix.support')
      if (support === null) throw matrixError(404, 'M_NOT_FOUND', 'This server names nobody who helps')
      return { status: 200, json: support, headers: publicFor(WELL_KNOWN_SECONDS) }
    }),
    ...get('/_matrix/client/versions', 'The versions of the specification', ({ request }) => ({
      status: 200,
      json: { versions: VERSIONS, unstable_features: UNSTABLE_FEATURES },
      headers: {
        ...publicFor(VERSIONS_SECONDS),
        // With a token, the features could differ.
        ...(presentedToken(core, request) === undefined && { vary: 'Authorization' }),
      },
    })),
    ...get('/_matrix/federation/v1/version', 'Name and version of the server', () => ({
      status: 200,
      json: { server: { name: SERVER_NAME, version: host.vitals.version } },
    })),
    ...get('/_matrix/key/v2/server', 'The keys with which this server signs', async () => ({
      status: 200,
      json: await matrix.signingKeys.document(),
    })),
    ...get('/_synapse/admin/v1/server_version', 'Version of the server', () => ({
      status: 200,
      json: { server_version: host.vitals.version },
    })),
    ...['/_synapse/server_version', '/_tuwunel/server_version'].flatMap((path) =>
      get(path, 'Name and version of the server', () => ({
        status: 200,
        json: { name: SERVER_NAME, version: host.vitals.version },
      })),
    ),
  ]
}

function publicFor(seconds: number) {
  return { 'cache-control': `public, max-age=${seconds}` }
}

/** Returns host and port of an origin; undefined without one. */
function addressIn(origin: string | null): string | undefined {
  if (origin === null) return undefined
  const { hostname, port, protocol } = new URL(origin)
  return `${hostname}:${port || (protocol === 'https:' ? HTTPS_PORT : '80')}`
}

/** Returns a server name with its port. */
function withPort(name: string): string {
  return /:\d+$/.test(name) ? name : `${name}:${HTTPS_PORT}`
}
