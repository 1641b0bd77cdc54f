import type { Administration } from '../../governance/administration'
import { entryBy } from '../../governance/audit'
import type { Actor } from '../../identity/actor'
import { AppError } from '../../kernel/errors'
import type { Micros } from '../../kernel/time'
import type { MatrixParts } from '../parts'
import type { RegistrationToken } from '../registration-ports'

export interface NewRegistrationToken {
  readonly token: string
  readonly usesAllowed: number | null
  readonly expiresAt: Micros | null
}

/** As in the specification of Matrix. */
const TOKEN = /^[A-Za-z0-9._~-]{1,64}$/

/** The tokens in the store that let somebody register. */
export class RegistrationTokenAdministration {
  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store'> & {
      readonly administration: Administration
    },
  ) {}

  /** By token; `after` is the last one of the previous page. */
  async list(
    actor: Actor,
    page: { readonly after: string; readonly limit: number },
  ): Promise<RegistrationToken[]> {
    this.parts.administration.check(actor)
    return this.parts.store.reads.matrix().listRegistrationTokens(page)
  }

  /** @throws invalid_registration_token for other characters, or an end in the past; registration_token_exists */
  create(actor: Actor, request: NewRegistrationToken): Promise<RegistrationToken> {
    const { administration, core } = this.parts
    const { token, usesAllowed, expiresAt } = request
    return administration.act(actor, async (tx) => {
      if (!TOKEN.test(token)) throw invalid('A registration token has 1 to 64 of A-Z a-z 0-9 . _ ~ -')
      if (expiresAt !== null && expiresAt <= core.clock.now())
        throw invalid('expires_at must be in the future')
      const matrix = tx.matrix()
      if (await matrix.registrationToken(token))
        throw new AppError(
          'conflict',
          'registration_token_exists',
          'There is a registration token of this name',
        )
      // Its name is the secret, so the entry does not have it.
      await tx.audit(entryBy(actor, 'matrix.registration_token.create', null, { uses_allowed: usesAllowed }))
      return matrix.insertRegistrationToken({ token, usesAllowed, expiresAt })
    })
  }

  /** @throws registration_token_not_found */
  async revoke(actor: Actor, token: string): Promise<void> {
    await this.parts.administration.act(actor, async (tx) => {
      if (!(await tx.matrix().deleteRegistrationToken(token)))
        throw new AppError('not_found', 'registration_token_not_found', 'There is no such registration token')
      await tx.audit(entryBy(actor, 'matrix.registration_token.revoke', null))
    })
  }
}

function invalid(message: string): AppError {
  return new AppError('invalid', 'invalid_registration_token', message)
}
