/**
 * Calls addresses that somebody typed, and is the only way to do so. It follows no redirect, uses no proxy and keeps no
 * connection. An address of a private network is called only where the operator allows it.
 */
export interface Outbound {
  /** @throws OutboundError */
  call(request: OutboundRequest): Promise<OutboundAnswer>
}

export interface OutboundRequest {
  readonly method: 'GET' | 'POST'
  /** http or https, without a user or password. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For everything, from the look-up of the name to the end of the answer. */
  readonly timeoutMs: number
  /** Bytes of the answer that are read at most; the rest is left. */
  readonly maxBytes: number
  /** The operator vouches for this target: it may lie in a private network, but not be link-local. */
  readonly isVouched?: boolean
  readonly signal?: AbortSignal
}

export interface OutboundAnswer {
  readonly status: number
  /** Names in lower case; several values of one are joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The answer was longer than `maxBytes`. */
  readonly isCut: boolean
}

/**
 * Why there is no answer: the request cannot be made, the address may not be called, the name has no address, nothing
 * listens or the connection broke, the certificate is not good, it took too long, or the caller ended it.
 */
export type OutboundProblem =
  | 'invalid'
  | 'blocked'
  | 'unresolved'
  | 'unreachable'
  | 'certificate'
  | 'timeout'
  | 'aborted'

/** The message names the target's host and no more of it: paths and queries of such addresses hold secrets. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'

  constructor(
    readonly problem: OutboundProblem,
    message: string,
  ) {
    super(message)
  }
}
