import postgres, { type Options, type Sql } from 'postgres'
import { addressOf, type Encryption, encryptionsOf, type PostgresAddress } from './address'
import { codeOf, isTlsFault } from './error'
import { explain } from './explain'

const CONNECT_SECONDS = 5
/** Waits between attempts to connect grow up to this many seconds. */
const LONGEST_BACKOFF = 1

/** Settings of a session by name. */
export type SessionSettings = Readonly<Record<string, string>>

/** What the results and the promises of every statement depend on, whatever a role or a database has set for itself. */
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
  // A session whose client is gone without a word gives its locks back soon.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '3',
  tcp_keepalives_count: '3',
}

/**
 * No connection leads to a standby, where a name or a proxy may lead for a while: it does not have what was committed last,
 * so that rights that were taken back would count there, and messages be missing.
 */
const PRIMARY = `;
  DO $$ BEGIN
    IF pg_is_in_recovery() THEN RAISE EXCEPTION 'a standby' USING ERRCODE = 'read_only_sql_transaction'; END IF;
  END $$`

export interface ConnectOptions {
  /** How many connections at most; default 1. */
  readonly max?: number
  readonly name?: string
  readonly settings?: SessionSettings
  readonly onnotify?: (channel: string, message: string) => void
  readonly onclose?: () => void
}

/** Makes connections to one database, which are opened when they are used. */
export type Connect = (options?: ConnectOptions) => Sql

/**
 * Finds out in which of the ways that a URL allows its server lets this process in, and answers what connects in this way,
 * and a first connection. No connection is made to a standby unless it will do.
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
    // A connection that ends in the middle of a transaction ends the transaction, and nothing else does.
    max_lifetime: null,
    keep_alive: 5,
    fetch_types: false,
    onnotice: () => {},
  }
  const startup = parameters.get('options')
  return ({ max = 1, name = parameters.get('application_name') ?? 'synapse', settings, ...rest } = {}) =>
    // `onnotify` is an option that the types of the driver leave out; `setup` is one of our patch.
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
  // Left open, the port is that of PGPORT.
  if (first?.port === undefined && hosts.length === 1 && first?.name.includes(':') === false)
    return { host: first.name }
  return { host: hosts.map(({ name }) => name), port: hosts.map(({ port }) => port ?? 5432) }
}

/**
 * One statement that sets all of them, as the first of a session: not every pooler takes them in the startup message. What
 * this version of Postgres does not have is left out.
 */
function setupOf(settings: SessionSettings): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  const rows = Object.entries(settings).map((pair) => `(${pair.map(quoted).join(', ')})`)
  return `SELECT set_config(name, value, false) FROM (VALUES ${rows.join(', ')}) AS wanted (name, value)
    WHERE current_setting(name, true) IS NOT NULL`
}
