import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { serverName } from './session'

/** The heading of the page that is shown. */
export const pageTitle = signal('')

/**
 * Keeps the title and the icon of the tab. `waiting`: how many items wait for the person; shown in the title, and as a dot on
 * the icon. Returns how to stop.
 */
export function keepTitle(waiting: ReadonlySignal<number>): () => void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  const plain = icon?.href ?? ''
  return effect(() => {
    const count = waiting.value
    const words = [pageTitle.value, serverName.value].filter(
      (word, at, all) => word !== '' && all.indexOf(word) === at,
    )
    document.title = `${count > 0 ? `(${count}) ` : ''}${words.join(' · ')}`
    if (icon) icon.href = count > 0 ? dotted(plain) : plain
  })
}

/** The icon with a dot. It is an SVG in its own address. */
function dotted(address: string): string {
  const dot = encodeURIComponent('<circle cx="25" cy="25" r="7" fill="#d43a3a"/></svg>')
  return address.replace(/(?:%3C%2Fsvg%3E|%3C\/svg%3E)$/i, dot)
}
