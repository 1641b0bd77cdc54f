/**
 * How people and agents sign in over Matrix: accounts, devices, sessions of devices and their tokens, and the
 * interactive authentication of acts that need more than a token. Imports the core alone.
 * Start reading here, then device-sessions.ts and devices.ts.
 */
import type { Client } from '../../identity/sessions'
import type { Account } from '../../kernel/entities'
import { AppError } from '../../kernel/errors'
import type { Writes } from '../../kernel/ports'
import { matrixRefusal } from '../errors'
import type { MatrixParts } from '../parts'
import type { Users } from '../users'
import type { DeviceSessions, NewDeviceSession, SessionRequest } from './device-sessions'
import type { ShortSecrets } from './short-secrets'

/** A sign-in of a device. */
export interface DeviceLogin extends NewDeviceSession {
  readonly userId: string
}

/** Signs devices in. */
export class Logins {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'>,
    private readonly users: Users,
    private readonly sessions: DeviceSessions,
    private readonly shortSecrets: ShortSecrets,
  ) {}

  /**
   * Signs in with the password of a person. Unknown users, wrong passwords and agents are refused in the same words
   * after the same time.
   * @throws M_FORBIDDEN; M_USER_DEACTIVATED for the right password of an archived account; login_throttled
   */
  async withPassword(
    user: string,
    password: string,
    request: SessionRequest,
    client: Client,
  ): Promise<DeviceLogin> {
    const { core } = this.parts
    if (!core.settings.get('matrix.password_login'))
      throw matrixRefusal('M_FORBIDDEN', 'Passwords are not accepted here: matrix.password_login is off')
    const account = await this.users.find(user)
    // A handle that no account can have: the time is the same, and the text may be a password.
    const handle = account?.handle ?? `\n${user}`
    try {
      return await core.sessions.signIn(
        { handle },
        password,
        client,
        async (tx, found) => {
          const result = await this.begin(tx, found, request, client)
          return { session: result.session, result }
        },
        { tellsArchived: true },
      )
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.reason === 'account_unavailable')
        throw matrixRefusal('M_USER_DEACTIVATED', 'This account has been deactivated')
      if (error.reason === 'invalid_credentials')
        throw matrixRefusal('M_FORBIDDEN', 'Wrong user name or password')
      throw error
    }
  }

  /** Signs in with a login token. @throws M_FORBIDDEN for one that is unknown, used or expired */
  async withToken(token: string, request: SessionRequest, client: Client): Promise<DeviceLogin> {
    const { core, store } = this.parts
    const name = `matrix login token`
    const attempt = await core.sessions.countAttempt(name, client)
    const login = await store.transact(async (tx) => {
      const found = await this.shortSecrets.take(tx, 'login', token)
      const account = found?.accountId == null ? undefined : await tx.account({ id: found.accountId })
      if (account?.archivedAt !== null) return undefined
      await tx.forgetAttempts(attempt)
      return this.begin(tx, account, request, client)
    })
    if (!login) throw matrixRefusal('M_FORBIDDEN', 'This login token is unknown, used or expired')
    return login
  }

  /** Signs an account in, in the transaction of another act. */
  async begin(tx: Writes, account: Account, request: SessionRequest, client: Client): Promise<DeviceLogin> {
    const { localpart } = await this.users.ensure(tx, account)
    const session = await this.sessions.begin(tx, account, request, client)
    return { ...session, userId: this.users.idWith(localpart) }
  }
}
