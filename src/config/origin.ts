import { InvalidValue } from './config-error'

const ORIGIN = /^https?:\/\/(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/

/** With a name in any letters. */
const INTERNATIONAL = /^https?:\/\/[^\s/?#@\\:[\]%]+(?::\d{1,5})?$/

/**
 * The canonical form of `scheme://host[:port]`: lower case, without the scheme's own port.
 * @throws InvalidValue for anything else: another scheme, a path, a trailing slash, credentials, `*`, `null`
 */
function parseOrigin(text: string): string {
  const lower = text.toLowerCase()
  // A name in other letters than those of DNS is kept in the form that browsers and certificates have of it (xn--…).
  const url = ORIGIN.test(lower) || INTERNATIONAL.test(lower) ? URL.parse(lower) : null
  if (url !== null && ORIGIN.test(url.origin)) return url.origin
  throw new InvalidValue(
    `'${text}' is not an origin`,
    'write http(s)://host[:port] without a path or a trailing slash, for example https://chat.example.org',
  )
}

/**
 * The address at which people reach this server: an origin, too. One that was copied from a browser ends with a slash.
 * @throws InvalidValue for anything else; a path is refused with a word of its own
 */
export function parseBaseUrl(text: string): string {
  refuseCredentials([text])
  const written = text.trim().replace(/\/$/, '')
  const url = URL.parse(written)
  if (url?.protocol.startsWith('http') && url.pathname !== '/')
    throw new InvalidValue(
      `'${written}' has a path, and Synapse needs a host name of its own`,
      `let all of a name such as https://synapse.example.org lead here: nothing of Synapse is found below ${url.pathname}`,
    )
  return parseOrigin(written)
}

/** Every entry as {@link parseOrigin}, each once. One bad entry refuses all. @throws InvalidValue */
export function parseOrigins(entries: readonly string[]): string[] {
  refuseCredentials(entries)
  return [...new Set(entries.map(parseOrigin))]
}

/** What is refused otherwise is quoted; of these not even an entry that a character of the password has cut off. */
function refuseCredentials(entries: readonly string[]): void {
  if (entries.some((entry) => entry.includes('@')))
    throw new InvalidValue(
      'names a user or a password, which an origin has not',
      'write http(s)://host[:port]',
    )
}
