import { AppError } from '../kernel/errors'
import type { Store } from '../kernel/ports'
import type { ConfigSyncActor } from './actor'
import { syncEntry } from './audit'
import type { Keypair, StoredKeypair } from './ports'
import { requireBytes, requireSealed, unprocessable } from './sealed'
import type { UserActs } from './user-acts'

const PUBLIC_KEY_BYTES = 32
const ENCRYPTED_PRIVATE_KEY_BYTES = 60
const SALT_BYTES = 32
const [LEAST_ITERATIONS, MOST_ITERATIONS] = [100_000, 10_000_000]

/** The key pair of a user. All keys of entities are wrapped for it, so it is never replaced. */
export class Keypairs {
  constructor(
    private readonly store: Pick<Store, 'reads'>,
    private readonly acts: UserActs,
  ) {}

  find(actor: ConfigSyncActor): Promise<StoredKeypair | undefined> {
    return this.store.reads.configsync.keypair(actor.userId)
  }

  /**
   * Stores the key pair. The same one again changes nothing; returns whether it was stored now.
   * @throws keypair_exists for another one; bad_base64, unprocessable
   */
  async set(actor: ConfigSyncActor, keypair: Keypair): Promise<boolean> {
    requireBytes('public_key', keypair.publicKey, PUBLIC_KEY_BYTES)
    requireSealed('encrypted_private_key', keypair.encryptedPrivateKey, ENCRYPTED_PRIVATE_KEY_BYTES)
    requireBytes('kek_salt', keypair.kekSalt, SALT_BYTES)
    const { kekIterations, keyAlgorithm } = keypair
    if (kekIterations < LEAST_ITERATIONS || kekIterations > MOST_ITERATIONS)
      throw unprocessable(`kek_iterations is ${LEAST_ITERATIONS} to ${MOST_ITERATIONS}`)
    if (keyAlgorithm !== 'x25519') throw unprocessable('key_algorithm is x25519')
    return this.acts.write(actor, async (tx, user) => {
      const stored = await tx.configsync.keypair(user.id)
      if (stored) {
        if (isSame(stored, keypair)) return false
        throw new AppError(
          'conflict',
          'keypair_exists',
          'a keypair already exists; another one would make every stored key useless',
        )
      }
      await tx.configsync.insertKeypair(user.id, keypair)
      await tx.configsync.insertAudit([syncEntry(actor, 'key.set', 'keypair')])
      return true
    })
  }
}

function isSame(one: Keypair, other: Keypair): boolean {
  return (
    one.publicKey === other.publicKey &&
    one.encryptedPrivateKey === other.encryptedPrivateKey &&
    one.kekSalt === other.kekSalt &&
    one.kekIterations === other.kekIterations &&
    one.keyAlgorithm === other.keyAlgorithm &&
    one.kekAlgorithm === other.kekAlgorithm &&
    one.keyVersion === other.keyVersion
  )
}
