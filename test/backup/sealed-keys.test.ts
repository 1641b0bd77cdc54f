import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSealedKeys, unsealKeys } from '../../src/backup'
import { writeSealedKeys } from '../../src/backup/sealed-keys'
import { OperatorError } from '../../src/core/kernel/operator-error'
import { rejectionOf, temporaryDirectory, thrownBy } from '../home/temporary'

// Sealing keys is slow on purpose, and copies wait for the disk.
setDefaultTimeout(120_000)

const DID = 'did:key:z6MkexampleExample'
const FILES = { 'instance.ed25519': '-----BEGIN PRIVATE KEY-----\nsecret\n', other: 'ünïcode' }

async function sealed() {
  const directory = temporaryDirectory()
  const path = join(directory.path, 'keys.sealed')
  await writeSealedKeys(path, DID, FILES, 'a passphrase')
  return { path, [Symbol.dispose]: () => directory[Symbol.dispose]() }
}

describe('sealed keys', () => {
  test('sealed keys open with their passphrase, and show only their DID without it', async () => {
    using here = await sealed()
    const file = readSealedKeys(here.path)
    expect(file).toMatchObject({
      did: DID,
      kdf: { name: 'scrypt', n: 131_072, r: 8, p: 1 },
      cipher: 'aes-256-gcm',
    })
    expect(await unsealKeys(file, 'a passphrase')).toEqual(FILES)
    expect(readFileSync(here.path, 'utf8')).not.toContain('secret')
    expect(statSync(here.path).mode & 0o777).toBe(0o600)
  })

  test('sealed keys do not open with another passphrase, for another instance, or with one bit changed', async () => {
    using here = await sealed()
    const file = readSealedKeys(here.path)
    const bytes = Buffer.from(file.sealed, 'base64')
    bytes[3] = (bytes[3] ?? 0) ^ 1
    const others = [
      () => unsealKeys(file, 'a passphrasE'),
      () => unsealKeys({ ...file, did: `${DID}x` }, 'a passphrase'),
      () => unsealKeys({ ...file, sealed: bytes.toString('base64') }, 'a passphrase'),
    ]
    for (const other of others) {
      const error = await rejectionOf(other())
      expect(error).toBeInstanceOf(OperatorError)
      expect(error).toMatchObject({ kind: 'wrong_passphrase' })
    }
  })

  test.each(['', '{}', '{"format":"synapse-sealed-keys-1"}', 'null'])(
    '%p is not a file of sealed keys',
    async (text) => {
      using here = await sealed()
      writeFileSync(here.path, text)
      expect(thrownBy(() => readSealedKeys(here.path))).toMatchObject({ kind: 'not_a_copy' })
    },
  )
})
