import { anyScopeMatches, refuseEscalation } from '../access/scopes'
import type { Administration } from '../governance/administration'
import { type AuditFacts, entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import type { Account } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Secrets, Uuid } from '../kernel/ids'
import type { ListPage, PairCodeView, Reads, Store, Writes } from '../kernel/ports'
import { type Clock, later, MICROS_PER_SECOND } from '../kernel/time'
import { accountEvent } from '../log/events'
import { normalName } from './accounts'
import { type Actor, accountOf, isAdmin, isListedAdmin, type Person, requireHuman } from './actor'
import { type Attempts, attemptsFrom } from './attempts'
import {
  defaultScopes,
  type GivenCode,
  isOpen,
  type PairCode,
  type PairSecrets,
  type PairState,
  parsePairCode,
  SELECTOR_LENGTH,
} from './pair-codes'
import type { SelfService } from './self-service'
import type { Client, Login, Sessions } from './sessions'
import { factsOf, type IssuedToken, legalActors, scopesFor, type Tokens } from './tokens'

export interface PairRequest {
  readonly device: string
  /** Default: the only human system admin. */
  readonly handle?: string | undefined
  /** Default: by the label of the device. */
  readonly scopes?: readonly string[] | undefined
  readonly actors?: readonly string[] | null
  readonly ttlSeconds: number
  /** Issues the token at once instead of a code. */
  readonly direct: boolean
}

/** A code, or with `direct` the token itself. Shown only here. */
export interface Paired {
  readonly code: PairCode
  readonly account: Account
  readonly secret: { readonly link: string; readonly typed: string } | { readonly token: string }
}

/** A code and its two forms. */
export type CodePaired = Paired & { readonly secret: { readonly link: string; readonly typed: string } }

export interface RedeemRequest {
  readonly code: string
  /** A label that replaces the one the code was made for. */
  readonly device?: string | undefined
  readonly as: 'token' | 'session'
}

export type Redeemed =
  | { readonly as: 'token'; readonly issued: IssuedToken }
  | { readonly as: 'session'; readonly login: Login }

/** Attempts of one address, or one IPv6 network, per minute. */
const TRIES = 10
const TRIES_SECONDS = 60
/** Wrong secrets after which a typed code is locked. */
const MAX_WRONG = 5

type Refused = 'pair_code_invalid' | 'pair_code_used' | 'pair_code_expired' | 'pair_code_revoked'

export interface PairingDeps {
  readonly store: Store
  readonly administration: Administration
  readonly selfService: SelfService
  readonly attempts: Attempts
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly secrets: Secrets
  readonly codes: PairSecrets
  readonly settings: Settings
  readonly clock: Clock
}

/**
 * Pairs devices with one-time codes, each good for one token or session within a short time (docs/contract/pairing.md).
 */
export class Pairing {
  constructor(private readonly deps: PairingDeps) {}

  get did(): string {
    return this.deps.codes.did
  }

  /**
   * Makes a code for a device, or its token at once.
   * @throws admin_scope_required, not_admin; account_required, account_not_found, account_archived, invalid_scope,
   *   invalid_handle, quota_exceeded
   */
  async create(actor: Actor, request: PairRequest): Promise<Paired> {
    const { administration, tokens } = this.deps
    return administration.act(actor, async (tx) => {
      const account = await this.accountFor(tx, request.handle)
      const { device } = request
      const scopes = scopesFor(account, request.scopes ?? defaultScopes(device, account.kind))
      const actors = legalActors(request.actors ?? null)
      const { fresh, fields } = await this.codeFor(tx, actor, account, {
        ...{ scopes, actors, device },
        ttlSeconds: request.ttlSeconds,
      })
      if (!request.direct) return this.insert(tx, actor, account, fields, fresh)
      // The code is stored as redeemed and never shown. Its row lets the device be listed and revoked.
      const { token, secret } = await tokens.insert(tx, actor, account, {
        name: device,
        scopes,
        actors,
        device,
      })
      const code = await tx.insertPairCode({ ...fields, state: 'redeemed', tokenId: token.id })
      await tx.audit(pairEntry(actor, 'pair.create', code, account))
      return { code, account, secret: { token: secret } }
    })
  }

  /**
   * Makes a code for a device of one's own, within one's scopes. The code cannot act as others. With a token it cannot sign
   * a browser in: a session has more rights than a token may have.
   * @throws humans_only, missing_scope; scopes_required, invalid_scope, scope_escalation
   */
  async createOwn(
    actor: Person,
    { device, scopes, ttlSeconds }: Pick<PairRequest, 'device' | 'scopes' | 'ttlSeconds'>,
  ): Promise<CodePaired> {
    const { selfService, settings } = this.deps
    return selfService.act(actor, async (tx, now) => {
      requireHuman(now)
      const { account } = now
      const wanted = scopesFor(account, scopes ?? defaultScopes(device, account.kind))
      refuseEscalation(wanted, now.via === 'token' ? now.token.scopes : null, isAdmin(now, settings))
      if (now.via === 'token' && admitsSession(wanted)) throw sessionRefused('channel:*:post')
      const rights = { scopes: wanted, actors: null, device, ttlSeconds }
      const { fresh, fields } = await this.codeFor(tx, now, account, rights)
      return this.insert(tx, now, account, fields, fresh)
    })
  }

  /** One's own codes and devices, in order of creation. @throws humans_only, missing_scope */
  async listOwn(actor: Person, page: ListPage): Promise<PairCodeView[]> {
    requireHuman(actor)
    return this.deps.store.reads.listPairCodes(page, actor.account.id)
  }

  /** As `revoke`, for one's own. @throws humans_only, missing_scope; device_not_found, also for another person's device */
  async revokeOwn(actor: Person, uuid: Uuid): Promise<PairCodeView> {
    return this.deps.selfService.act(actor, async (tx, now) => {
      requireHuman(now)
      return this.end(tx, now, uuid, now.account)
    })
  }

  /** In order of creation. @throws admin_scope_required, not_admin */
  async list(actor: Actor, page: ListPage): Promise<PairCodeView[]> {
    this.deps.administration.check(actor)
    return this.deps.store.reads.listPairCodes(page)
  }

  /**
   * Revokes a code, and the token or session that it was redeemed for, with its streams.
   * @throws admin_scope_required, not_admin, device_not_found
   */
  async revoke(actor: Actor, uuid: Uuid): Promise<PairCodeView> {
    return this.deps.administration.act(actor, (tx) => this.end(tx, actor, uuid))
  }

  /**
   * Redeems a code, once, for a token, or for a session of the person it was made for.
   * @throws rate_limited; pair_code_invalid for every wrong code; pair_code_used, pair_code_expired, pair_code_revoked
   *   for the right one; humans_only, scope_escalation for a session that the code does not allow, with nothing
   *   written; quota_exceeded
   */
  async redeem(request: RedeemRequest, client: Client): Promise<Redeemed> {
    const { attempts, store } = this.deps
    const key = `pair ${attemptsFrom(client)}`
    await attempts.count([{ key, count: TRIES }], TRIES_SECONDS, tooMany)
    const given = parsePairCode(request.code)
    if (!given) throw refusal('pair_code_invalid')
    // A wrong secret is counted in the same transaction, so a refusal must be a result; an error would roll it back.
    const outcome = await store.transact((tx) => this.trade(tx, given, request, client))
    if (typeof outcome === 'string') throw refusal(outcome)
    return outcome
  }

  /**
   * Returns the state to show: a code that was not redeemed in time has expired, and its token may have been revoked
   * separately.
   */
  stateOf({ code, token }: PairCodeView): PairState | 'expired' {
    if (code.state === 'active' && !isOpen(code, this.deps.clock.now())) return 'expired'
    return code.state === 'redeemed' && token?.revokedAt ? 'revoked' : code.state
  }

  /** Ends a code and what it was redeemed for. `owner`: only if it is that account's. */
  private async end(tx: Writes, actor: Actor, uuid: Uuid, owner?: Account): Promise<PairCodeView> {
    const { sessions, tokens } = this.deps
    const [code] = await tx.pairCodes({ uuid })
    const account = code && (await tx.account({ id: code.accountId }))
    if (!code || !account || (owner && account.id !== owner.id)) throw refusal('device_not_found')
    const token = code.tokenId === null ? undefined : await tx.token({ id: code.tokenId })
    const session = await tx.session({ uuid: code.uuid })
    const ended = token && (await tokens.end(tx, actor, account, token))
    if (session) await sessions.remove(tx, actor, account, session)
    if (code.state !== 'revoked') await tx.updatePairCode(code.id, { state: 'revoked' })
    await tx.audit(pairEntry(actor, 'pair.revoke', code, account))
    return { code: { ...code, state: 'revoked' }, account, token: ended ?? null }
  }

  /** A new code and its row. */
  private async codeFor(
    tx: Reads,
    actor: Actor,
    account: Account,
    {
      ttlSeconds,
      ...rights
    }: Pick<PairCode, 'scopes' | 'actors' | 'device'> & { readonly ttlSeconds: number },
  ) {
    const { clock, secrets, codes } = this.deps
    const fresh = await this.freshCode(tx)
    const fields = {
      ...rights,
      accountId: account.id,
      codeHash: secrets.sha256(fresh.link),
      selector: fresh.typed.slice(0, SELECTOR_LENGTH),
      typedHash: codes.mac(fresh.typed.slice(SELECTOR_LENGTH)),
      createdBy: accountOf(actor)?.id ?? null,
      expiresAt: later(clock.now(), ttlSeconds * MICROS_PER_SECOND),
    }
    return { fresh, fields }
  }

  private async insert(
    tx: Writes,
    actor: Actor,
    account: Account,
    fields: Omit<Parameters<Writes['insertPairCode']>[0], 'state'>,
    secret: CodePaired['secret'],
  ): Promise<CodePaired> {
    const code = await tx.insertPairCode({ ...fields, state: 'active' })
    await tx.audit(pairEntry(actor, 'pair.create', code, account))
    return { code, account, secret }
  }

  private async trade(
    tx: Writes,
    given: GivenCode,
    request: RedeemRequest,
    client: Client,
  ): Promise<Redeemed | Refused> {
    const { clock, sessions } = this.deps
    const code = await this.verifiedCode(tx, given)
    if (!code || code.state === 'locked') return 'pair_code_invalid'
    if (code.state === 'redeemed') return 'pair_code_used'
    if (code.state === 'revoked') return 'pair_code_revoked'
    const now = clock.now()
    if (!isOpen(code, now)) return 'pair_code_expired'
    const account = await tx.account({ id: code.accountId })
    if (!account || account.archivedAt !== null) return 'pair_code_invalid'
    if (request.as === 'session') {
      refuseSession(account, code)
      if (!(await tx.redeemPairCode(code.id, null, now))) throw refusal('pair_code_used')
      // The session has the id of its code, so that revoking the device finds it.
      const { login, session } = await sessions.insert(tx, account, client, { uuid: code.uuid })
      const entry = pairEntry(null, 'pair.redeem', code, account, { session_id: session.uuid })
      await tx.audit({ ...entry, ip: client.address })
      return { as: 'session', login }
    }
    const issued = await this.mint(tx, account, code, request.device ?? code.device)
    if (!(await tx.redeemPairCode(code.id, issued.token.id, now))) throw refusal('pair_code_used')
    const entry = pairEntry(null, 'pair.redeem', code, account, { token_id: issued.token.uuid })
    await tx.audit({ ...entry, ip: client.address })
    return { as: 'token', issued }
  }

  private async mint(tx: Writes, account: Account, code: PairCode, device: string): Promise<IssuedToken> {
    const { scopes, actors } = code
    const issued = await this.deps.tokens.write(tx, account, {
      name: device,
      scopes,
      expiresAt: null,
      actors,
      device,
    })
    await tx.append(accountEvent('account.token_issued', account, factsOf(issued.token)), account)
    return issued
  }

  /** Returns the code if the secret is right. Counts a wrong secret against the code it was typed for. */
  private async verifiedCode(tx: Writes, given: GivenCode): Promise<PairCode | undefined> {
    const { clock, codes, secrets } = this.deps
    if (given.form === 'link') return (await tx.pairCodes({ codeHash: secrets.sha256(given.code) }))[0]
    const candidates = await tx.pairCodes({ selector: given.selector })
    const hash = codes.mac(given.secret)
    // The hashes are keyed with a secret key, so the time of the comparison reveals nothing.
    const right = candidates.find((code) => code.typedHash === hash)
    if (right) return right
    const now = clock.now()
    const tried = candidates.find((code) => isOpen(code, now))
    if (tried) {
      const attempts = tried.attempts + 1
      await tx.updatePairCode(tried.id, { attempts, state: attempts < MAX_WRONG ? 'active' : 'locked' })
    }
    return undefined
  }

  /** Returns a new code whose first letters differ from those of all open codes. */
  private async freshCode(tx: Reads): Promise<{ link: string; typed: string }> {
    const { clock, codes } = this.deps
    for (;;) {
      const fresh = codes.fresh()
      const same = await tx.pairCodes({ selector: fresh.typed.slice(0, SELECTOR_LENGTH) })
      if (!same.some((code) => isOpen(code, clock.now()))) return fresh
    }
  }

  private async accountFor(tx: Reads, handle: string | undefined): Promise<Account> {
    if (handle === undefined) {
      const admins = (await tx.humansWithPassword()).filter((one) => isListedAdmin(one, this.deps.settings))
      const [only] = admins
      if (!only || admins.length > 1) throw refusal('account_required')
      return only
    }
    const account = await tx.account({ handle: normalName(handle) })
    if (!account) throw refusal('account_not_found')
    if (account.archivedAt !== null) throw refusal('account_archived')
    return account
  }
}

function pairEntry(
  actor: Actor | null,
  action: 'pair.create' | 'pair.redeem' | 'pair.revoke',
  code: PairCode,
  account: Account,
  credential: AuditFacts = {},
) {
  const facts = { account_id: account.uuid, scopes: code.scopes, ...credential }
  return entryBy(actor, action, { type: 'pair', id: code.uuid }, facts)
}

/** A session has all rights of the person, so a code with restricted scopes does not allow one. */
const SESSION_SCOPES = ['channel:*:read', 'channel:*:post']

function admitsSession(scopes: readonly string[]): boolean {
  return SESSION_SCOPES.every((scope) => anyScopeMatches(scopes, scope))
}

function refuseSession(account: Account, { scopes }: PairCode): void {
  if (account.kind !== 'human') throw refusal('humans_only')
  const lacking = SESSION_SCOPES.find((scope) => !anyScopeMatches(scopes, scope))
  if (lacking !== undefined)
    throw new AppError('forbidden', 'scope_escalation', 'This code is for a token with fewer rights', {
      gate: 'scope',
      required_scope: lacking,
    })
}

function sessionRefused(scope: string): AppError {
  return new AppError(
    'forbidden',
    'scope_escalation',
    'With a token you cannot make a code that signs a browser in. Sign in, or leave out the scope',
    { gate: 'scope', required_scope: scope },
  )
}

function tooMany(retryAfter: number): AppError {
  return new AppError('rate_limited', 'rate_limited', 'Too many codes were tried; wait and try again', {
    retry_after: retryAfter,
  })
}
