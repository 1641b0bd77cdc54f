import type { Writes } from '../../kernel/ports'
import { later, MICROS_PER_SECOND } from '../../kernel/time'
import type { JsonObject } from '../canonical'
import type { MatrixParts } from '../parts'
import type { SecretKind, ShortSecret } from '../secret-ports'

/** Expired secrets that one act deletes, so that they do not pile up. */
const SLICE = 100

/** Secrets that live for minutes. The store keeps their hashes. */
export class ShortSecrets {
  constructor(private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'secrets'>) {}

  /** Makes a secret in the transaction of another act. */
  async make(
    tx: Writes,
    kind: SecretKind,
    {
      accountId = null,
      json = {},
      seconds,
    }: { accountId?: number | null; json?: JsonObject; seconds: number },
  ): Promise<string> {
    const { core, secrets } = this.parts
    const secret = secrets.secret()
    const now = core.clock.now()
    await this.deleteExpired(tx)
    const expiresAt = later(now, seconds * MICROS_PER_SECOND)
    await tx.matrix().insertShortSecret({ hash: secrets.sha256(secret), kind, accountId, json, expiresAt })
    return secret
  }

  /** Returns a secret that has not expired. */
  async find(kind: SecretKind, secret: string): Promise<ShortSecret | undefined> {
    const { store, secrets } = this.parts
    return this.valid(kind, await store.reads.matrix().shortSecret(secrets.sha256(secret)))
  }

  /** The same in a transaction. */
  async findIn(tx: Writes, kind: SecretKind, secret: string): Promise<ShortSecret | undefined> {
    return this.valid(kind, await tx.matrix().shortSecret(this.parts.secrets.sha256(secret)))
  }

  /** Deletes a secret and returns it, unless it has expired: it is good for one use. */
  async take(tx: Writes, kind: SecretKind, secret: string): Promise<ShortSecret | undefined> {
    if (!(await this.findIn(tx, kind, secret))) return undefined
    return tx.matrix().takeShortSecret(this.parts.secrets.sha256(secret))
  }

  private valid(kind: SecretKind, found: ShortSecret | undefined): ShortSecret | undefined {
    return found?.kind === kind && found.expiresAt > this.parts.core.clock.now() ? found : undefined
  }

  /** Deletes expired secrets. Registrations that were not completed no longer hold a use of their token. */
  private async deleteExpired(tx: Writes): Promise<void> {
    const expired = await tx.matrix().takeExpiredSecrets(this.parts.core.clock.now(), SLICE)
    for (const { json } of expired)
      if (typeof json.token === 'string') await tx.matrix().countRegistration(json.token, { pending: -1 })
  }
}
