import { describe, expect, test } from 'bun:test'
import { createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { didKey, ensureInstanceKey, parseInstanceKey } from '../../src/home'
import { startChild } from './child'
import { temporaryDirectory, thrownBy } from './temporary'

const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const DID = 'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw'

function pemOf(seed: string): string {
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex')
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

describe('the DID', () => {
  test('the DID of the RFC 8032 test key is the one in the did:key specification', () => {
    const key = parseInstanceKey(pemOf(SEED), 'test')
    expect(key.did).toBe(DID)
    expect(key.seed().toString('hex')).toBe(SEED)
  })

  test('the DID of a key keeps the leading zeros of the key', () => {
    expect(didKey(new Uint8Array(32))).toBe(`did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP`)
  })
})

describe('the instance key', () => {
  test('the instance key is created once, as PKCS#8 PEM with mode 0600, and no temporary file remains', () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'instance.ed25519')
    const created = ensureInstanceKey(path)
    const text = readFileSync(path, 'utf8')
    expect(text).toStartWith('-----BEGIN PRIVATE KEY-----\n')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory.path)).toEqual(['instance.ed25519'])
    expect(ensureInstanceKey(path).did).toBe(created.did)
    expect(readFileSync(path, 'utf8')).toBe(text)
    expect(created.did).toStartWith('did:key:z6Mk')
  })

  test('the instance key signs data', () => {
    using directory = temporaryDirectory()
    const { privateKey } = ensureInstanceKey(join(directory.path, 'key'))
    const data = Buffer.from('hello')
    expect(verify(null, data, privateKey, sign(null, data, privateKey))).toBe(true)
  })

  test('the instance key shows only its DID when it is printed or serialised', () => {
    const key = parseInstanceKey(pemOf(SEED), 'test')
    expect(JSON.parse(JSON.stringify({ key }))).toEqual({ key: { did: DID } })
    expect(inspect(key, { showHidden: true, depth: 9 })).not.toContain(key.seed().toString('base64url'))
  })

  test.each([0o400, 0o640, 0o604, 0o644, 0o660, 0o700])(
    'an instance key with mode %o is refused and not changed',
    (mode) => {
      using directory = temporaryDirectory()
      const path = join(directory.path, 'key')
      writeFileSync(path, pemOf(SEED))
      chmodSync(path, mode)
      expect(thrownBy(() => ensureInstanceKey(path))).toMatchObject({ kind: 'refused' })
      expect(readFileSync(path, 'utf8')).toBe(pemOf(SEED))
    },
  )

  const others: [string, string][] = [
    ['an empty file', ''],
    ['text', 'hello'],
    ['half a key', pemOf(SEED).slice(0, 60)],
    ['an RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)],
    ['an X25519 key', pem(generateKeyPairSync('x25519').privateKey)],
    [
      'a public key',
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
    ['an encrypted key', encrypted()],
  ]
  test.each(others)('an instance key file that holds %s is refused and not changed', (_, text) => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'key')
    writeFileSync(path, text, { mode: 0o600 })
    const error = thrownBy(() => ensureInstanceKey(path))
    expect(error).toBeInstanceOf(OperatorError)
    expect(error).toMatchObject({ kind: 'refused', problem: expect.stringContaining(path) })
    expect(readFileSync(path, 'utf8')).toBe(text)
    if (text.length > 40) expect(inspect(error)).not.toContain(text.slice(30, 50))
  })

  test('a directory in place of the instance key is refused', () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'key')
    mkdirSync(path, { mode: 0o700 })
    expect(thrownBy(() => ensureInstanceKey(path))).toMatchObject({ kind: 'refused' })
  })

  test('several processes that create the instance key at once get the same key', async () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'key')
    const makers = Array.from({ length: 4 }, () => startChild('make-key.ts', path))
    for (const maker of makers) expect(await maker.line()).toBe('ready')
    await Promise.all(makers.map((maker) => maker.end()))
    const dids = await Promise.all(makers.map((maker) => maker.line()))
    expect(new Set(dids)).toEqual(new Set([ensureInstanceKey(path).did]))
    expect(readdirSync(directory.path)).toEqual(['key'])
  })

  test('the instance key is created although a killed process left a temporary file', () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'key')
    writeFileSync(`${path}.${process.pid}.tmp`, '-----BEGIN', { mode: 0o644 })
    ensureInstanceKey(path)
    expect(readdirSync(directory.path)).toEqual(['key'])
  })
})

function pem(key: ReturnType<typeof createPrivateKey>): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function encrypted(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const
  return privateKey.export(options).toString()
}
