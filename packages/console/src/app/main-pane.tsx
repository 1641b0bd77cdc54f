import { ChevronLeft, X } from 'lucide'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { IconButton } from '../ui/button'
import { Icon } from '../ui/icon'
import { takesFocus } from './focus'
import { pageTitle } from './title'

export interface MainProps {
  /** The heading, and the title of the tab. */
  readonly title: string
  /** What the heading shows, where that is more than its text. */
  readonly heading?: ComponentChildren
  /** Beside the heading: counts, buttons. */
  readonly header?: ComponentChildren
  /** The address of the page above this one, for the arrow on a phone. */
  readonly up?: string
  readonly class?: string
  readonly children: ComponentChildren
}

/** The main pane: its heading stays at the top. A page renders exactly one, and at most one `Aside` beside it. */
export function Main({ title, heading, header, up, class: className = '', children }: MainProps) {
  const h1 = useRef<HTMLHeadingElement>(null)
  const isNew = useRef(true)
  useEffect(() => {
    pageTitle.value = title
  }, [title])
  useEffect(() => {
    // The page that the tab was opened with leaves the focus where the browser has it; another one says its name to readers,
    // unless it has put the focus somewhere itself, such as back on the row that was left.
    const isPlaced = isNew.current && h1.current?.closest('main')?.contains(document.activeElement)
    isNew.current = false
    if (takesFocus() && !isPlaced) h1.current?.focus({ preventScroll: true })
  }, [title])
  return (
    <main class={`main ${className}`} id="main" data-region tabIndex={-1} aria-label={title}>
      <header class="top">
        {up !== undefined && (
          <a class="up" href={up}>
            <Icon of={ChevronLeft} size={24} label="Back" />
          </a>
        )}
        <h1 ref={h1} tabIndex={-1}>
          {heading ?? title}
        </h1>
        {header}
      </header>
      {children}
    </main>
  )
}

export interface AsideProps {
  readonly title: string
  readonly header?: ComponentChildren
  readonly onClose: () => void
  readonly class?: string
  readonly children: ComponentChildren
}

/** The pane on the right: a thread, or details. Below 75rem it takes the place of the main pane. */
export function Aside({ title, header, onClose, class: className = '', children }: AsideProps) {
  return (
    <aside class={`aside ${className}`} data-region tabIndex={-1} aria-label={title}>
      <header class="top">
        <h2>{title}</h2>
        {header}
        <IconButton icon={X} label="Close" onPress={onClose} />
      </header>
      {children}
    </aside>
  )
}
