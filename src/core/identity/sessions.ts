import type { Directory } from '../access/directory'
import { type AuditEntry, entryBy } from '../governance/audit'
import type { Settings } from '../governance/settings'
import type { Account, Session } from '../kernel/entities'
import { AppError, refusal } from '../kernel/errors'
import type { Secrets, Uuid } from '../kernel/ids'
import type { Passwords, Store, Writes } from '../kernel/ports'
import { type Clock, later, MICROS_PER_DAY, MICROS_PER_SECOND, type Micros } from '../kernel/time'
import type { Transactions } from '../kernel/transactions'
import { normalName } from './accounts'
import { type Actor, type Person, requireHuman } from './actor'
import { type Attempts, attemptsFrom } from './attempts'
import { endSession } from './ended-sessions'
import { FailedLogins } from './failed-logins'
import type { SelfService } from './self-service'

export interface Client {
  readonly address: string | null
  readonly userAgent: string | null
}

export interface Login {
  readonly account: Account
  /** The secret in the cookie; only its hash is stored. */
  readonly secret: string
  readonly lifetimeSeconds: number
}

/** The limit of attempts of one address over all handles, as a multiple of the limit for one handle. */
const ADDRESS_FACTOR = 5

interface SessionsDeps {
  readonly store: Store
  readonly transactions: Transactions
  readonly directory: Directory
  readonly selfService: SelfService
  readonly attempts: Attempts
  readonly passwords: Passwords
  readonly secrets: Secrets
  readonly settings: Settings
  readonly clock: Clock
}

/** Login sessions of people. */
export class Sessions {
  private readonly failures: FailedLogins

  constructor(private readonly deps: SessionsDeps) {
    this.failures = new FailedLogins(deps.clock)
  }

  /** Signs a human in with a new session. @throws as `signIn` */
  login(handle: string, password: string, client: Client): Promise<Login> {
    return this.signIn({ handle }, password, client, async (tx, account) => {
      const { login, session } = await this.insert(tx, account, client)
      return { session, result: login }
    })
  }

  /**
   * Checks the password of a human, and runs `begin` in the transaction that notes the success. It inserts the session.
   * Every failure is the same error after the same work, so it reveals nothing about the handle. With `tellsArchived`,
   * the right password of an archived account is refused as that.
   * @throws invalid_credentials; account_unavailable; login_throttled with `retry_after` in seconds; what `begin` throws
   */
  async signIn<Result>(
    who: { readonly handle: string } | { readonly email: string },
    password: string,
    client: Client,
    begin: (tx: Writes, account: Account) => Promise<{ session: Session; result: Result }>,
    { tellsArchived = false } = {},
  ): Promise<Result> {
    const name = normalName('handle' in who ? who.handle : who.email)
    const attempt = await this.countAttempt(name, client)
    const { reads } = this.deps.store
    const account = 'handle' in who ? await reads.account({ handle: name }) : await reads.humanWithEmail(name)
    const stored = account?.kind === 'human' ? await this.deps.store.reads.passwordHash(account.id) : null
    const matches = await this.deps.passwords.verify(password, stored)
    if (!matches || !account || account.kind !== 'human' || account.archivedAt !== null || stored === null) {
      await this.noteFailure(account, client)
      throw refusal(matches && tellsArchived ? 'account_unavailable' : 'invalid_credentials')
    }
    const stronger = this.deps.passwords.isWeak(stored) ? await this.deps.passwords.hash(password) : null
    return this.deps.store.transact(async (tx) => {
      // The account may have been archived, or its password changed, during the hashing.
      const now = await tx.account({ id: account.id })
      if (now?.archivedAt !== null || (await tx.passwordHash(account.id)) !== stored)
        throw refusal('invalid_credentials')
      const { result, session } = await begin(tx, account)
      if (stronger !== null) await tx.updateAccount(account.id, { passwordHash: stronger })
      await tx.forgetAttempts(attempt)
      await tx.audit(loginEntry(account, account, client, 'login.ok', { session_id: session.uuid }))
      return result
    })
  }

  /**
   * Reports whether this is the password of an account that is signed in already. A wrong one counts and is audited like
   * a failed sign-in. @throws login_throttled
   */
  async isOwnPassword(account: Account, password: string, client: Client): Promise<boolean> {
    const { store, passwords } = this.deps
    const attempt = await this.countAttempt(account.handle, client)
    const isRight = await passwords.verify(password, await store.reads.passwordHash(account.id))
    if (isRight) await store.transact((tx) => tx.forgetAttempts(attempt))
    else await this.noteFailure(account, client)
    return isRight
  }

  /** Inserts a session within the transaction of another verb, with this id and lifetime if given. */
  async insert(
    tx: Writes,
    account: Account,
    client: Client,
    { uuid, lifetimeSeconds = this.lifetimeSeconds }: { uuid?: Uuid; lifetimeSeconds?: number } = {},
  ): Promise<{ login: Login; session: Session }> {
    const secret = this.deps.secrets.secret()
    const session = await tx.insertSession({
      accountId: account.id,
      hash: this.deps.secrets.sha256(secret),
      expiresAt: this.endIn(lifetimeSeconds),
      ip: client.address,
      userAgent: client.userAgent,
      ...(uuid === undefined ? {} : { uuid }),
    })
    return { session, login: { account, secret, lifetimeSeconds } }
  }

  /** The person's valid sessions, newest first. @throws humans_only, missing_scope */
  async list(actor: Person): Promise<Session[]> {
    requireHuman(actor)
    return this.deps.store.reads.listSessions(actor.account.id, this.deps.clock.now())
  }

  /** Ends a session of the person on any device. @throws humans_only, missing_scope, session_not_found */
  async end(actor: Person, uuid: Uuid): Promise<void> {
    await this.deps.selfService.act(actor, async (tx, now) => {
      requireHuman(now)
      const session = await tx.session({ uuid })
      if (session?.accountId !== now.account.id) throw refusal('session_not_found')
      await this.remove(tx, now, now.account, session)
    })
  }

  /** Deletes a session and appends an event, so that its streams close on all servers. */
  async remove(tx: Writes, actor: Actor, account: Account, session: Session): Promise<void> {
    if (!(await endSession(tx, actor, account, session))) return
    const target = { type: 'session', id: session.uuid } as const
    await tx.audit(entryBy(actor, 'session.revoke', target, { account_id: account.uuid }))
  }

  /** Ends the actor's session. @throws logout_requires_session */
  async logout(actor: Person): Promise<void> {
    if (actor.via !== 'session') throw refusal('logout_requires_session')
    const { account, session } = actor
    await this.deps.transactions.run(actor, (tx) => this.remove(tx, actor, account, session))
  }

  /** Reports whether less than half of a session's life is left, so that its next use should extend it. */
  isAging(session: Session): boolean {
    const half = (this.lifetimeSeconds * MICROS_PER_SECOND) / 2
    return session.expiresAt - this.deps.clock.now() < half
  }

  /** Extends a session to its full lifetime, and returns that in seconds. */
  async renew(session: Session): Promise<number> {
    await this.deps.store.transact(async (tx) => {
      await tx.extendSession(session.id, this.endIn(this.lifetimeSeconds))
    })
    this.deps.directory.forgetSession(session.hash)
    return this.lifetimeSeconds
  }

  /** Uses the clock, as the check for expiry does. The time of the log does not go back when the clock does. */
  private endIn(seconds: number): Micros {
    return later(this.deps.clock.now(), seconds * MICROS_PER_SECOND)
  }

  private get lifetimeSeconds(): number {
    return (this.deps.settings.get('auth.session_days') * MICROS_PER_DAY) / MICROS_PER_SECOND
  }

  /** Treats every failure alike. An unknown handle is not recorded: it may be a password typed in the wrong field. */
  private async noteFailure(account: Account | undefined, client: Client): Promise<void> {
    const unwritten = this.failures.admit()
    if (unwritten === undefined) return
    const facts = unwritten === 0 ? {} : { not_recorded: unwritten }
    await this.deps.store.transact((tx) => tx.audit(loginEntry(null, account, client, 'login.failed', facts)))
  }

  /**
   * Counts a login attempt before the password is compared; a success takes it back. Returns the keys counted.
   * @throws login_throttled with `retry_after` in seconds
   */
  async countAttempt(handle: string, client: Client): Promise<readonly string[]> {
    const rate = this.deps.settings.get('rate.login')
    if (rate === null) return []
    const from = attemptsFrom(client)
    const limits = [
      // The handle is hashed: people type passwords there by mistake, and the key is stored.
      { key: `${from} ${this.deps.secrets.sha256(handle)}`, count: rate.count },
      { key: from, count: rate.count * ADDRESS_FACTOR },
    ]
    return this.deps.attempts.count(limits, rate.seconds, throttled)
  }
}

function throttled(retryAfter: number): AppError {
  return new AppError('rate_limited', 'login_throttled', 'Too many login attempts; wait and try again', {
    retry_after: retryAfter,
  })
}

/** A person who signs in has no credential yet. */
function loginEntry(
  by: Account | null,
  target: Account | undefined,
  client: Client,
  action: 'login.ok' | 'login.failed',
  metadata: AuditEntry['metadata'],
): AuditEntry {
  return {
    actorId: by?.id ?? null,
    tokenUuid: null,
    via: 'session',
    ip: client.address,
    action,
    targetType: target ? 'account' : null,
    targetId: target?.uuid ?? null,
    metadata,
  }
}
