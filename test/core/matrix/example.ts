// What the tests of Matrix rules share: the key, server and room of the contract's vectors.
import { type RoomVersion, roomVersion } from '../../../src/core/matrix'
import { ed25519Signer } from '../../../src/platform/matrix-signatures'

/** The seed of the specification's own test vectors. */
const seed = Buffer.from('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1', 'base64')

export const signer = ed25519Signer('ed25519:1', seed)
export const server = 'example.org'
export const system = '@system:example.org'
export const room = '!0197a1b2c3d47e5f8a6b0c1d2e3f4a5b:example.org'
export const ts = 1_795_235_400_000

/** A room version that this server knows. */
export function version(id: string): RoomVersion {
  const found = roomVersion(id)
  if (!found) throw new Error(`no room version ${id}`)
  return found
}
