import { readFileSync } from 'node:fs'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import { OperatorError } from '../../core/kernel/operator-error'

/** The parts of a Postgres URL, in the normal form of the configuration. */
export interface PostgresAddress {
  readonly user: string | undefined
  readonly password: string | undefined
  readonly hosts: readonly { readonly name: string; readonly port: number | undefined }[]
  readonly database: string | undefined
  readonly parameters: URLSearchParams
}

const FORM = /^postgres(?:ql)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?@]*)(?:\/([^?]*))?(?:\?(.*))?$/

export function addressOf(url: string): PostgresAddress {
  const [, user, password, hosts = '', database, query = ''] = FORM.exec(url) ?? []
  const parameters = new URLSearchParams(query)
  const named = hosts === '' ? (parameters.get('host') ?? '') : hosts
  return {
    user: decoded(user),
    password: decoded(password),
    hosts: named === '' ? [] : named.split(',').map(hostOf),
    database: decoded(database),
    parameters,
  }
}

/** Returns the address of a server for messages, without a password. */
export function placeOf({ hosts }: PostgresAddress): string {
  if (hosts.length === 0) return 'localhost'
  return hosts.map(({ name, port }) => (port === undefined ? name : `${name}:${port}`)).join(', ')
}

function hostOf(text: string): PostgresAddress['hosts'][number] {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? []
  const name = bracketed ?? decodeURIComponent(plain)
  return { name, port: port === undefined ? undefined : Number(port) }
}

function decoded(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : decodeURIComponent(text)
}

/**
 * TLS options of a connection; false = no TLS. With `optional` the connection is made without TLS if the server does
 * not offer it.
 */
export type Encryption = (ConnectionOptions & { readonly optional?: boolean }) | false

/**
 * Returns the encryption modes that `sslmode` allows, in the order in which libpq tries them. Without `sslmode` a
 * server on this machine is tried without TLS first, any other with TLS first.
 * @throws OperatorError if a file cannot be read
 */
export function encryptionsOf(address: PostgresAddress): readonly Encryption[] {
  const { parameters, hosts } = address
  const isNear = hosts.every(({ name }) => /^(?:localhost|127\..*|::1|\/.*)$/.test(name))
  const root = parameters.get('sslrootcert')
  const usual = root === 'system' ? 'verify-full' : isNear ? 'allow' : 'prefer'
  const mode = parameters.get('sslmode') ?? usual
  const files = {
    ...(root !== null && root !== 'system' && { ca: contentOf(root, 'sslrootcert') }),
    ...fileOf(parameters, 'sslcert', 'cert'),
    ...fileOf(parameters, 'sslkey', 'key'),
  }
  const trusting = { ...files, rejectUnauthorized: false }
  const anyName = { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  switch (mode) {
    case 'disable':
      return [false]
    case 'allow':
      return [false, trusting]
    case 'prefer':
      return [{ ...trusting, optional: true }, false]
    case 'require':
      // With a root certificate the server's certificate is checked against it, as libpq does.
      return [files.ca === undefined ? trusting : anyName]
    case 'verify-ca':
      return [anyName]
    default:
      return [{ ...files, rejectUnauthorized: true, checkServerIdentity: identityAmong(address) }]
  }
}

/**
 * Returns a check that accepts a certificate for any host in the URL, because the driver does not say which host it
 * is connected to.
 */
function identityAmong({ hosts }: PostgresAddress): NonNullable<ConnectionOptions['checkServerIdentity']> {
  return (_, certificate) => {
    const names = hosts.length === 0 ? ['localhost'] : hosts.map(({ name }) => name)
    const faults = names.map((name) => checkServerIdentity(name, certificate))
    return faults.some((fault) => fault === undefined) ? undefined : faults[0]
  }
}

function fileOf(parameters: URLSearchParams, name: string, option: 'cert' | 'key'): { [option]?: string } {
  const path = parameters.get(name)
  return path === null ? {} : { [option]: contentOf(path, name) }
}

function contentOf(path: string, parameter: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new OperatorError(
      'unsuitable',
      `the file in ${parameter} of SYNAPSE_DATABASE_URL cannot be read (${code})`,
      'correct the path, or let the user of the server read it',
    )
  }
}
