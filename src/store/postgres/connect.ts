import postgres, { type Options, type Sql } from 'postgres'
import { addressOf, type Encryption, encryptionsOf, type PostgresAddress } from './address'
import { codeOf, isTlsFault } from './error'
import { explain } from './explain'

const CONNECT_SECONDS = 5
/** The longest pause between attempts to connect, in seconds. */
const LONGEST_BACKOFF = 1

/** Settings of a session by name. */
export type SessionSettings = Readonly<Record<string, string>>

/** Settings that results and durability depend on. They override what a role or database has set for itself. */
const SESSION: SessionSettings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  idle_session_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  lock_timeout: '0',
  statement_timeout: '0',
  transaction_timeout: '0',
  // The session of a client that vanished is closed soon, which releases its locks.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '3',
  tcp_keepalives_count: '3',
}

/**
 * Rejects a connection to a standby, to which a DNS name or a proxy may lead for a while. A standby may lack the
 * latest commits, so revoked rights would still apply and messages would be missing. A standby refuses to assign an id
 * to a transaction with 25006 (read_only_sql_transaction). A DO block would load PL/pgSQL into every session.
 */
const PRIMARY = '; SELECT CASE WHEN pg_is_in_recovery() THEN txid_current() END'

export interface ConnectOptions {
  /** The largest number of connections; default 1. */
  readonly max?: number
  readonly name?: string
  readonly settings?: SessionSettings
  readonly onnotify?: (channel: string, message: string) => void
  readonly onclose?: () => void
}

/** Returns a pool of connections to one database. They are opened on first use. */
export type Connect = (options?: ConnectOptions) => Sql

/**
 * Tries the encryption modes that the URL allows, in order. Returns a connector for the first one that the server
 * accepts, and an open connection. Rejects a standby unless `standby` is set.
 * @throws OperatorError
 */
export async function connectFirst(
  url: string,
  { standby = false }: { readonly standby?: boolean } = {},
): Promise<{ connect: Connect; first: Sql }> {
  const address = addressOf(url)
  const encryptions = [...encryptionsOf(address)]
  for (;;) {
    const connect = connectorOf(address, encryptions.shift() ?? false, standby)
    const first = connect()
    try {
      await first`SELECT 1`
      return { connect, first }
    } catch (error) {
      await first.end({ timeout: 0 })
      const code = codeOf(error)
      if (encryptions.length === 0 || !(isTlsFault(code) || code === '28000')) throw explain(error, url)
    }
  }
}

export function connectorOf(address: PostgresAddress, ssl: Encryption, standby = false): Connect {
  const { user, password, database, hosts, parameters } = address
  const [host] = hosts
  const target = parameters.get('target_session_attrs')
  const fixed = {
    ...(host === undefined ? {} : placeFor(hosts)),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(target !== null && target !== 'any' && { target_session_attrs: target }),
    ssl,
    connect_timeout: CONNECT_SECONDS,
    backoff: (retries: number) => Math.min(0.05 * 2 ** retries, LONGEST_BACKOFF),
    // The driver would close an old connection even in the middle of a transaction, which aborts the transaction.
    max_lifetime: null,
    keep_alive: 5,
    fetch_types: false,
    onnotice: () => {},
  }
  const startup = parameters.get('options')
  return ({ max = 1, name = parameters.get('application_name') ?? 'synapse', settings, ...rest } = {}) =>
    // `onnotify` is missing in the types of the driver; `setup` comes from our patch.
    postgres({
      ...fixed,
      ...rest,
      max,
      connection: { application_name: name, ...(startup !== null && { options: startup }) },
      setup: `${setupOf({ ...SESSION, ...settings })}${standby ? '' : PRIMARY}`,
    } as unknown as Options<Record<string, never>>)
}

function placeFor(hosts: PostgresAddress['hosts']) {
  const [first] = hosts
  if (first?.name.startsWith('/') === true)
    return { path: `${first.name}/.s.PGSQL.${first.port ?? 5432}`, host: 'localhost' }
  // Without a port the driver uses PGPORT.
  if (first?.port === undefined && hosts.length === 1 && first?.name.includes(':') === false)
    return { host: first.name }
  return { host: hosts.map(({ name }) => name), port: hosts.map(({ port }) => port ?? 5432) }
}

/**
 * Returns one statement that applies all settings, to be run first in a session. Some poolers reject them in the
 * startup message. Settings that this version of Postgres does not have are left out.
 */
function setupOf(settings: SessionSettings): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  const rows = Object.entries(settings).map((pair) => `(${pair.map(quoted).join(', ')})`)
  return `SELECT set_config(name, value, false) FROM (VALUES ${rows.join(', ')}) AS wanted (name, value)
    WHERE current_setting(name, true) IS NOT NULL`
}
