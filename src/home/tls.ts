import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { errorCode, HomeError } from './home-error'

/** Where certificate and key lie. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** A certificate, the chain behind it and its key, in PEM. */
export interface TlsPair {
  readonly cert: string
  readonly key: string
  /** Lines to log. */
  readonly notices: readonly string[]
}

/** Reads certificate and key. @throws HomeError `refused` when one cannot be read, or they do not belong together */
export function readTls({ cert: certPath, key: keyPath }: TlsFiles, now = Date.now()): TlsPair {
  const cert = readText(certPath)
  const key = readText(keyPath)
  const certificate = certificateIn(cert, certPath)
  if (!certificate.checkPrivateKey(privateKeyIn(key, keyPath)))
    throw new HomeError(
      'refused',
      `the key ${keyPath} does not belong to the certificate ${certPath}`,
      'name the two that were made together, the certificate of the server first in its file',
    )
  const ends = Date.parse(certificate.validTo)
  const notices = ends < now ? [`the certificate ${certPath} has expired on ${certificate.validTo}`] : []
  return { cert, key, notices }
}

function certificateIn(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw new HomeError('refused', `${path} holds no certificate`, 'give --tls-cert a file in PEM')
  }
}

function privateKeyIn(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    // The error of the library may quote what it read.
    throw new HomeError(
      'refused',
      `${path} holds no private key`,
      'give --tls-key a file in PEM, unencrypted',
    )
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new HomeError(
      'refused',
      `${path} cannot be read (${errorCode(error)})`,
      'correct the path, or let the user of the server read it',
    )
  }
}
