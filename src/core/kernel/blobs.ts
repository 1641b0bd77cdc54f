declare const blobKey: unique symbol

/**
 * The name of stored bytes: an area, their SHA-256, and 32 hex digits that make it unique. A key is used once and its
 * bytes never change. So bytes can be removed without asking whether somebody is about to store the same ones again.
 */
export type BlobKey = string & { readonly [blobKey]: true }

/** What the bytes belong to. Each area has a folder of its own. */
export type BlobArea = (typeof BLOB_AREAS)[number]
export const BLOB_AREAS = ['attachments', 'configsync'] as const

const KEY_PATTERN = /^[a-z]{1,32}\/[0-9a-f]{64}-[0-9a-f]{32}$/

/** Returns a key for bytes that are about to be stored. `id` is a UUID. */
export function newBlobKey(area: BlobArea, sha256: string, id: string): BlobKey {
  return parseBlobKey(`${area}/${sha256}-${id.replaceAll('-', '')}`)
}

/** @throws Error if the text is no key */
export function parseBlobKey(text: string): BlobKey {
  if (!KEY_PATTERN.test(text)) throw new Error('a blob has another key than this program writes')
  return text as BlobKey
}

/** Returns what the bytes of a key belong to. */
export function areaOfKey(key: BlobKey): string {
  return key.slice(0, key.indexOf('/'))
}

/** Returns the SHA-256 of the bytes of a key, in hex. */
export function sha256OfKey(key: BlobKey): string {
  return key.slice(key.indexOf('/') + 1, key.lastIndexOf('-'))
}

/** Returns where the bytes of a key lie, in a folder or a bucket. No folder has very many files. */
export function blobPath(key: BlobKey): string {
  const [area = '', name = ''] = key.split('/')
  return `${area}/${name.slice(0, 2)}/${name}`
}

/**
 * Returns the key of what lies at a path below a store; undefined for what this program did not put there, such as a
 * file of the operating system.
 */
export function keyAtPath(path: string): BlobKey | undefined {
  const [area, , name] = path.split('/')
  const text = `${area}/${name}`
  return KEY_PATTERN.test(text) && blobPath(text as BlobKey) === path ? (text as BlobKey) : undefined
}

/** A part of the bytes: from `start` up to but without `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Bytes as they are sent: a file that the runtime sends by itself, or pieces. */
export type BlobBody = Blob | AsyncIterable<Uint8Array>

/** Bytes that were received and are not kept yet. Disposing of them deletes them, unless they are kept. */
export interface ReceivedBlob extends AsyncDisposable {
  readonly sha256: string
  readonly size: number
  /**
   * Stores the bytes durably under a new key of their area, or under `as`: the key that they have in another store.
   * @throws storage_full, unavailable
   */
  keep(as?: BlobKey): Promise<BlobKey>
}

export interface StoredBlob {
  readonly key: BlobKey
  readonly size: number
  /** Milliseconds since it was stored, by the clock of the store. */
  readonly age: number
}

/** Whether stored bytes are those of their key; `corrupt`: they are others, or cut off. */
export type BlobState = 'whole' | 'missing' | 'corrupt'

/** Stores bytes of any size outside the database: as files, or in an S3-compatible service. */
export interface Blobs {
  /**
   * Receives bytes as they come, without holding them in memory. What fails on the way leaves nothing.
   * @throws storage_full, and what `bytes` throws
   */
  receive(area: BlobArea, bytes: AsyncIterable<Uint8Array>): Promise<ReceivedBlob>
  /** Opens stored bytes, or a part of them; undefined unless there are exactly `size` bytes. @throws unavailable */
  open(key: BlobKey, size: number, range?: ByteRange): Promise<BlobBody | undefined>
  /** Reports whether there are exactly `size` bytes, without reading them. @throws unavailable */
  has(key: BlobKey, size: number): Promise<boolean>
  /** Reads stored bytes and compares them with their key. @throws unavailable */
  check(key: BlobKey, size: number): Promise<BlobState>
  /** Removes stored bytes. Does nothing if they are missing. @throws unavailable */
  remove(key: BlobKey): Promise<void>
  /** Everything that is stored in an area, in pages. @throws unavailable */
  list(area: BlobArea): AsyncIterable<readonly StoredBlob[]>
  /** Deletes what receivers that died left behind. `age`: only what is older, in milliseconds. */
  clean(age: number): Promise<void>
}
