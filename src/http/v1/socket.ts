import type { Core } from '../../core'
import type { Policy } from '../../core/access/policy'
import type { Credential } from '../../core/identity'
import { normalName } from '../../core/identity/accounts'
import { type Person, principalOf } from '../../core/identity/actor'
import { AppError, refusal } from '../../core/kernel/errors'
import { actorOf } from '../actor-header'
import {
  bearerIn,
  credentialOf,
  credentialRefusals,
  ofSessions,
  ofToken,
  refuseForeignOrigin,
  TOKEN_PROTOCOL,
} from '../auth'
import { peerOf } from '../client'
import { type Answer, type Endpoint, endpoint } from '../endpoint'
import { HttpError } from '../errors'
import type { RequestContext } from '../request-context'
import { Type, text } from '../schema'
import { sessionSecrets } from '../session-cookie'
import { ChannelSocket } from './channel-socket'
import type { LiveDeps } from './events'
import { MultiplexedSocket } from './multiplexed-socket'
import { readErrors } from './schemas'

const PROTOCOL = 'synapse.v1'

export function socketEndpoints(deps: LiveDeps): Endpoint[] {
  return [
    endpoint({
      method: 'GET',
      path: '/v1/ws',
      // Errors before the upgrade have their own format, so the endpoint checks the credential itself.
      who: 'anyone',
      tag: 'Events',
      summary: 'Open a WebSocket: with ?channel= one channel for a signed-in human, else subscriptions',
      description:
        'Credential: the session cookie, `Authorization: Bearer`, or the subprotocols `synapse.v1, bearer.<token>`. With ?channel= every failed access check is a 403.',
      query: Type.Object({ channel: Type.Optional(text({ minLength: 1, maxLength: 64 })) }),
      answers: { 101: { description: 'The socket is open' } },
      refusals: [
        ...credentialRefusals,
        'rate_limited',
        'websocket_refused',
        'origin_not_allowed',
        ...readErrors,
        'too_many_streams',
        'bad_handshake',
        'upgrade_required',
        'socket_no_websocket',
      ],
      handle: ({ context, query }) =>
        query.channel === undefined
          ? openMultiplexed(deps, context)
          : openChannel(deps, context, query.channel),
    }),
  ]
}

const reader = { who: 'account', rate: 'read' } as const

async function openMultiplexed(deps: LiveDeps, context: RequestContext): Promise<Answer> {
  const { request } = context
  const actor = await context.enterBy(socketCredential(deps.core, request), reader)
  requireUpgrade(request)
  return upgrade(deps, request, actor, (place) => new MultiplexedSocket(deps, actor, place))
}

/** Opens the original socket. Every error is a 403 before the upgrade, with the text of the access check. */
async function openChannel(deps: LiveDeps, context: RequestContext, name: string): Promise<Answer> {
  const { core } = deps
  const { request } = context
  const actor = await context.enterBy(cookieCredential(core, request), reader)
  const slug = normalName(name)
  const { channel } = await core.directory
    .retryUntilLoaded(() => core.policy.read(core.policy.current(actor), slug))
    .catch((error: unknown) => {
      throw error instanceof AppError ? new HttpError(403, error.reason, error.message, error.extra) : error
    })
  requireUpgrade(request)
  return upgrade(deps, request, actor, (place) => new ChannelSocket(deps, actor, channel, place))
}

/** People by cookie, as in the original socket. @throws websocket_refused, origin_not_allowed */
function cookieCredential(core: Core, request: Request): Credential {
  const secrets = sessionSecrets(core, request)
  if (secrets.length === 0) {
    const hasBearer = bearerIn(request) !== undefined || protocolToken(request) !== undefined
    throw refused(hasBearer ? 'websocket is humans-only' : 'auth required')
  }
  return (policy) => {
    const principal = sessionOrRefusal(policy, secrets)
    if (principal.account.kind !== 'human') throw refused('websocket is humans-only')
    refuseForeignOrigin(core, request)
    return actorOf(policy, request, principal)
  }
}

function sessionOrRefusal(policy: Policy, secrets: readonly string[]) {
  try {
    return ofSessions(policy, secrets)
  } catch (error) {
    throw error instanceof AppError ? refused('invalid session') : error
  }
}

/** People by cookie; anyone by token, in the header or among the subprotocols. */
function socketCredential(core: Core, request: Request): Credential {
  const token = protocolToken(request)
  const presented =
    token !== undefined && bearerIn(request) === undefined
      ? ofToken(request, token)
      : credentialOf(core, request)
  return (policy) => {
    const actor = presented(policy)
    const isWithoutCredential = peerOf(request).rescue === true
    if (principalOf(actor).via === 'session' || isWithoutCredential) refuseForeignOrigin(core, request)
    if (actor.via === 'operator')
      throw isWithoutCredential
        ? refusal('not_authenticated')
        : new HttpError(426, 'socket_no_websocket', 'The local socket has no WebSockets')
    return actor
  }
}

function upgrade(
  { limits }: LiveDeps,
  request: Request,
  actor: Person,
  session: (place: Disposable) => object,
): Answer {
  const peer = peerOf(request)
  if (!peer.upgrade)
    throw new HttpError(426, 'socket_no_websocket', 'This transport has no WebSockets; use TCP')
  const offered = protocolsOf(request)
  const isNamed = offered.includes(PROTOCOL)
  // Without an explicit choice the first offered protocol is selected and echoed, and that may be the token.
  if (!isNamed && protocolToken(request) !== undefined)
    throw new HttpError(400, 'bad_handshake', `Offer ${PROTOCOL} together with the token`)
  const place = limits.open(actor)
  const headers: Record<string, string> = isNamed ? { 'sec-websocket-protocol': PROTOCOL } : {}
  if (peer.upgrade(session(place), headers)) return 'upgraded'
  place[Symbol.dispose]()
  throw new HttpError(400, 'bad_handshake', 'This is not a valid WebSocket handshake')
}

function protocolToken(request: Request): string | undefined {
  return protocolsOf(request)
    .find((name) => name.startsWith(TOKEN_PROTOCOL))
    ?.slice(TOKEN_PROTOCOL.length)
}

function protocolsOf(request: Request): string[] {
  return (request.headers.get('sec-websocket-protocol') ?? '').split(',').map((name) => name.trim())
}

function requireUpgrade(request: Request): void {
  const { headers } = request
  // RFC 6455 §4.2.1. Bun checks only the first of the two headers.
  const isUpgrade = /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get('connection') ?? '')
  if (isUpgrade && headers.get('upgrade')?.toLowerCase() === 'websocket') return
  throw new HttpError(426, 'upgrade_required', 'Connect with a WebSocket', {}, { upgrade: 'websocket' })
}

function refused(detail: string): HttpError {
  return new HttpError(403, 'websocket_refused', detail)
}
