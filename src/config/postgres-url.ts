import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidValue } from './config-error'
import { type UrlParts, urlParts, urlText } from './credential-url'
import { nearest } from './nearest'

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']
const TARGETS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby']

/** The allowed parameters of a Postgres URL, with their values; an empty list allows any. Meanings are libpq's. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  application_name: [],
  host: [],
  options: [],
  sslcert: [],
  sslkey: [],
  sslmode: MODES,
  sslrootcert: [],
  target_session_attrs: TARGETS,
}
/** The parameters whose value is the path of a file. */
const FILES = ['sslrootcert', 'sslcert', 'sslkey']

/**
 * Returns the canonical form of a Postgres URL. `rest` is the URL without its scheme. Relative paths of files are
 * resolved against `cwd`. @throws InvalidValue with a message that does not contain the URL
 */
export function postgresUrl(rest: string, cwd: string): string {
  const parts = urlParts(rest)
  for (const [name, value] of parts.parameters) checkParameter(name, value)
  const parameters = new Map(parts.parameters)
  for (const name of FILES) {
    const path = parameters.get(name)
    if (path !== undefined && !(name === 'sslrootcert' && path === 'system'))
      parameters.set(name, readable(name, resolve(cwd, path)))
  }
  checkTls(parameters)
  return `postgres://${urlText({ ...parts, parameters })}`
}

function checkParameter(name: string, value: string): void {
  const values = PARAMETERS[name]
  if (values === undefined)
    throw new InvalidValue(
      `has the parameter ${/^\w{1,40}$/.test(name) ? name : 'of a name'} that Synapse does not know`,
      `leave it out; the nearest known one is ${nearest(name, Object.keys(PARAMETERS))}`,
    )
  if (values.length > 0 && !values.includes(value))
    throw new InvalidValue(
      `has a value of ${name} that Postgres does not know`,
      `write one of ${values.join(', ')}; the nearest is ${nearest(value, values)}`,
    )
}

function checkTls(parameters: UrlParts['parameters']): void {
  const mode = parameters.get('sslmode')
  if (parameters.has('sslcert') !== parameters.has('sslkey'))
    throw new InvalidValue('has one of sslcert and sslkey', 'give both')
  if (parameters.get('sslrootcert') === 'system' && mode !== undefined && mode !== 'verify-full')
    throw new InvalidValue(`has sslrootcert=system beside sslmode=${mode}`, 'write sslmode=verify-full')
}

function readable(name: string, path: string): string {
  try {
    accessSync(path, constants.R_OK)
    return path
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    throw new InvalidValue(
      `names in ${name} a file that cannot be read (${code})`,
      'correct the path, or let the user of the server read it',
    )
  }
}
