/** The server's log: one JSON object per line. Callers never pass a body, token, cookie, password or query value. */

import { printableJson, withoutCredentials } from '../core/kernel/text'

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warning: 2, error: 3 }
/** Lines are written in batches: up to this size, or within this time. */
const FLUSH_BYTES = 65_536
const FLUSH_MILLISECONDS = 100

export interface Logger extends Disposable {
  debug(message: string, facts?: LogFields): void
  info(message: string, facts?: LogFields): void
  warning(message: string, facts?: LogFields): void
  /** `fault` is logged with its stack, which contains no data. Its message is logged only for errors of our own. */
  error(message: string, facts?: LogFields & { readonly fault?: unknown }): void
  isOn(level: LogLevel): boolean
  /** Adds a line rendered by the caller, for events on every request. */
  line(json: string): void
  flush(): void
}

/** Creates a log that batches lines for `write`. Warnings and errors are written at once. */
export function createLogger(level: LogLevel, write: (text: string) => void): Logger {
  let gathered: string[] = []
  let length = 0
  let timer: Timer | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (gathered.length === 0) return
    const text = gathered.join('')
    gathered = []
    length = 0
    write(text)
  }
  const line = (json: string) => {
    gathered.push(json, '\n')
    length += json.length + 1
    if (length >= FLUSH_BYTES) flush()
    else timer ??= setTimeout(flush, FLUSH_MILLISECONDS)
  }
  const log = (at: LogLevel, message: string, facts: LogFields = {}) => {
    if (ranks[at] < ranks[level]) return
    const { fault, ...rest } = facts
    const trouble = fault === undefined ? {} : { error: describe(fault) }
    const entry = { timestamp: new Date().toISOString(), level: at, message, ...rest, ...trouble }
    // Escaped, because `serve --logs` shows it on a terminal.
    line(printableJson(entry))
    if (ranks[at] >= ranks.warning) flush()
  }
  return {
    debug: (message, facts) => log('debug', message, facts),
    info: (message, facts) => log('info', message, facts),
    warning: (message, facts) => log('warning', message, facts),
    error: (message, facts) => log('error', message, facts),
    isOn: (wanted) => ranks[wanted] >= ranks[level],
    line,
    flush,
    [Symbol.dispose]: flush,
  }
}

/**
 * Describes a fault without data: the message of a query error contains parameters, so only name, code and stack frames
 * are kept.
 */
function describe(fault: unknown): LogFields {
  if (!(fault instanceof Error)) return { name: typeof fault }
  const frames = (fault.stack ?? '').split('\n').filter((row) => /^\s+at /.test(row))
  const code = 'code' in fault ? String(fault.code) : undefined
  const isQuery =
    fault.name === 'DrizzleQueryError' || fault.name === 'SQLiteError' || fault.name === 'PostgresError'
  return {
    name: fault.name,
    ...(code === undefined ? {} : { code }),
    ...(isQuery ? {} : { message: withoutCredentials(fault.message) }),
    stack: frames.map((frame) => frame.trim()),
    ...(fault.cause === undefined ? {} : { cause: describe(fault.cause) }),
  }
}
