import { resolve } from 'node:path'
import { InvalidValue } from './config-error'
import { postgresUrl } from './postgres-url'

/** Which store a database URL means. */
export type DatabaseChoice =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

const REMEDY =
  'write sqlite:<path> (or sqlite:////absolute, sqlite:///relative) or postgres://user@host/database'

/**
 * Reads every accepted spelling. A relative SQLite path is taken from `cwd` and made absolute.
 * @throws InvalidValue whose message does not contain the URL, for it may hold a password
 */
export function parseDatabaseUrl(text: string, cwd: string): DatabaseChoice {
  const sqlite = /^sqlite:(.*)$/i.exec(text)?.[1]
  if (sqlite !== undefined) return { kind: 'sqlite', path: resolve(cwd, sqlitePath(sqlite)) }
  const postgres = /^(?:postgres|postgresql|postgresql\+psycopg):\/\/(.+)$/is.exec(text)?.[1]
  if (postgres !== undefined) return { kind: 'postgres', url: postgresUrl(postgres, cwd) }
  throw new InvalidValue('is not a database URL that Synapse knows', REMEDY)
}

/** The one spelling in which the configuration shows a store. */
export function databaseUrl(database: DatabaseChoice): string {
  return database.kind === 'sqlite' ? `sqlite:${database.path}` : database.url
}

/** The URL with its password, or passwords, replaced by `***`. Rather hides too much than too little. */
export function maskUrl(url: string): string {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(url) ?? []
  if (scheme === undefined || rest === undefined) return url
  // A password may itself contain @ / ? or #, so everything up to the last @ counts as credentials.
  const end = rest.lastIndexOf('@')
  const colon = rest.indexOf(':')
  const hasPassword = colon !== -1 && colon < end
  const masked = hasPassword ? `${rest.slice(0, colon)}:***${rest.slice(end)}` : rest
  return scheme + masked.replace(/([?&][a-z_]*pass(?:word|phrase)?=)[^&#]*/gi, '$1***')
}

/** Returns the path of a `sqlite:` address. SQLAlchemy's form has three slashes before a path, which may itself be absolute. */
function sqlitePath(text: string): string {
  const path = text.startsWith('///') ? text.slice(3) : text
  if (path.startsWith('//') || (text.startsWith('//') && !text.startsWith('///'))) {
    throw new InvalidValue('has the wrong number of slashes', REMEDY)
  }
  if (path === '' || path.endsWith('/')) throw new InvalidValue('names no file', REMEDY)
  if (path.includes(':memory:')) throw new InvalidValue('keeps nothing: a database needs a file', REMEDY)
  if (/[?\0]/.test(path))
    throw new InvalidValue('has parameters, which SQLite stores here do not take', REMEDY)
  return path
}
