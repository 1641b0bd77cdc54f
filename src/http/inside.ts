import type { Through } from '../core/identity/actor'
import { notePeer, type Peer, peerOf } from './client'
import type { Credentials } from './credentials'
import type { InsideCall, RequestContext } from './request-context'

/** The headers that say where a request comes from. */
const PASSED_ON = ['x-synapse-command', 'user-agent', 'x-forwarded-for', 'x-forwarded-proto']

/** Returns how the credential of a request within `outer` is read: from `outer`, as its surface does. */
export function credentialsOf({ of, request }: RequestContext): Credentials {
  const { credentials } = of.surface
  return {
    read: (core) => credentials.read(core, request),
    namesActor: () => credentials.namesActor?.(request) === true,
  }
}

/** Returns the request of a call, from the same client. */
export function insideRequest(
  outer: RequestContext,
  { method, path, query, body, retryKey, through }: InsideCall,
): Request {
  const { request, requestId } = outer
  const headers = new Headers({ 'x-request-id': requestId })
  for (const name of PASSED_ON) {
    const value = request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  if (retryKey != null) headers.set('idempotency-key', retryKey)
  if (body !== undefined) headers.set('content-type', 'application/json')
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) words.set(name, String(value))
  const inner = new Request(`http://inside${path}?${words}`, {
    method,
    headers,
    signal: request.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  notePeer(inner, new InsidePeer(peerOf(request), through))
  return inner
}

/** The peer of a request within another one: the same client. It cannot become a WebSocket. */
class InsidePeer implements Peer {
  held = false

  constructor(
    private readonly outer: Peer,
    readonly through: Through | undefined,
  ) {}

  get transport(): Peer['transport'] {
    return this.outer.transport
  }

  get address(): string | null {
    return this.outer.address
  }

  get secure(): boolean {
    return this.outer.secure
  }

  hold(seconds?: number): void {
    this.held = true
    this.outer.hold?.(seconds)
  }
}
