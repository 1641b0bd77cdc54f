import { MICROS_PER_DAY } from '../kernel/time'
import type { JsonObject } from './canonical'
import type { SigningKey } from './key-ports'
import type { MatrixParts } from './parts'
import { type Signer, signJson } from './signing'

/** A key that can sign, and what others verify with. */
export type KeyPair = Signer & { readonly publicKey: string }

/** Makes and keeps Ed25519 keys. Seeds are sealed under the instance key. */
export interface KeyMaker {
  /** A new sealed seed. */
  newSeed(): string
  /** Seals a seed in base64. */
  sealSeed(seed: string): string
  /** The seed in base64 without padding. @throws Error for one that was sealed under another instance key */
  seedOf(seedSealed: string): string
  /** @throws Error for a seed that was sealed under another instance key */
  open(keyId: string, seedSealed: string): KeyPair
}

const VALID_DAYS = 7
const MICROS_PER_MS = 1000
const VERSION_LENGTH = 4

/** The signing keys of the homeserver. The first one is made at its first start. */
export class SigningKeys {
  private keys: readonly (SigningKey & { readonly pair: KeyPair })[] = []

  constructor(
    private readonly parts: Pick<MatrixParts, 'core' | 'store' | 'secrets' | 'serverName' | 'keyMaker'>,
  ) {}

  /** Reads the keys, and makes the first one. Call it before any other method, and after every change. */
  async open(): Promise<void> {
    const { store, keyMaker } = this.parts
    const known = await store.reads.matrix().signingKeys()
    const stored =
      known.length > 0
        ? known
        : await store.transact(async (tx) => {
            const matrix = tx.matrix()
            // Another replica may have made it.
            const now = await matrix.signingKeys()
            if (now.length > 0) return now
            return [await matrix.insertSigningKey({ keyId: this.newKeyId(), seedSealed: keyMaker.newSeed() })]
          })
    this.keys = stored.map((key) => ({ ...key, pair: keyMaker.open(key.keyId, key.seedSealed) }))
  }

  /** All keys, newest first. */
  get shown() {
    return this.keys.map(({ keyId, createdAt, expiredAt, pair: { publicKey } }) => ({
      ...{ keyId, publicKey, createdAt, expiredAt },
    }))
  }

  newKeyId(): string {
    const { secrets } = this.parts
    return `ed25519:a_${secrets.sha256(secrets.secret()).slice(0, VERSION_LENGTH)}`
  }

  /** The key that signs now. */
  get current(): KeyPair {
    const key = this.keys.find(({ expiredAt }) => expiredAt === null)
    if (!key) throw new Error('the homeserver has no signing key')
    return key.pair
  }

  /** Returns the signed document by which other servers learn the keys. Another replica may have changed them. */
  async document(): Promise<JsonObject> {
    await this.open()
    const { core, serverName } = this.parts
    const verify: Record<string, unknown> = {}
    const old: Record<string, unknown> = {}
    for (const { keyId, expiredAt, pair } of this.keys)
      if (expiredAt === null) verify[keyId] = { key: pair.publicKey }
      else old[keyId] = { key: pair.publicKey, expired_ts: Math.floor(expiredAt / MICROS_PER_MS) }
    const document = {
      server_name: serverName,
      valid_until_ts: Math.floor((core.clock.now() + VALID_DAYS * MICROS_PER_DAY) / MICROS_PER_MS),
      verify_keys: verify,
      old_verify_keys: old,
    }
    return { ...document, signatures: signJson(document, serverName, this.current) }
  }
}
