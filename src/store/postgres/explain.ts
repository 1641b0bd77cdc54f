import { OperatorError } from '../../core/kernel/operator-error'
import { addressOf, placeOf } from './address'
import { codeOf, isTlsFault, meaningOf } from './error'

/** The largest number of connections of one server: 1 writer, 8 readers, 1 watch, 2 of the bus. */
export const CONNECTIONS = 12

export const MORE_CONNECTIONS = `one server takes up to ${CONNECTIONS}: raise max_connections or the limit of the role, or end what holds them`

/**
 * Returns an OperatorError that explains why a database cannot be opened, without the password. Returns other errors
 * unchanged.
 */
export function explain(error: unknown, url: string): unknown {
  if (error instanceof OperatorError) return error
  const address = addressOf(url)
  const place = placeOf(address)
  const role = address.user ?? 'of this user'
  const database = address.database ?? role
  const code = codeOf(error)
  const unreadable = (problem: string, remedy: string) => new OperatorError('unreadable', problem, remedy)
  if (isTlsFault(code)) return explainTls(code, place)
  if (code === '28P01' || code === '28000' || code.startsWith('SASL'))
    return unreadable(
      `Postgres at ${place} does not let the role ${role} in (${code})`,
      'check user and password in SYNAPSE_DATABASE_URL, sslmode and pg_hba.conf',
    )
  if (code === '3D000')
    return unreadable(
      `there is no database ${database} at ${place}`,
      `create it: createdb -O ${role} ${database}`,
    )
  if (code === '42501')
    return new OperatorError(
      'no_rights',
      `the role ${role} lacks rights in the database ${database}`,
      `as its owner run: GRANT CREATE ON DATABASE ${database} TO ${role}`,
    )
  if (code === '3F000') return noSchema(role)
  if (meaningOf(error) === 'read_only') return readOnly()
  if (meaningOf(error) === 'crowded')
    return new OperatorError(
      'unreachable',
      `Postgres at ${place} has no connection left (${code})`,
      MORE_CONNECTIONS,
    )
  if (meaningOf(error) === 'lost')
    return new OperatorError(
      'unreachable',
      `no Postgres answers at ${place} (${code})`,
      'start it, or correct SYNAPSE_DATABASE_URL',
    )
  return error
}

export function readOnly(): OperatorError {
  return new OperatorError(
    'unsuitable',
    'this Postgres is a standby or read-only',
    'name the primary server, or set default_transaction_read_only = off',
  )
}

/** The error for a search path without a schema, in which no table can be created. */
export function noSchema(role: string): OperatorError {
  return new OperatorError(
    'unsuitable',
    'the search_path of this role or database leads to no schema',
    `take the setting back: ALTER ROLE ${role} RESET search_path, or ALTER DATABASE … RESET search_path`,
  )
}

function explainTls(code: string, place: string): OperatorError {
  const refuse = (problem: string, remedy: string) => new OperatorError('unsuitable', problem, remedy)
  switch (code) {
    case 'TLS_NOT_OFFERED':
      return refuse(
        `Postgres at ${place} does not offer TLS, which sslmode asks for`,
        'switch it on (ssl = on in postgresql.conf), or write sslmode=disable where the way there is private',
      )
    case 'CERT_HAS_EXPIRED':
      return refuse(`the certificate of Postgres at ${place} has expired`, 'renew it and reload Postgres')
    case 'CERT_NOT_YET_VALID':
      return refuse(
        `the certificate of Postgres at ${place} is not valid yet`,
        'check the clock of this machine',
      )
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return refuse(
        `the certificate of Postgres at ${place} is for another name`,
        'name the host as the certificate does, or write sslmode=verify-ca',
      )
    default:
      return /CERT|ISSUER|SIGNATURE|SIGNED/.test(code)
        ? refuse(
            `the certificate of Postgres at ${place} is signed by a CA that this machine does not trust (${code})`,
            'name the file of the CA: sslrootcert=/path/root.crt in SYNAPSE_DATABASE_URL',
          )
        : refuse(
            `TLS with Postgres at ${place} fails (${code})`,
            'check sslcert and sslkey, and which versions of TLS the server takes',
          )
  }
}
