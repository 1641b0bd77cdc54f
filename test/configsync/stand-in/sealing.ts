/**
 * The encryption of the stand-in. Sizes and bindings are those of the released clients: a key encrypted with a password
 * has 60 bytes, a wrapped key 80, and a sealed value is the nonce, the tag and the ciphertext.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  pbkdf2Sync,
  randomBytes,
} from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const PUBLIC_KEY_BYTES = 32
/** What comes before the 32 bytes of a key in DER. */
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex')
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex')

export interface Keys {
  readonly publicKey: Buffer
  readonly privateKey: Buffer
}

export function passwordKey(password: string, salt: Buffer, iterations: number): Buffer {
  return pbkdf2Sync(password, salt, iterations, 32, 'sha256')
}

/** `bound`: what the value belongs to. It can be opened only with the same. */
export function seal(plain: Uint8Array, key: Buffer, bound = ''): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound))
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
}

/** @throws Error if the key or the binding is another one, or a byte was changed */
export function open(sealed: Buffer, key: Buffer, bound = ''): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(bound))
    .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
}

export function newKeys(): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('x25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return {
    publicKey: publicKey.subarray(PUBLIC_DER.length),
    privateKey: privateKey.subarray(PRIVATE_DER.length),
  }
}

/** Wraps a key so that only the owner of the private key can open it: a public key (32) and a box (48). */
export function wrap(key: Buffer, to: Buffer): Buffer {
  const once = newKeys()
  const shared = sharedKey(once.privateKey, to, once.publicKey)
  // A shared key is used once, so its nonce may be fixed.
  const cipher = createCipheriv('chacha20-poly1305', shared, Buffer.alloc(NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  const box = Buffer.concat([cipher.update(key), cipher.final()])
  return Buffer.concat([once.publicKey, cipher.getAuthTag(), box])
}

export function unwrap(wrapped: Buffer, { privateKey }: Keys): Buffer {
  const sender = wrapped.subarray(0, PUBLIC_KEY_BYTES)
  const tag = wrapped.subarray(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES + TAG_BYTES)
  const shared = sharedKey(privateKey, sender, sender)
  const decipher = createDecipheriv('chacha20-poly1305', shared, Buffer.alloc(NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  }).setAuthTag(tag)
  return Buffer.concat([decipher.update(wrapped.subarray(PUBLIC_KEY_BYTES + TAG_BYTES)), decipher.final()])
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function sharedKey(own: Buffer, other: Buffer, salt: Buffer): Buffer {
  const der = { format: 'der' } as const
  const privateKey = createPrivateKey({ key: Buffer.concat([PRIVATE_DER, own]), ...der, type: 'pkcs8' })
  const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC_DER, other]), ...der, type: 'spki' })
  return Buffer.from(hkdfSync('sha256', diffieHellman({ privateKey, publicKey }), salt, 'wrap', 32))
}
