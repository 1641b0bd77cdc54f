import { InvalidValue } from './config-error'

/** The parts of a URL that may contain a password. All except `hosts` are percent-decoded. */
export interface UrlParts {
  readonly user: string | undefined
  readonly password: string | undefined
  /** One or more hosts separated by commas, each with an optional port. */
  readonly hosts: string
  readonly path: string
  readonly parameters: ReadonlyMap<string, string>
}

const ENCODE = 'write # as %23, / as %2F, ? as %3F, @ as %40, % as %25'
const HOST = /^(?:\[[0-9a-f:.]+\]|[^\s:[\]\\]*)(?::\d{1,5})?$/i

/**
 * Parses a URL after its `scheme://`. Refuses a URL with an ambiguous character in its password, because a part of the
 * password could be mistaken for a host. @throws InvalidValue with a message that does not contain the URL
 */
export function urlParts(rest: string): UrlParts {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? ''
  const behind = rest.slice(authority.length)
  if (behind.includes('@'))
    throw new InvalidValue('has a password with a character that must be percent-encoded', ENCODE)
  if (behind.includes('#')) throw new InvalidValue('has a # that must be percent-encoded', ENCODE)
  const at = authority.lastIndexOf('@')
  const [user, password] = at === -1 ? [] : credentials(authority.slice(0, at))
  const hosts = authority.slice(at + 1)
  if (!hosts.split(',').every((host) => HOST.test(host)))
    throw new InvalidValue(
      'has no host and port that can be read',
      `write host:port; in a password ${ENCODE}`,
    )
  if (!hosts.split(',').every(hasPossiblePort))
    throw new InvalidValue('has a port that cannot be', 'write a port from 1 to 65535')
  const [path = '', query = ''] = behind.split(/\?(.*)/s)
  return { user, password, hosts, path: decoded(path.replace(/^\//, '')), parameters: parametersOf(query) }
}

/** Reports whether a host has no port, or one from 1 to 65535. */
function hasPossiblePort(host: string): boolean {
  const port = /:(\d+)$/.exec(host)?.[1]
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535)
}

function credentials(text: string): (string | undefined)[] {
  const colon = text.indexOf(':')
  if (colon === -1) return [decoded(text)]
  try {
    return [decodeURIComponent(text.slice(0, colon)), decodeURIComponent(text.slice(colon + 1))]
  } catch {
    throw new InvalidValue('has a password with a % that must be percent-encoded', 'write % as %25')
  }
}

function parametersOf(query: string): Map<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '')
  return new Map(
    pairs.map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      return [decoded(name), decoded(value)]
    }),
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InvalidValue('has a % that must be percent-encoded', 'write % as %25')
  }
}

/** Returns the canonical text of a parsed URL, without `scheme://`. */
export function urlText({ user, password, hosts, path, parameters }: UrlParts): string {
  const credential = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const who = user === undefined ? '' : `${encodeURIComponent(user)}${credential}@`
  const query = [...parameters].map((pair) => pair.map(encodeURIComponent).join('=')).join('&')
  const place = path === '' ? '' : `/${encodeURIComponent(path)}`
  return `${who}${hosts}${place}${query === '' ? '' : `?${query}`}`
}
