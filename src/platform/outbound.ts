/**
 * Outbound calls: implements the core's port for calling addresses that users entered.
 * Imports the core and the runtime's built-ins. app/ constructs it. address-policy.ts decides which addresses may be
 * called.
 * Start reading here.
 */
import { lookup } from 'node:dns/promises'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import {
  type Outbound,
  type OutboundAnswer,
  OutboundError,
  type OutboundRequest,
  type TargetSetting,
} from '../core/kernel/outbound'
import { isInNetworks, mayCall } from './address-policy'

export interface OutboundDeps {
  /** Names and networks (`address/bits`) that may be called although they are not public. Read for each call. */
  readonly allowed: (setting: TargetSetting) => readonly string[]
  /** Resolves a name to its addresses; default: the system's resolver. */
  readonly resolve?: (name: string) => Promise<readonly string[]>
  /** Additional trusted certificates in PEM; default: only those of the runtime. */
  readonly authorities?: readonly string[]
}

/** What decides which addresses of a target may be called. */
type Target = Pick<OutboundRequest, 'isVouched' | 'allowedBy'>

/** Nothing was sent, so another address of the name may be tried. */
const UNSENT = new Set(['ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EINVAL'])

/** How long a check waits for the resolver. */
const CHECK_MILLISECONDS = 2000

/** Headers that decide where a request goes and ends; the caller cannot set them. */
const OURS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'upgrade',
])

/**
 * Each call resolves the name once and connects to an address that was checked, so a name that changes its address in
 * between (DNS rebinding) leads nowhere else. Uses node:http because fetch obeys HTTP_PROXY and offers no way to
 * disable that.
 */
export class OutboundCalls implements Outbound {
  constructor(private readonly deps: OutboundDeps) {}

  async call(request: OutboundRequest): Promise<OutboundAnswer> {
    const url = targetOf(request.url)
    const timeout = AbortSignal.timeout(request.timeoutMs)
    const signal = AbortSignal.any(request.signal ? [timeout, request.signal] : [timeout])
    try {
      const addresses = await unlessAborted(this.addressesOf(url, request), signal)
      return await this.callFirst(addresses, url, request, signal)
    } catch (error) {
      if (error instanceof OutboundError) throw error
      if (timeout.aborted)
        throw new OutboundError('timeout', `${url.host} did not answer within ${request.timeoutMs} ms`)
      if (signal.aborted) throw new OutboundError('aborted', `the call of ${url.host} was ended`)
      throw problemOf(error, url)
    }
  }

  async check(target: Target & Pick<OutboundRequest, 'url'>): Promise<void> {
    const url = targetOf(target.url)
    const signal = AbortSignal.timeout(CHECK_MILLISECONDS)
    try {
      await unlessAborted(this.addressesOf(url, target), signal)
    } catch (error) {
      const isRefused = error instanceof OutboundError && error.problem !== 'unresolved'
      if (isRefused || !(error instanceof OutboundError || signal.aborted)) throw error
    }
  }

  isListed(text: string, setting: TargetSetting): boolean {
    const name = nameOf(targetOf(text))
    const listed = this.deps.allowed(setting)
    const networks = listed.filter((entry) => entry.includes('/'))
    return listed.includes(name) || isInNetworks(name, networks)
  }

  /** Returns the addresses of the target that may be called. @throws OutboundError unresolved, blocked */
  private async addressesOf(
    url: URL,
    { isVouched = false, allowedBy = 'webhooks.allow_targets' }: Target,
  ): Promise<readonly string[]> {
    const name = nameOf(url)
    const allowed = this.deps.allowed(allowedBy)
    const networks = allowed.filter((entry) => entry.includes('/'))
    const exemption = { isVouched: isVouched || allowed.includes(name), networks }
    const addresses = isIP(name) === 0 ? await this.resolve(name) : [name]
    const found = addresses.filter((address) => mayCall(address, exemption))
    if (found.length > 0) return found
    throw new OutboundError(
      'blocked',
      `${url.host} is not in the public internet; ${allowedBy} allows what may be called all the same`,
    )
  }

  private async resolve(name: string): Promise<readonly string[]> {
    const { resolve = systemAddresses } = this.deps
    const addresses = await resolve(name).catch(() => [])
    if (addresses.length === 0) throw new OutboundError('unresolved', `${name} has no address`)
    return addresses
  }

  private async callFirst(
    addresses: readonly string[],
    url: URL,
    request: OutboundRequest,
    signal: AbortSignal,
  ): Promise<OutboundAnswer> {
    let failure: unknown
    for (const address of addresses)
      try {
        return await this.ask(address, url, request, signal)
      } catch (error) {
        if (signal.aborted || !UNSENT.has(codeOf(error))) throw error
        failure = error
      }
    throw failure
  }

  private ask(
    address: string,
    url: URL,
    { method, headers = {}, body, maxBytes }: OutboundRequest,
    signal: AbortSignal,
  ): Promise<OutboundAnswer> {
    const name = nameOf(url)
    const isSecure = url.protocol === 'https:'
    const own = Object.entries(headers).filter(([header]) => !OURS.has(header.toLowerCase()))
    const options = {
      host: address,
      port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
      method,
      path: `${url.pathname}${url.search}`,
      headers: {
        ...Object.fromEntries(own),
        host: url.host,
        'accept-encoding': 'identity',
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
      // Uses a separate connection for this call.
      agent: false as const,
      signal,
    }
    const tls = {
      // An address is not a valid server name (RFC 6066), but the certificate must match it.
      servername: isIP(name) === 0 ? name : '',
      checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
        checkServerIdentity(name, certificate),
      ...(this.deps.authorities && { ca: [...this.deps.authorities] }),
    }
    const outgoing = isSecure ? httpsRequest({ ...options, ...tls }) : httpRequest(options)
    const answer = answerOf(outgoing, maxBytes)
    outgoing.end(body)
    return answer
  }
}

/** Reads the answer up to `maxBytes`, then closes the connection. */
async function answerOf(outgoing: ClientRequest, maxBytes: number): Promise<OutboundAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>()
  outgoing.on('error', reject)
  outgoing.on('close', () => reject(new Error('the connection was closed before the end of the answer')))
  outgoing.on('response', (incoming: IncomingMessage) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const end = (isCut: boolean) =>
      resolve({
        status: incoming.statusCode ?? 0,
        headers: headersOf(incoming),
        body: Buffer.concat(chunks),
        isCut,
      })
    incoming.on('error', reject)
    incoming.on('end', () => end(false))
    incoming.on('data', (chunk: Uint8Array) => {
      const room = maxBytes - length
      length += chunk.length
      chunks.push(chunk.subarray(0, room))
      if (length <= maxBytes) return
      end(true)
      outgoing.destroy()
    })
  })
  try {
    return await promise
  } finally {
    outgoing.destroy()
  }
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]))
}

/** @throws OutboundError invalid */
function targetOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new OutboundError('invalid', 'the address is no http or https URL')
  if (url.username !== '' || url.password !== '')
    throw new OutboundError('invalid', 'the address names a user or a password')
  return url
}

/** Returns the host of a URL as a name or an address, without brackets and without a trailing dot. */
function nameOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

async function systemAddresses(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address)
}

/** Name resolution cannot be cancelled; its result is ignored after an abort. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(new Error('aborted'))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort))
}

function problemOf(error: unknown, { host }: URL): OutboundError {
  const code = codeOf(error)
  if (/^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(code))
    return new OutboundError('certificate', `the certificate of ${host} is not accepted (${code})`)
  if (/^ERR_(?:INVALID_CHAR|INVALID_HTTP_TOKEN|UNESCAPED_CHARACTERS)/.test(code))
    return new OutboundError('invalid', `a header of the call cannot be sent (${code})`)
  return new OutboundError('unreachable', `${host} did not answer${code === '' ? '' : ` (${code})`}`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
