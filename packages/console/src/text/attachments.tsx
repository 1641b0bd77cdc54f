import type { Attachment } from '@synapse/client'
import { Download } from 'lucide'
import { Icon } from '../ui'
import { visibleName } from './names'

/** The largest image in a timeline, in px. */
const WIDEST = 480
const HIGHEST = 320

/** The images and files of a message, those left out that its text shows already. */
export function Attachments({
  attachments,
  body = '',
}: {
  readonly attachments: readonly Attachment[]
  readonly body?: string
}) {
  const left = attachments.filter((one) => !(sizeOf(one) && body.includes(`](${one.url})`)))
  if (left.length === 0) return null
  return (
    <ul class="attachments">
      {left.map((one) => (
        <li key={one.id}>
          {sizeOf(one) ? <AttachedImage attachment={one} alt={one.filename} /> : <File attachment={one} />}
        </li>
      ))}
    </ul>
  )
}

/** Reports whether an attachment is shown in place: an image of known size, so that nothing moves when it arrives. */
export function isShown(attachment: Attachment): boolean {
  return sizeOf(attachment) !== undefined
}

/** An image of the server, at most 480 × 320 px. A press opens it in its full size. */
export function AttachedImage({
  attachment,
  alt,
}: {
  readonly attachment: Attachment
  readonly alt: string
}) {
  const size = sizeOf(attachment)
  if (!size) return <File attachment={attachment} />
  return (
    <a class="attached-image" href={attachment.url} target="_blank" rel="noopener">
      <img src={attachment.url} alt={visibleName(alt) || 'image'} {...size} loading="lazy" decoding="async" />
    </a>
  )
}

function File({ attachment }: { readonly attachment: Attachment }) {
  const { url, filename, size } = attachment
  return (
    <a class="attached-file" href={url} download={filename}>
      <Icon of={Download} size={16} />
      <span class="file-name">{visibleName(filename)}</span>
      <span class="file-size">{sizeInWords(size)}</span>
    </a>
  )
}

function sizeOf({ kind, url, width, height }: Attachment): { width: number; height: number } | undefined {
  if (kind !== 'image' || !width || !height || !url.startsWith('/v1/attachments/')) return
  const scale = Math.min(1, WIDEST / width, HIGHEST / height)
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** Bytes in words: `412 bytes`, `3.1 kB`, `12 MB`. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  const [divisor, unit] = bytes < 999_500 ? [1000, 'kB'] : bytes < 999_500_000 ? [1e6, 'MB'] : [1e9, 'GB']
  const value = bytes / divisor
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
}
