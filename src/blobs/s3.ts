import { open, rm } from 'node:fs/promises'
import { S3Client, type S3ListObjectsResponse } from 'bun'
import {
  type BlobArea,
  type BlobKey,
  type BlobState,
  type ByteRange,
  blobPath,
  keyAtPath,
  newBlobKey,
  type ReceivedBlob,
  type StoredBlob,
} from '../core/kernel/blobs'
import type { AppError } from '../core/kernel/errors'
import { stateOf } from './blob-state'
import type { OpenBlobs } from './owner'
import { cleanReceived, type DiskCall, diskCall, receiveFile } from './received-file'
import { unreachable } from './unreachable'

/** The object with the DID of the instance. */
const OWNER = 'instance'
const TYPE = 'application/octet-stream'
/** The least size of a part of an upload, which S3 fixes. */
const PART_BYTES = 5 * 1024 * 1024
const READ_BYTES = 256 * 1024
/** Bytes that one call of a download asks for. */
const FETCHED_BYTES = 512 * 1024
/** How long a call may take, without the bytes of a download. */
const CALL_MILLISECONDS = 60_000

/** A bucket of an S3-compatible service. */
export interface Bucket {
  readonly bucket: string
  /** Prefix of all keys, without slashes at its ends; may be empty. */
  readonly prefix: string
  /** Absent: Amazon's endpoint of the region. */
  readonly endpoint?: string
  readonly region?: string
  /** Whether the bucket is a part of the host name, not of the path. */
  readonly virtualHosted?: boolean
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Blobs as objects of a bucket. Bytes are received in a local folder and sent when they are complete. */
export class S3Blobs implements OpenBlobs {
  private readonly client: S3Client
  private readonly prefix: string
  private readonly diskCall: DiskCall

  constructor(
    { prefix, virtualHosted = false, ...bucket }: Bucket,
    private readonly temporary: string,
    private readonly report: (fault: unknown) => void,
  ) {
    this.client = new S3Client({ ...bucket, virtualHostedStyle: virtualHosted })
    this.prefix = prefix === '' ? '' : `${prefix}/`
    this.diskCall = diskCall((fault) => this.failed(fault))
  }

  async receive(area: BlobArea, bytes: AsyncIterable<Uint8Array>): Promise<ReceivedBlob> {
    const { path, sha256, size } = await receiveFile(this.temporary, bytes, this.diskCall)
    return {
      sha256,
      size,
      keep: (as = newBlobKey(area, sha256, Bun.randomUUIDv7())) => this.keep(path, size, as),
      [Symbol.asyncDispose]: () => rm(path, { force: true }),
    }
  }

  async open(key: BlobKey, size: number, range?: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined> {
    if (!(await this.has(key, size))) return undefined
    const { start, end } = range ?? { start: 0, end: size }
    return this.piecesOf(key, start, end)
  }

  /** Reads an object piece by piece. One stream of the runtime would read far ahead of a slow client. */
  private async *piecesOf(key: BlobKey, start: number, end: number): AsyncGenerator<Uint8Array, void> {
    const object = this.client.file(this.nameOf(key))
    for (let from = start; from < end; from += FETCHED_BYTES) {
      const to = Math.min(end, from + FETCHED_BYTES)
      yield await this.call(() => object.slice(from, to).bytes())
    }
  }

  async has(key: BlobKey, size: number): Promise<boolean> {
    return (await this.sizeOf(key)) === size
  }

  async check(key: BlobKey, size: number): Promise<BlobState> {
    const body = await this.open(key, size)
    if (body) return stateOf(key, body)
    return (await this.sizeOf(key)) === undefined ? 'missing' : 'corrupt'
  }

  async remove(key: BlobKey): Promise<void> {
    // The service reports no error for a missing object.
    await this.call(() => this.client.delete(this.nameOf(key)))
  }

  async *list(area: BlobArea): AsyncGenerator<readonly StoredBlob[], void> {
    const prefix = `${this.prefix}${area}/`
    for (let continuationToken: string | undefined; ; ) {
      const after = continuationToken === undefined ? {} : { continuationToken }
      const page: S3ListObjectsResponse = await this.call(() => this.client.list({ prefix, ...after }))
      yield (page.contents ?? []).flatMap(({ key: name, size, lastModified }) => {
        const key = keyAtPath(name.slice(this.prefix.length))
        if (key === undefined) return []
        return [{ key, size: size ?? 0, age: Date.now() - new Date(lastModified ?? Date.now()).getTime() }]
      })
      if (!page.isTruncated || page.nextContinuationToken === undefined) return
      continuationToken = page.nextContinuationToken
    }
  }

  clean(age: number): Promise<void> {
    return cleanReceived(this.temporary, age)
  }

  async owner(): Promise<string | undefined> {
    const text = await this.call(() => orMissing(() => this.client.file(`${this.prefix}${OWNER}`).text()))
    return text?.trim()
  }

  async claim(did: string): Promise<void> {
    await this.call(() => this.client.write(`${this.prefix}${OWNER}`, `${did}\n`))
  }

  private async keep(path: string, size: number, key: BlobKey): Promise<BlobKey> {
    const name = this.nameOf(key)
    if (size <= PART_BYTES) await this.call(() => this.client.write(name, Bun.file(path), { type: TYPE }))
    else await this.sendInParts(name, path)
    if ((await this.sizeOf(key)) !== size)
      throw this.failed(new Error('an object has another size than was sent'))
    return key
  }

  /** Sends a large file part by part. The runtime would read several parts ahead, and each takes memory. */
  private async sendInParts(name: string, path: string): Promise<void> {
    const writer = this.client.file(name).writer({ partSize: PART_BYTES, queueSize: 1, type: TYPE })
    const file = await open(path)
    try {
      const buffer = new Uint8Array(READ_BYTES)
      for (let waiting = 0; ; ) {
        const { bytesRead } = await file.read(buffer)
        if (bytesRead === 0) break
        // The writer copies what it is given.
        writer.write(buffer.subarray(0, bytesRead))
        waiting += bytesRead
        if (waiting < PART_BYTES) continue
        await this.call(async () => writer.flush())
        waiting = 0
      }
      await this.call(async () => writer.end())
    } finally {
      await file.close()
    }
  }

  private sizeOf(key: BlobKey): Promise<number | undefined> {
    return this.call(() => orMissing(async () => (await this.client.stat(this.nameOf(key))).size))
  }

  private nameOf(key: BlobKey): string {
    return `${this.prefix}${blobPath(key)}`
  }

  /** Runs a call of the service within its time. @throws unavailable */
  private async call<Result>(run: () => Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error('no answer in time')), CALL_MILLISECONDS)
    try {
      return await Promise.race([run(), late.promise])
    } catch (error) {
      throw this.failed(error)
    } finally {
      clearTimeout(timer)
    }
  }

  private failed(fault: unknown): AppError {
    return unreachable(fault, this.report)
  }
}

/** Returns undefined for an object that does not exist. */
async function orMissing<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (/^(?:NoSuchKey|NotFound|404)$/.test(code)) return undefined
    throw error
  }
}
