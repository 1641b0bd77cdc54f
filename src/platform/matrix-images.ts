// Small forms of images, with the decoders of the runtime, which work in threads of their own.
import { Image } from 'bun'
import type { Images, MadeImage } from '../core/matrix/images'
import type { ThumbnailSize } from '../core/matrix/thumb-ports'
import { croppedPng, isOpaquePng, sizeOfPng } from './matrix-png'

const JPEG_QUALITY = 80
const PNG_LEVEL = 6
/** Little is gained by compressing what is read again at once. */
const PASSING_LEVEL = 1
/** An image is made this much larger than a crop first, as a whole. Of a longer strip, the crop is smaller than its size. */
const BEFORE_CROP = 8

/** What the decoders say of bytes that they do not take. */
const UNDECODABLE: ReadonlySet<unknown> = new Set([
  'ERR_IMAGE_DECODE_FAILED',
  'ERR_IMAGE_FORMAT_UNSUPPORTED',
  'ERR_IMAGE_TOO_MANY_PIXELS',
  'ERR_IMAGE_UNKNOWN_FORMAT',
])

export const matrixImages: Images = {
  async fitted(bytes, size, maxPixels) {
    try {
      const isOpaque = await hasNoTransparency(bytes, maxPixels)
      if (size.method === 'scale') return await encoded(inside(bytes, size, maxPixels), isOpaque)
      return await encoded(new Image(await cropped(bytes, size, maxPixels)), isOpaque)
    } catch (error) {
      if (error instanceof Error && 'code' in error && UNDECODABLE.has(error.code)) return undefined
      throw error
    }
  },
}

function inside(
  bytes: Uint8Array,
  { width, height }: Omit<ThumbnailSize, 'method'>,
  maxPixels: number,
): Image {
  return new Image(bytes, { maxPixels }).resize(width, height, { fit: 'inside', withoutEnlargement: true })
}

/** Returns the middle of an image in this size, as PNG. */
async function cropped(bytes: Uint8Array, { width, height }: ThumbnailSize, maxPixels: number) {
  const box = { width: width * BEFORE_CROP, height: height * BEFORE_CROP }
  const whole = await inside(bytes, box, maxPixels).png({ compressionLevel: PASSING_LEVEL }).bytes()
  // Now it is turned as it is shown.
  const found = sizeOfPng(whole)
  const scale = Math.min(1, Math.max(width / found.width, height / found.height))
  const covering = await new Image(whole)
    .resize(Math.max(1, Math.round(found.width * scale)), Math.max(1, Math.round(found.height * scale)))
    .png({ compressionLevel: PASSING_LEVEL })
    .bytes()
  return croppedPng(covering, width, height)
}

/** What was transparent stays so only in PNG, and photographs are small only as JPEG. */
async function encoded(image: Image, isOpaque: boolean): Promise<MadeImage> {
  return isOpaque
    ? { bytes: await image.jpeg({ quality: JPEG_QUALITY }).bytes(), mime: 'image/jpeg' }
    : { bytes: await image.png({ compressionLevel: PNG_LEVEL }).bytes(), mime: 'image/png' }
}

async function hasNoTransparency(bytes: Uint8Array, maxPixels: number): Promise<boolean> {
  const { format } = await new Image(bytes, { maxPixels }).metadata()
  if (format === 'png') return isOpaquePng(bytes)
  return format === 'jpeg'
}
