import { visibleName } from './names'

/** Where a link leads, and what its text leaves out. */
export interface Link {
  /** A whole address: http, https or mailto. */
  readonly href: string
  /** The host that is shown beside a text that looks like another host. */
  readonly realHost: string | undefined
}

/** A word that could be a host, or an address with one. */
const HOSTS = /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?:[\p{L}\p{N}-]{2,})/gu

/** Returns what a link may do, or undefined if its address is not of http, https or mailto, or is none. */
export function safeLink(address: string, text: string): Link | undefined {
  const url = safeAddress(address)
  if (url === undefined) return
  const isHonest = url.protocol === 'mailto:' ? isHonestMail(url, text) : isHonestHost(url.hostname, text)
  return { href: url.href, realHost: isHonest ? undefined : hostOf(url) }
}

/** Returns a whole address of http, https or mailto; undefined for every other one, also for one without a host. */
export function safeAddress(address: string): URL | undefined {
  // The parser of addresses would leave out white space and controls, behind which a scheme could hide.
  if (!/^(?:https?:\/\/|mailto:)[^\s\p{Cc}]+$/iu.test(address)) return
  const url = URL.parse(address)
  return url && (url.protocol === 'mailto:' || url.hostname !== '') ? url : undefined
}

/** The host of a link or an image, as it is shown; of a mail address the part after the `@`. */
export function hostOf(url: URL): string {
  return visibleName(url.protocol === 'mailto:' ? (url.pathname.split('@').at(-1) ?? '') : url.host)
}

/** A text is honest if every host in it is the link's, or a part of it. */
function isHonestHost(host: string, text: string): boolean {
  const shown = pathless(text).match(HOSTS) ?? []
  return shown.every((word) => isSameHost(word, host))
}

function isHonestMail(url: URL, text: string): boolean {
  const host = hostOf(url)
  return (text.match(HOSTS) ?? []).every((word) => isSameHost(word, host) || url.pathname.includes(word))
}

/** A text that is an address: its path may hold anything that looks like a host, such as the name of a file. */
function pathless(text: string): string {
  return text.replace(/^(\s*(?:https?:\/\/)?[^\s/?#]+)[/?#]\S*/i, '$1')
}

function isSameHost(word: string, host: string): boolean {
  // Letters of other scripts can look like Latin ones.
  if (!/^[ -~]+$/.test(word)) return false
  const shown = word.toLowerCase()
  return shown === host || `www.${shown}` === host || shown === `www.${host}` || host.endsWith(`.${shown}`)
}
