import { ImageOff } from 'lucide'
import type { ComponentChildren } from 'preact'
import { Icon } from '../ui'
import { hostOf, type Link } from './links'
import { visibleName } from './names'

/** A link out of the console. A text that looks like another host is followed by the real one. */
export function ForeignLink({
  link,
  children,
}: {
  readonly link: Link
  readonly children: ComponentChildren
}) {
  const { href, realHost } = link
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
      {children}
      {realHost !== undefined && <span class="real-host"> ({realHost})</span>}
    </a>
  )
}

/** What stands for an image of another server: it would tell that server who reads, so it is opened on demand. */
export function ForeignImage({ url, alt }: { readonly url: URL; readonly alt: string }) {
  return (
    <a
      class="foreign-image"
      href={url.href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={url.href}
    >
      <Icon of={ImageOff} size={14} />
      {alt === '' ? '' : `${visibleName(alt)} – `}image from {hostOf(url)}
    </a>
  )
}
