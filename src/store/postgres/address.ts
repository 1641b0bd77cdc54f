import { readFileSync } from 'node:fs'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import { OperatorError } from '../../core/kernel/operator-error'

/** What a Postgres URL says, in the one spelling that the configuration gives it. */
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

/** Where a server is, in words; never with a password. */
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

/** How a connection is encrypted; `optional`: without, where the server does not offer it. False: not at all. */
export type Encryption = (ConnectionOptions & { readonly optional?: boolean }) | false

/**
 * The ways in which `sslmode` lets a connection be made, in the order in which they are tried, as libpq tries them.
 * Without it a server on this machine is spoken to in plain, and another by TLS where it offers that.
 * @throws OperatorError when a file cannot be read
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
      // With a root at hand the certificate is checked by it, as libpq does.
      return [files.ca === undefined ? trusting : anyName]
    case 'verify-ca':
      return [anyName]
    default:
      return [{ ...files, rejectUnauthorized: true, checkServerIdentity: identityAmong(address) }]
  }
}

/** By the names in the URL: the driver does not say at which of them it is. */
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
