import { InvalidValue } from './config-error'

const REMEDY = 'write redis://host:6379, or rediss:// for TLS'

/**
 * Reads the address of a Redis or Valkey server; both speak the same protocol, so one spelling stands for both.
 * @throws InvalidValue whose message does not contain the URL, for it may hold a password
 */
export function parseBusUrl(text: string): string {
  const [, scheme = '', rest = ''] = /^(redis|rediss|valkey|valkeys):\/\/(.+)$/i.exec(text.trim()) ?? []
  if (rest === '' || URL.parse(`redis://${rest}`) === null)
    throw new InvalidValue('is not the address of a Redis server', REMEDY)
  return `${/^(rediss|valkeys)$/i.test(scheme) ? 'rediss' : 'redis'}://${rest}`
}
