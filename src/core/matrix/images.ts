import type { ThumbnailSize } from './thumb-ports'

/** An image in the bytes of a file. */
export interface MadeImage {
  readonly bytes: Uint8Array
  readonly mime: 'image/jpeg' | 'image/png'
}

/** Makes small images of large ones. A platform decodes and encodes them. */
export interface Images {
  /**
   * Returns an image that is not larger than the size, and never larger than it was. What the file says beside the picture
   * is gone, such as where it was taken; of moving pictures the first is left. Undefined if the bytes are no image that can
   * be decoded, or one of more pixels than `maxPixels`.
   */
  fitted(bytes: Uint8Array, size: ThumbnailSize, maxPixels: number): Promise<MadeImage | undefined>
}
