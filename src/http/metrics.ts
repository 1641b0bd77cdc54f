import { BlockList } from 'node:net'
import type { Core } from '../core'
import { credentialRefusals } from './auth'
import { clientAddress, peerOf } from './client'
import { type Endpoint, endpoint } from './endpoint'
import { HttpError } from './errors'

const reader = { who: 'admin', scope: 'metrics:read', rate: 'read' } as const
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** `/metrics` in Prometheus format: local requests need no credential, others need the scope. */
export function metricsEndpoint(core: Core, render: () => Promise<string>): Endpoint {
  return endpoint({
    method: 'GET',
    path: '/metrics',
    // Local requests need no credential, so the endpoint checks it itself.
    who: 'anyone',
    tag: 'Health',
    summary: 'All metrics as Prometheus text',
    description:
      'Available while the setting `metrics.enabled` is on. Direct requests from the server’s machine need no credential; others need the scope `metrics:read` or an administrator.',
    answers: { 200: { description: 'Prometheus text, version 0.0.4' } },
    refusals: ['not_found', ...credentialRefusals, 'missing_scope', 'not_admin'],
    handle: async ({ request, context }) => {
      if (!core.settings.get('metrics.enabled')) throw new HttpError(404, 'not_found', 'Not Found')
      if (!isFromHere(request)) await context.enter(reader)
      return { status: 200, text: await render(), headers: { 'content-type': CONTENT_TYPE } }
    },
  })
}

/**
 * Reports whether the request is from a program on this machine. Requests through a proxy do not count, because they
 * all appear local. The Host must be local, too; otherwise a page of a site whose name points here could read the
 * metrics.
 */
function isFromHere(request: Request): boolean {
  const peer = peerOf(request)
  if (peer.transport === 'local') return true
  const names = [...request.headers.keys()]
  if (names.some((name) => name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-')))
    return false
  const address = clientAddress(request, [])
  if (address === null || !loopback.check(address, address.includes(':') ? 'ipv6' : 'ipv4')) return false
  const host = (request.headers.get('host') ?? '').toLowerCase().replace(/:\d*$/, '')
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
