import { SynapseError } from './errors'
import { FOREVER, type Http } from './http'
import { asyncDispose, later } from './time'
import type { Claim } from './types'

export interface ClaimOptions {
  /** Seconds that the claim holds without a renewal, 10 to 86,400; 90 by default. */
  readonly ttl?: number
  readonly note?: string
  /** The message that it is about. */
  readonly messageId?: string
  /** The claim is the channel's, and shown there. */
  readonly channel?: string
  readonly signal?: AbortSignal
}

export interface ReleaseOptions {
  readonly outcome?: 'done' | 'declined' | 'failed'
  readonly note?: string
}

/**
 * A claim that is renewed until it is released. Stop the work when `signal` aborts: the claim was lost, or may have been,
 * because the server could not be reached until it ended.
 */
export class HeldClaim {
  /** As it was at the last renewal. `epoch` is the fencing number. */
  claim: Claim
  readonly signal: AbortSignal
  private readonly losing = new AbortController()
  private cancel: () => void = () => undefined
  private endsAt: number
  private isOver = false

  private constructor(
    private readonly http: Http,
    claim: Claim,
    private readonly ttl: number,
    askedAt: number,
  ) {
    this.claim = claim
    this.signal = this.losing.signal
    this.endsAt = askedAt + ttl * 1000
    this.renewLater(ttl * RENEWED)
  }

  static async acquire(
    http: Http,
    resource: string,
    instance: string,
    { ttl = 90, note, messageId, channel, signal }: ClaimOptions,
  ): Promise<HeldClaim> {
    const body = { resource, ttl_s: ttl, note, message_id: messageId, channel, instance }
    const askedAt = Date.now()
    const claim = (await http.call('POST', '/v1/claims', { body, signal })) as Claim
    return new HeldClaim(http, claim, ttl, askedAt)
  }

  get id(): string {
    return this.claim.id
  }

  get epoch(): number {
    return this.claim.epoch
  }

  /** Gives the resource back. After a loss it does nothing. @throws SynapseError */
  async release({ outcome, note }: ReleaseOptions = {}): Promise<void> {
    if (this.isOver) return
    this.stop()
    const body = { epoch: this.claim.epoch, outcome, note }
    try {
      this.claim = (await this.http.call('POST', `/v1/claims/${this.claim.id}/release`, { body })) as Claim
    } catch (error) {
      // It has ended by itself meanwhile.
      if (!(error instanceof SynapseError && error.code === 'claim_lost')) throw error
    }
  }

  async close(): Promise<void> {
    await this.release()
  }

  async [asyncDispose](): Promise<void> {
    await this.release()
  }

  private renewLater(seconds: number): void {
    const left = this.endsAt - Date.now()
    this.cancel = later(Math.min(seconds * 1000, Math.max(left, 0)), () => {
      this.renew().catch((error: unknown) => this.lose(error))
    })
  }

  private async renew(): Promise<void> {
    const askedAt = Date.now()
    const limit = this.endsAt - askedAt
    const cut = new AbortController()
    const cancel = later(limit, () => cut.abort(new SynapseError(ENDED)))
    try {
      const calling = {
        body: { epoch: this.claim.epoch, ttl_s: this.ttl },
        patience: FOREVER,
        signal: cut.signal,
      }
      const claim = (await this.http.call('POST', `/v1/claims/${this.claim.id}/renew`, calling)) as Claim
      if (this.isOver) return
      this.claim = claim
      this.endsAt = askedAt + this.ttl * 1000
      this.renewLater(this.ttl * RENEWED)
    } finally {
      cancel()
    }
  }

  private lose(reason: unknown): void {
    if (this.isOver) return
    this.stop()
    this.losing.abort(reason)
  }

  private stop(): void {
    this.isOver = true
    this.cancel()
  }
}

/** The part of its time after which a claim is renewed. */
const RENEWED = 1 / 3
const ENDED = {
  status: 409,
  code: 'claim_lost',
  detail: 'The claim has ended before the server could be reached',
}
