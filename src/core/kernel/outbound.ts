/**
 * Calls addresses that users entered; the only way to do so. Follows no redirects, uses no proxy and keeps no
 * connections open. Calls an address in a private network only if the operator allows it.
 */
export interface Outbound {
  /** @throws OutboundError */
  call(request: OutboundRequest): Promise<OutboundAnswer>
  /**
   * Checks, without a call, that a target may be called. A name that cannot be resolved now passes.
   * @throws OutboundError invalid, blocked
   */
  check(target: Pick<OutboundRequest, 'url' | 'isVouched' | 'allowedBy'>): Promise<void>
  /**
   * Reports whether a setting lists the host of a URL, by its name or, if the URL has an address, by a network.
   * @throws OutboundError invalid
   */
  isListed(url: string, setting: TargetSetting): boolean
}

export interface OutboundRequest {
  readonly method: 'GET' | 'POST'
  /** http or https, without user and password. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Time limit for the whole call, from name resolution to the end of the answer. */
  readonly timeoutMs: number
  /** The most bytes of the answer to read; the rest is discarded. */
  readonly maxBytes: number
  /** The operator vouches for this target: it may be in a private network, but not link-local. */
  readonly isVouched?: boolean
  /** The setting with what may be called although it is not public; by default that of webhooks. */
  readonly allowedBy?: TargetSetting
  readonly signal?: AbortSignal
}

/** The settings that list names and networks (`address/bits`) which may be called although they are not public. */
export type TargetSetting = 'webhooks.allow_targets' | 'matrix.push_targets'

export interface OutboundAnswer {
  readonly status: number
  /** Names in lower case; repeated values are joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Whether the answer was longer than `maxBytes`. */
  readonly isCut: boolean
}

/**
 * Why a call failed: invalid request, forbidden address, unresolved name, refused or broken connection, bad
 * certificate, timeout, or aborted by the caller.
 */
export type OutboundProblem =
  | 'invalid'
  | 'blocked'
  | 'unresolved'
  | 'unreachable'
  | 'certificate'
  | 'timeout'
  | 'aborted'

/** The message contains only the host of the target: paths and queries of such addresses hold secrets. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'

  constructor(
    readonly problem: OutboundProblem,
    message: string,
  ) {
    super(message)
  }
}
