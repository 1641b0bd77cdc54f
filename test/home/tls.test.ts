import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { readTls } from '../../src/home'
import { openssl, selfSigned } from '../support/certificate'
import { temporaryDirectory, thrownBy } from './temporary'

test('a certificate and its key are loaded', () => {
  using here = temporaryDirectory()
  expect(readTls(selfSigned(here.path))).toMatchObject({
    cert: expect.stringContaining('BEGIN CERTIFICATE'),
    key: expect.stringContaining('PRIVATE KEY'),
  })
})

test('files that are not a matching pair are refused, and the error does not quote the key', () => {
  using here = temporaryDirectory()
  const files = selfSigned(here.path)
  const other = selfSigned(here.path, 'other')
  const junk = join(here.path, 'junk.pem')
  writeFileSync(junk, 'a secret that is no key')
  const encrypted = join(here.path, 'encrypted.pem')
  openssl('pkey', '-in', files.key, '-aes256', '-passout', 'pass:secret', '-out', encrypted)
  const short = { cert: join(here.path, 'short.crt'), key: join(here.path, 'short.key') }
  const [keyOut, certOut] = [
    ['-keyout', short.key],
    ['-out', short.cert],
  ]
  openssl('req', '-x509', '-newkey', 'rsa:512', '-nodes', ...keyOut, ...certOut, '-subj', '/CN=localhost')
  const rows: [typeof files, string][] = [
    [{ ...files, key: other.key }, 'does not belong to'],
    [{ ...files, key: files.cert }, 'holds no private key'],
    [{ ...files, cert: files.key }, 'holds no certificate'],
    [{ ...files, key: junk }, 'holds no private key'],
    [{ ...files, key: encrypted }, 'is encrypted'],
    [short, 'cannot be served'],
    [{ ...files, cert: join(here.path, 'absent.pem') }, 'cannot be read (ENOENT)'],
  ]
  for (const [pair, part] of rows) {
    const error = thrownBy(() => readTls(pair))
    expect(error).toBeInstanceOf(OperatorError)
    expect(error).toMatchObject({ kind: 'refused', message: expect.stringContaining(part) })
    expect(String(error)).not.toContain('a secret')
  }
})
