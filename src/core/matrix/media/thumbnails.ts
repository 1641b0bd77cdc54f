import { type BlobKey, sha256OfKey } from '../../kernel/blobs'
import { keepBlob } from '../../kernel/kept-blob'
import { Semaphore } from '../../kernel/semaphore'
import { ImageProbe } from '../../messages/image-header'
import { matrixRefusal } from '../errors'
import type { MatrixParts } from '../parts'
import type { Thumbnail, ThumbnailSize } from '../thumb-ports'
import { type Media, once, type StoredFile } from './media'

/** The sizes of thumbnails, from the smallest on (spec.matrix.org, client-server API, "Thumbnails"). */
const SIZES: readonly ThumbnailSize[] = [
  { width: 32, height: 32, method: 'crop' },
  { width: 96, height: 96, method: 'crop' },
  { width: 320, height: 240, method: 'scale' },
  { width: 640, height: 480, method: 'scale' },
  { width: 800, height: 600, method: 'scale' },
]
const LARGEST: ThumbnailSize = { width: 800, height: 600, method: 'scale' }

/** The largest image that is decoded, in pixels and in bytes, and the largest file that is sent instead of a thumbnail. */
const MAX_PIXELS = 32_000_000
const MAX_BYTES = 67_108_864
const MAX_ORIGINAL_BYTES = 1_048_576
/** Bytes at the start of an image within which it says its size. */
const PROBED_BYTES = 1_048_576

/** Thumbnails that are made at once, and requests that wait for their turn. */
const AT_ONCE = 2
const WAITING = 64
/** Files that are remembered because no thumbnail can be made of them. */
const REMEMBERED = 1000

/** What a client wants. */
export interface WantedSize {
  readonly width: number
  readonly height: number
  readonly method: ThumbnailSize['method']
}

/** Makes thumbnails of images, and stores them. */
export class Thumbnails {
  private readonly turns = new Semaphore(
    (running) => running < AT_ONCE,
    WAITING,
    'Too many thumbnails are being made',
  )
  private readonly making = new Map<string, Promise<StoredFile | undefined>>()
  /** The keys of files that are no images. */
  private readonly impossible = new Set<BlobKey>()

  constructor(
    private readonly parts: Pick<MatrixParts, 'store' | 'blobs' | 'report' | 'images'>,
    private readonly media: Media,
  ) {}

  /**
   * Returns the thumbnail of a file that the caller may read: of the smallest size that is large enough. A file of which
   * none can be made is returned itself, if it is small.
   * @throws m_too_large; unavailable, storage_full
   */
  async of(file: StoredFile, wanted: WantedSize): Promise<StoredFile> {
    const size = sizeFor(wanted)
    const found = await this.stored(file, size)
    if (found) return found
    const key = `${file.blob} ${size.width} ${size.method}`
    const making = this.making.get(key) ?? this.turns.run(() => this.make(file, size))
    this.making.set(key, making)
    try {
      const made = await making
      if (made) return made
    } finally {
      this.making.delete(key)
    }
    if (file.size <= MAX_ORIGINAL_BYTES) return file
    throw matrixRefusal('M_TOO_LARGE', 'No thumbnail can be made of this file, and it is too large itself')
  }

  private async stored(file: StoredFile, size: ThumbnailSize): Promise<StoredFile | undefined> {
    const found = await this.parts.store.reads.matrix().thumbnail(file.blob, size)
    return found && shown(found)
  }

  private async make(file: StoredFile, size: ThumbnailSize): Promise<StoredFile | undefined> {
    if (this.impossible.has(file.blob)) return undefined
    const bytes = await this.image(file)
    const made = bytes && (await this.parts.images.fitted(bytes, size, MAX_PIXELS))
    if (made) return this.keep(file, size, made)
    this.impossible.add(file.blob)
    const [oldest] = this.impossible
    if (this.impossible.size > REMEMBERED && oldest !== undefined) this.impossible.delete(oldest)
    return undefined
  }

  /** Reads an image. Its size comes first: undefined if it is too large, or no image. */
  private async image(file: StoredFile): Promise<Uint8Array | undefined> {
    if (file.size === 0 || file.size > MAX_BYTES) return undefined
    const body = await this.media.open(file)
    const probe = new ImageProbe()
    const bytes = new Uint8Array(file.size)
    let length = 0
    for await (const piece of body instanceof Blob ? body.stream() : body) {
      bytes.set(piece, length)
      length += piece.length
      if (!probe.found) probe.push(piece)
      const { found } = probe
      if (found ? found.width * found.height > MAX_PIXELS : length > PROBED_BYTES) return undefined
    }
    return probe.found && length === file.size ? bytes : undefined
  }

  /** Stores a thumbnail, unless its image has been deleted meanwhile. */
  private async keep(
    file: StoredFile,
    size: ThumbnailSize,
    { bytes, mime }: { readonly bytes: Uint8Array; readonly mime: string },
  ): Promise<StoredFile | undefined> {
    const { blobs, store } = this.parts
    await using received = await blobs.receive('attachments', once(bytes))
    // What was received is deleted at the end of this function.
    return await keepBlob(this.parts, received, async (blob, isNotUsed) => {
      const thumbnail = { blob, mime, size: received.size }
      const isKept = await store.transact(async (tx) => {
        const isThere = (await tx.usedBlobs([file.blob])).has(file.blob)
        return isThere && (await tx.matrix().insertThumbnail(file.blob, size, thumbnail))
      })
      if (isKept) return shown(thumbnail)
      isNotUsed()
      return this.stored(file, size)
    })
  }
}

/** Returns the smallest size that is large enough; of the larger ones all show the whole image. */
function sizeFor({ width, height, method }: WantedSize): ThumbnailSize {
  const isEnough = (size: ThumbnailSize) =>
    size.width >= width && size.height >= height && (method === 'crop' || size.method === 'scale')
  return SIZES.find(isEnough) ?? LARGEST
}

function shown(thumbnail: Thumbnail): StoredFile {
  const { blob, mime, size } = thumbnail
  const name = mime === 'image/png' ? 'thumbnail.png' : 'thumbnail.jpg'
  return { blob, mime, size, name, sha256: sha256OfKey(blob) }
}
