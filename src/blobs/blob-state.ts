import { type BlobBody, type BlobKey, type BlobState, sha256OfKey } from '../core/kernel/blobs'

/** Reads bytes and compares them with their key, which begins with their checksum. */
export async function stateOf(key: BlobKey, body: BlobBody): Promise<BlobState> {
  const hash = new Bun.CryptoHasher('sha256')
  for await (const chunk of body instanceof Blob ? body.stream() : body) hash.update(chunk)
  return hash.digest('hex') === sha256OfKey(key) ? 'whole' : 'corrupt'
}
