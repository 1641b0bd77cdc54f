import { entryBy } from '../../governance/audit'
import { hashPassword, requireStrong } from '../../identity/accounts'
import { type Actor, isListedAdmin } from '../../identity/actor'
import type { Client } from '../../identity/sessions'
import type { Account } from '../../kernel/entities'
import { RESERVED_HANDLES } from '../../kernel/limits'
import type { Writes } from '../../kernel/ports'
import { isName } from '../../kernel/text'
import type { JsonObject } from '../canonical'
import { matrixRefusal } from '../errors'
import { isLocalpart } from '../ids'
import type { MatrixParts } from '../parts'
import type { Users } from '../users'
import type { SessionRequest } from './device-sessions'
import type { Interactive, Stage } from './interactive'
import type { DeviceLogin, Logins } from './login'
import type { ShortSecrets } from './short-secrets'

/** What somebody asks who registers. Absent members are chosen by the server. */
export interface RegistrationRequest {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly session: SessionRequest
  /** Whether the answer is the user alone, without a session. */
  readonly inhibitLogin: boolean
}

/** A new account, made by somebody who knows the secret of the configuration. */
export interface SharedRegistration {
  readonly nonce: string
  readonly username: string
  readonly password: string
  readonly admin: boolean
  readonly userType?: string | undefined
  readonly displayName?: string | undefined
  /** Hex. */
  readonly mac: string
}

interface NewUser {
  readonly localpart: string
  readonly password: string
  readonly displayName?: string | undefined
  readonly isAdmin?: boolean
}

type CheckedUser = Required<Omit<NewUser, 'password' | 'displayName'>> & {
  readonly displayName: string
  readonly passwordHash: string
}

const GENERATED_LENGTH = 12
const NONCE_SECONDS = 60

/** Registers accounts over Matrix. */
export class Registration {
  constructor(
    private readonly parts: Pick<
      MatrixParts,
      | 'core'
      | 'store'
      | 'secrets'
      | 'passwords'
      | 'serverName'
      | 'registrationSecret'
      | 'hmacSha1'
      | 'announce'
    >,
    private readonly deps: {
      readonly users: Users
      readonly interactive: Interactive
      readonly logins: Logins
      readonly shortSecrets: ShortSecrets
    },
  ) {}

  /** Whether accounts are made with a secret of the configuration. */
  get hasSecret(): boolean {
    return this.parts.registrationSecret !== undefined
  }

  /**
   * Checks that a user name could be registered, whether or not registration is open.
   * @throws M_INVALID_USERNAME, M_USER_IN_USE; login_throttled
   */
  async checkAvailable(username: string, client: Client): Promise<void> {
    await this.parts.core.sessions.countAttempt('matrix register available', client)
    await this.requireFree(this.legalName(username))
  }

  /**
   * Registers an account, after the stage that `matrix.registration` requires. `parameters` and `auth`: the body.
   * @throws M_FORBIDDEN while registration is closed; M_INVALID_USERNAME, M_USER_IN_USE, M_WEAK_PASSWORD before and after
   *   the stage; as `Interactive.pass`
   */
  async register(
    body: { readonly parameters: JsonObject; readonly auth: unknown },
    requestIn: (parameters: JsonObject) => RegistrationRequest,
    client: Client,
  ): Promise<DeviceLogin | { readonly userId: string }> {
    const stage = this.stage()
    const { interactive } = this.deps
    // Every request writes to the store, so all of an address are counted.
    await this.parts.core.sessions.countAttempt('matrix register', client)
    // The parameters of the first request count, so an unusable one is refused before it is remembered.
    await this.check(requestIn(body.parameters), body.auth)
    const passed = await interactive.pass({ account: null, what: 'register', ...body, stage, client })
    const request = requestIn(passed.parameters)
    if (passed.registered !== null) return this.again(passed.registered, request, client)
    const localpart = request.username === undefined ? this.generated() : this.legalName(request.username)
    if (request.password === undefined) throw matrixRefusal('M_MISSING_PARAM', 'The body needs password')
    const user = { localpart, password: request.password }
    return this.insert(user, request, client, (tx, account) => passed.finish(tx, account))
  }

  /** Returns a nonce for one registration with the secret. @throws login_throttled */
  async nonce(client: Client): Promise<string> {
    const { shortSecrets } = this.deps
    await this.parts.core.sessions.countAttempt('matrix nonce', client)
    return this.parts.store.transact((tx) => shortSecrets.make(tx, 'nonce', { seconds: NONCE_SECONDS }))
  }

  /**
   * Registers an account for somebody who proves to know the secret.
   * @throws M_INVALID_PARAM for an unknown nonce, M_FORBIDDEN for a wrong MAC; as `register`; login_throttled
   */
  async withSecret(request: SharedRegistration, client: Client): Promise<DeviceLogin | { userId: string }> {
    const { core, store, secrets, hmacSha1, registrationSecret } = this.parts
    if (registrationSecret === undefined) throw new Error('there is no secret to register with')
    const { nonce, username, password, admin, userType, displayName, mac } = request
    await core.sessions.countAttempt('matrix shared registration', client)
    const known = await store.transact((tx) => this.deps.shortSecrets.take(tx, 'nonce', nonce))
    if (!known) throw matrixRefusal('M_INVALID_PARAM', 'This nonce is unknown, used or expired')
    const words = [
      nonce,
      username,
      password,
      admin ? 'admin' : 'notadmin',
      ...(userType === undefined ? [] : [userType]),
    ]
    // Hashes are compared, so that the time tells nothing of the MAC.
    const expected = secrets.sha256(hmacSha1(registrationSecret, words.join('\0')))
    if (secrets.sha256(mac.toLowerCase()) !== expected) throw matrixRefusal('M_FORBIDDEN', 'Wrong MAC')
    const user = { localpart: this.legalName(username), password, displayName, isAdmin: admin }
    return this.insert(user, { session: { renewable: false }, inhibitLogin: false }, client, async () => {})
  }

  /**
   * Makes an account for an administrator, whatever the settings say. `act` runs its transaction.
   * @throws M_INVALID_USERNAME, M_USER_IN_USE, weak_password, quota_exceeded
   */
  async byAdministrator(
    actor: Actor,
    { username, ...user }: Omit<NewUser, 'localpart'> & { readonly username: string },
    act: (work: (tx: Writes) => Promise<Account>) => Promise<Account>,
  ): Promise<Account> {
    const checked = await this.checked({ ...user, localpart: this.legalName(username) })
    return act(async (tx) => (await this.insertIn(tx, actor, checked)).account)
  }

  /** @throws M_FORBIDDEN while registration is closed */
  private stage(): Stage {
    switch (this.parts.core.settings.get('matrix.registration')) {
      case 'closed':
        throw matrixRefusal('M_FORBIDDEN', 'Registration is closed on this server')
      case 'token':
        return 'm.login.registration_token'
      case 'open':
        return 'm.login.dummy'
    }
  }

  /** Checks what can be checked before the stage. The name of a registration that is repeated is taken. */
  private async check({ username, password }: RegistrationRequest, auth: unknown): Promise<void> {
    if (password !== undefined) requireStrong(password, this.parts.core.settings)
    if (username === undefined) return
    const localpart = this.legalName(username)
    if (auth === undefined) await this.requireFree(localpart)
  }

  /** @throws M_INVALID_USERNAME */
  private legalName(username: string): string {
    const localpart = username.toLowerCase()
    if (!isLocalpart(localpart, this.parts.serverName))
      throw matrixRefusal(
        'M_INVALID_USERNAME',
        'A user name has a-z, 0-9 and . _ = / + - and, with the server name, at most 255 bytes',
      )
    if (RESERVED_HANDLES.has(localpart))
      throw matrixRefusal('M_INVALID_USERNAME', 'This user name is reserved')
    return localpart
  }

  /** @throws M_USER_IN_USE */
  private async requireFree(localpart: string, reads = this.parts.store.reads): Promise<void> {
    const isTaken =
      (await reads.matrix().user({ localpart })) !== undefined ||
      (await reads.account({ handle: localpart })) !== undefined
    if (isTaken) throw matrixRefusal('M_USER_IN_USE', 'This user name is taken')
  }

  private generated(): string {
    const { secrets } = this.parts
    return `user-${secrets.sha256(secrets.secret()).slice(0, GENERATED_LENGTH)}`
  }

  /** Answers a registration that was completed before: the same user, in a new session. */
  private again(
    accountId: number,
    request: RegistrationRequest,
    client: Client,
  ): Promise<DeviceLogin | { readonly userId: string }> {
    return this.parts.store.transact(async (tx) => {
      const account = await tx.account({ id: accountId })
      if (account?.archivedAt !== null)
        throw matrixRefusal('M_FORBIDDEN', 'This account has been deactivated')
      return this.begin(tx, account, request, client)
    })
  }

  private async insert(
    user: NewUser,
    request: RegistrationRequest,
    client: Client,
    finish: (tx: Writes, account: Account) => Promise<void>,
  ): Promise<DeviceLogin | { readonly userId: string }> {
    const { store, announce } = this.parts
    const checked = await this.checked(user)
    const { result, account, isFirst } = await store.transact(async (tx) => {
      const { account, isFirst } = await this.insertIn(tx, null, checked)
      await finish(tx, account)
      return { result: await this.begin(tx, account, request, client), account, isFirst }
    })
    if (isFirst)
      announce('the first person registered over Matrix and is a system admin now', {
        account_id: account.uuid,
      })
    return result
  }

  /** Checks a new user before its transaction, and hashes its password. */
  private async checked({
    localpart,
    password,
    displayName = localpart,
    isAdmin = false,
  }: NewUser): Promise<CheckedUser> {
    const { core, passwords } = this.parts
    requireStrong(password, core.settings)
    if (!isName(displayName))
      throw matrixRefusal('M_INVALID_PARAM', 'The display name is not one line of text')
    await this.requireFree(localpart)
    const passwordHash = await hashPassword(password, passwords, core.settings)
    return { localpart, displayName, isAdmin, passwordHash }
  }

  /** Makes the account and its user. While no person administers, this one does. */
  private async insertIn(
    tx: Writes,
    actor: Actor | null,
    { localpart, displayName, isAdmin, passwordHash }: CheckedUser,
  ): Promise<{ readonly account: Account; readonly isFirst: boolean }> {
    const { accounts, settings } = this.parts.core
    await this.requireFree(localpart, tx)
    const isFirst = !(await tx.humansWithPassword()).some((one) => isListedAdmin(one, settings))
    const account = await accounts.insert(tx, actor, {
      kind: 'human',
      handle: localpart,
      displayName,
      email: null,
      passwordHash,
      isAdmin: isAdmin || (isFirst && actor === null),
    })
    if (account.isAdmin) {
      const target = { type: 'account', id: account.uuid } as const
      await tx.audit(entryBy(actor, 'account.admin', target, { is_admin: true, first: isFirst }))
    }
    await tx.matrix().insertUser({ accountId: account.id, localpart, origin: 'matrix' })
    return { account, isFirst }
  }

  private async begin(
    tx: Writes,
    account: Account,
    { session, inhibitLogin }: RegistrationRequest,
    client: Client,
  ): Promise<DeviceLogin | { readonly userId: string }> {
    if (!inhibitLogin) return this.deps.logins.begin(tx, account, session, client)
    const { localpart } = await this.deps.users.ensure(tx, account)
    return { userId: this.deps.users.idWith(localpart) }
  }
}
