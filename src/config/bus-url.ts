import { InvalidValue } from './config-error'
import { urlParts, urlText } from './credential-url'

const REMEDY = 'write redis://host:6379, or rediss:// for TLS'

/**
 * Reads the address of a Redis or Valkey server; both speak the same protocol, so one spelling stands for both.
 * @throws InvalidValue whose message does not contain the URL, for it may hold a password
 */
export function parseBusUrl(text: string): string {
  const [, scheme = '', rest = ''] = /^(redis|rediss|valkey|valkeys):\/\/(.+)$/is.exec(text.trim()) ?? []
  if (rest === '') throw new InvalidValue('is not the address of a Redis server', REMEDY)
  const parts = urlParts(rest)
  if (
    parts.hosts === '' ||
    parts.hosts.includes(',') ||
    !/^\d*$/.test(parts.path) ||
    parts.parameters.size > 0
  )
    throw new InvalidValue('is not the address of one Redis server', REMEDY)
  // A password in the place of the user would be shown.
  if (parts.user !== undefined && parts.password === undefined)
    throw new InvalidValue(
      'names a user without a password',
      'write redis://:<password>@host, with the colon',
    )
  return `${/^(rediss|valkeys)$/i.test(scheme) ? 'rediss' : 'redis'}://${urlText(parts)}`
}
