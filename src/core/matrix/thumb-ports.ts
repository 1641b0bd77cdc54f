import type { BlobKey } from '../kernel/blobs'

/** How an image is fitted into a size: cut off, or as a whole. */
export type ThumbnailMethod = 'crop' | 'scale'

/** The size of thumbnails, in pixels at most, and how they are fitted. */
export interface ThumbnailSize {
  readonly width: number
  readonly height: number
  readonly method: ThumbnailMethod
}

/** A stored thumbnail of stored bytes. It goes when these bytes go. */
export interface Thumbnail {
  readonly blob: BlobKey
  readonly mime: string
  readonly size: number
}

export interface ThumbReads {
  thumbnail(source: BlobKey, size: ThumbnailSize): Promise<Thumbnail | undefined>
}

export interface ThumbWrites {
  /** Inserts a thumbnail. Returns false if there is one of this size. */
  insertThumbnail(source: BlobKey, size: ThumbnailSize, thumbnail: Thumbnail): Promise<boolean>
}
