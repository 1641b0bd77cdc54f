const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const ED25519_PUBLIC = [0xed, 0x01]

/** The `did:key` of a raw 32-byte Ed25519 public key (https://w3c-ccg.github.io/did-key-spec/). */
export function didKey(publicKey: Uint8Array): string {
  return `did:key:z${base58([...ED25519_PUBLIC, ...publicKey])}`
}

function base58(bytes: readonly number[]): string {
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  let text = ''
  while (number > 0n) {
    text = BASE58.charAt(Number(number % 58n)) + text
    number /= 58n
  }
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(zeros === -1 ? bytes.length : zeros) + text
}
