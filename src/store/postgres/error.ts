import { AppError } from '../../core/kernel/errors'
import { OperatorError } from '../../core/kernel/operator-error'

/** What an error of the driver means for the statement that failed. */
type Meaning =
  /** The connection was lost or cannot be opened. Whether a running statement took effect is unknown. */
  | 'lost'
  /** Another transaction interfered; a retry may succeed. */
  | 'collision'
  /** The database is read-only: a standby, or default_transaction_read_only is on. Nothing was written. */
  | 'read_only'
  /** All connections that the database or this role may have are in use. Open connections keep working. */
  | 'crowded'
  /** A key that must be unique exists already. */
  | 'duplicate'
  | 'full'
  | 'other'

/** Seconds after which a client should retry: the server checks its database every second. */
const RETRY_AFTER = 2

const lostCodes: ReadonlySet<string> = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  // admin_shutdown, crash_shutdown, cannot_connect_now
  '57P01',
  '57P02',
  '57P03',
  // invalid_sql_statement_name, duplicate_prepared_statement: a pooler has switched the session
  '26000',
  '42P05',
])

/** The codes of lost connections over which no statement can have been sent. */
const unsentCodes: ReadonlySet<string> = new Set([
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  '57P03',
  '53300',
])

/** Returns the error code of the driver or of Postgres (SQLSTATE); empty if there is none. */
export function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

/** Returns the name of the violated constraint or index; empty if there is none. */
export function constraintOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error && 'constraint_name' in cause ? String(cause.constraint_name) : ''
}

/** Reports whether the code is that of a failed TLS handshake. */
export function isTlsFault(code: string): boolean {
  return /^(?:TLS_|ERR_TLS_|ERR_SSL_|CERT_|EPROTO$|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/.test(
    code,
  )
}

/** Reports whether the server was reached and rejected the connection: class 28, TLS, or a missing database. */
function isShut(code: string): boolean {
  return code.startsWith('28') || code === '3D000' || isTlsFault(code)
}

export function meaningOf(error: unknown): Meaning {
  const code = codeOf(error)
  if (lostCodes.has(code) || code.startsWith('08') || isShut(code)) return 'lost'
  // transaction_rollback, and the driver's code for a COMMIT that Postgres answered with ROLLBACK
  if (code.startsWith('40')) return 'collision'
  if (code === '25006') return 'read_only'
  if (code === '53300') return 'crowded'
  if (code === '23505') return 'duplicate'
  if (code === '53100') return 'full'
  return 'other'
}

/** Reports whether a lost statement may have taken effect. */
export function wasSent(error: unknown): boolean {
  const code = codeOf(error)
  return !unsentCodes.has(code) && !isShut(code)
}

/** Returns the core's error for an error of the driver. The driver's text is dropped, because it may quote data. */
export function translate(error: unknown): unknown {
  // The watch found this and has logged it.
  if (error instanceof OperatorError) return unavailable('The database cannot be used right now; try again')
  switch (meaningOf(error)) {
    case 'lost':
    case 'collision':
      return unavailable('The database cannot be reached right now; try again')
    case 'read_only':
      return unavailable('The database is read-only right now, so nothing was written; try again')
    case 'crowded':
      return unavailable('The database has no connection left for this server right now; try again')
    case 'full':
      return new AppError(
        'storage_full',
        'storage_full',
        'The disk of the database is full: nothing was written, reading goes on',
      )
    default:
      return error
  }
}

function unavailable(message: string): AppError {
  return new AppError('unavailable', 'unavailable', message, { retry_after: RETRY_AFTER })
}
