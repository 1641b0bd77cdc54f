import type { Administration } from '../../governance/administration'
import { entryBy } from '../../governance/audit'
import type { Actor } from '../../identity/actor'
import { AppError } from '../../kernel/errors'
import type { Micros } from '../../kernel/time'
import type { MatrixParts } from '../parts'
import type { SigningKeys } from '../signing-keys'

/** A signing key as administrators see it. */
export interface ShownKey {
  readonly keyId: string
  readonly publicKey: string
  readonly createdAt: Micros
  /** From then on it signs no more. Null: it signs. */
  readonly expiredAt: Micros | null
}

/** A line of a key file as other homeservers write it: `ed25519 a_Xy12 <seed in base64>`. */
const KEY_LINE = /^ed25519\s+([A-Za-z0-9_]{1,64})\s+([A-Za-z0-9+/]{43}=?)$/

/** The keys with which this server signs. */
export class KeyAdministration {
  constructor(
    private readonly parts: Pick<MatrixParts, 'store' | 'keyMaker'> & {
      readonly administration: Administration
      readonly signingKeys: SigningKeys
    },
  ) {}

  /** Newest first. */
  async list(actor: Actor): Promise<readonly ShownKey[]> {
    this.parts.administration.check(actor)
    await this.parts.signingKeys.open()
    return this.parts.signingKeys.shown
  }

  /** Makes a new key, which signs from now on. Others go on verifying what the earlier ones signed. */
  rotate(actor: Actor): Promise<readonly ShownKey[]> {
    const { keyMaker, signingKeys } = this.parts
    return this.replace(actor, 'matrix.key.rotate', {
      keyId: signingKeys.newKeyId(),
      seedSealed: keyMaker.newSeed(),
    })
  }

  /**
   * Signs from now on with a key of another homeserver, whose name this server has. `text`: its key file.
   * @throws invalid_key_file for what is no key, key_exists
   */
  async adopt(actor: Actor, text: string): Promise<readonly ShownKey[]> {
    const [, version, seed] = KEY_LINE.exec(text.trim()) ?? []
    if (version === undefined || seed === undefined)
      throw new AppError(
        'invalid',
        'invalid_key_file',
        'The file must have one line: ed25519 <version> <seed in base64>',
      )
    const keyId = `ed25519:${version}`
    return this.replace(actor, 'matrix.key.import', {
      keyId,
      seedSealed: this.parts.keyMaker.sealSeed(seed),
    })
  }

  /** Returns the key that signs, in the form that `adopt` reads. */
  export(actor: Actor): Promise<{ readonly keyId: string; readonly text: string }> {
    const { administration, keyMaker, signingKeys } = this.parts
    return administration.act(actor, async (tx) => {
      const keys = await tx.matrix().signingKeys()
      const key = keys.find(({ expiredAt }) => expiredAt === null)
      if (!key) throw new Error('the homeserver has no signing key')
      await tx.audit(entryBy(actor, 'matrix.key.export', { type: 'key', id: key.keyId }))
      await signingKeys.open()
      const version = key.keyId.slice(key.keyId.indexOf(':') + 1)
      return { keyId: key.keyId, text: `ed25519 ${version} ${keyMaker.seedOf(key.seedSealed)}\n` }
    })
  }

  private async replace(
    actor: Actor,
    action: 'matrix.key.rotate' | 'matrix.key.import',
    key: { readonly keyId: string; readonly seedSealed: string },
  ): Promise<readonly ShownKey[]> {
    const { administration, signingKeys } = this.parts
    await administration.act(actor, async (tx) => {
      const matrix = tx.matrix()
      const known = await matrix.signingKeys()
      if (known.some(({ keyId }) => keyId === key.keyId))
        throw new AppError('conflict', 'key_exists', `This server has or had the key ${key.keyId} already`)
      for (const { keyId, expiredAt } of known) if (expiredAt === null) await matrix.retireSigningKey(keyId)
      await matrix.insertSigningKey(key)
      await tx.audit(entryBy(actor, action, { type: 'key', id: key.keyId }))
    })
    await signingKeys.open()
    return signingKeys.shown
  }
}
