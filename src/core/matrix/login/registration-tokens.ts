import type { Client } from '../../identity/sessions'
import type { Writes } from '../../kernel/ports'
import type { MatrixParts } from '../parts'
import type { RegistrationToken } from '../registration-ports'

/** The tokens that let somebody register: the one of the configuration, and those in the store. */
export class RegistrationTokens {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'secrets' | 'registrationToken'>,
  ) {}

  /** Reports whether somebody could register with a token now. Wrong guesses count as sign-ins. @throws login_throttled */
  async isValid(token: string, client: Client): Promise<boolean> {
    const { core, store } = this.parts
    const attempt = await core.sessions.countAttempt('matrix registration token', client)
    const isGood =
      this.isConfigured(token) || this.isUsable(await store.reads.matrix().registrationToken(token))
    if (isGood && attempt.length > 0) await store.transact((tx) => tx.forgetAttempts(attempt))
    return isGood
  }

  /** Reserves a use for a registration under way; false if none is left. */
  async hold(tx: Writes, token: string): Promise<boolean> {
    if (this.isConfigured(token)) return true
    if (!this.isUsable(await tx.matrix().registrationToken(token))) return false
    await tx.matrix().countRegistration(token, { pending: 1 })
    return true
  }

  /** Counts the use that was reserved. */
  async use(tx: Writes, token: string): Promise<void> {
    await tx.matrix().countRegistration(token, { pending: -1, completed: 1 })
  }

  private isConfigured(token: string): boolean {
    const { registrationToken, secrets } = this.parts
    // Hashes are compared, so that the time tells nothing of the token.
    return registrationToken !== undefined && secrets.sha256(registrationToken) === secrets.sha256(token)
  }

  private isUsable(found: RegistrationToken | undefined): boolean {
    if (!found) return false
    const { usesAllowed, pending, completed, expiresAt } = found
    if (expiresAt !== null && expiresAt <= this.parts.core.clock.now()) return false
    return usesAllowed === null || pending + completed < usesAllowed
  }
}
