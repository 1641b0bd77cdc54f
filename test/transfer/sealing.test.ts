import { expect, test } from 'bun:test'
import { encryptionFor } from '../../src/platform/encryption'
import { deriveKey } from '../../src/platform/instance-keys'

const seed = new Uint8Array(32).fill(7)

test('a sealed text opens only with the same key and only unchanged', () => {
  const { seal, open } = encryptionFor(seed, 'synapse-webhook-secret')
  const sealed = seal('s3crét')
  expect(open(sealed)).toBe('s3crét')
  expect(seal('s3crét')).not.toBe(sealed)
  expect(sealed).not.toContain('s3cr')
  const other = encryptionFor(new Uint8Array(32).fill(8), 'synapse-webhook-secret')
  expect(() => other.open(sealed)).toThrow()
  for (const at of [0, 5, 20, sealed.length - 2]) {
    const changed = sealed[at] === 'A' ? 'B' : 'A'
    expect(() => open(sealed.slice(0, at) + changed + sealed.slice(at + 1))).toThrow()
  }
  expect(() => open('')).toThrow('not a sealed text')
})

test('a derived key depends on the seed and on the purpose alone', () => {
  const key = deriveKey(seed, 'synapse-echo')
  expect(key).toHaveLength(32)
  expect(deriveKey(seed, 'synapse-echo')).toEqual(key)
  expect(deriveKey(seed, 'synapse-pair-code')).not.toEqual(key)
  expect(deriveKey(new Uint8Array(32).fill(8), 'synapse-echo')).not.toEqual(key)
})
