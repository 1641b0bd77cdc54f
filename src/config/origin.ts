import { InvalidValue } from './config-error'

const ORIGIN = /^https?:\/\/(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/

/** An origin whose host name may have letters of any alphabet. */
const INTERNATIONAL = /^https?:\/\/[^\s/?#@\\:[\]%]+(?::\d{1,5})?$/

/**
 * Returns the canonical form of `scheme://host[:port]`: lower case, without the default port of the scheme.
 * @throws InvalidValue for anything else: another scheme, a path, a trailing slash, credentials, `*`, `null`
 */
function parseOrigin(text: string): string {
  const lower = text.toLowerCase()
  // An international name is stored in the form that browsers and certificates use (xn--…).
  const url = ORIGIN.test(lower) || INTERNATIONAL.test(lower) ? URL.parse(lower) : null
  if (url !== null && ORIGIN.test(url.origin)) return url.origin
  throw new InvalidValue(
    `'${text}' is not an origin`,
    'write http(s)://host[:port] without a path or a trailing slash, for example https://chat.example.org',
  )
}

/**
 * Parses the public address of this server, an origin. It may end with a slash, as an address copied from a browser
 * does. @throws InvalidValue for anything else; for a path, the message says that Synapse needs a host name of its own
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

/** Parses a list of origins and removes duplicates. @throws InvalidValue if any entry is not an origin */
export function parseOrigins(entries: readonly string[]): string[] {
  refuseCredentials(entries)
  return [...new Set(entries.map(parseOrigin))]
}

/**
 * Refuses the list if an entry contains `@`, and quotes none of it: a comma in a password splits it into two entries.
 * Other refusals quote the bad entry.
 */
function refuseCredentials(entries: readonly string[]): void {
  if (entries.some((entry) => entry.includes('@')))
    throw new InvalidValue(
      'names a user or a password, which an origin has not',
      'write http(s)://host[:port]',
    )
}
