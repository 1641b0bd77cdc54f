import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { OperatorError } from '../core/kernel/operator-error'
import { errorCode } from './home-error'

/** The paths of a certificate and its key. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** A certificate with its chain, and its key, both in PEM. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
  /** The certificate of the server comes first. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]]
}

/** A handshake with a shorter key always fails. */
const LEAST_RSA_BITS = 1024

/** Reads a certificate and its key. @throws OperatorError `refused` if they are unusable or do not match */
export function readTls({ cert: certPath, key: keyPath }: TlsFiles): TlsPair {
  const cert = readText(certPath)
  const key = readText(keyPath)
  const chain = certificatesIn(cert, certPath)
  const privateKey = privateKeyIn(key, keyPath)
  if (!chain[0].checkPrivateKey(privateKey))
    throw new OperatorError(
      'refused',
      `the key ${keyPath} does not belong to the certificate ${certPath}`,
      'name the two that were made together, the certificate of the server first in its file',
    )
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? LEAST_RSA_BITS
  if (bits < LEAST_RSA_BITS || !isUsable(cert, key))
    throw new OperatorError(
      'refused',
      `the certificate ${certPath} and its key cannot be served`,
      'have them made anew: a key for ECDSA P-256, or for RSA with 2048 bits',
    )
  return { cert, key, chain }
}

function certificatesIn(pem: string, path: string): TlsPair['chain'] {
  try {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    const [own, ...others] = blocks.map((block) => new X509Certificate(block))
    if (own) return [own, ...others]
  } catch {
    // Reported below.
  }
  throw new OperatorError('refused', `${path} holds no certificate`, 'give --tls-cert a file in PEM')
}

function privateKeyIn(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    // The error of the library is not passed on: it may quote the key.
    if (/ENCRYPTED/.test(pem))
      throw new OperatorError(
        'refused',
        `the key ${path} is encrypted`,
        `openssl pkey -in ${path} -out <file>`,
      )
    throw new OperatorError(
      'refused',
      `${path} holds no private key that this program can use`,
      'give --tls-key a file in PEM, unencrypted',
    )
  }
}

function isUsable(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key })
    return true
  } catch {
    return false
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new OperatorError(
      'refused',
      `${path} cannot be read (${errorCode(error)})`,
      'correct the path, or let the user of the server read it',
    )
  }
}
