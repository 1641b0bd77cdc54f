import { background } from '../../core/kernel/background'
import { Trouble } from '../../core/kernel/errors'
import { OperatorError } from '../../core/kernel/operator-error'
import { eventCatalogue } from '../../core/log/catalogue'
import { GroupCommit } from '../group-commit'
import type { OpenStore, StoreDeps } from '../index'
import { beginEpoch, findFact, noteFact } from '../queries/instance'
import { PostgresEngine } from './engine'
import { codeOf, meaningOf } from './error'
import { type Head, handleOf, openPostgres, type PostgresConnections, timed, WATCH_PATIENCE_MS } from './open'
import { readsThrough } from './reads'
import { PostgresSharedLog } from './shared-log'

/** Interval at which the head of the log is read, even when the bus works. */
const WATCH_MILLISECONDS = 1000
/** The database counts as unhealthy after this long without an answer. */
const PATIENCE_MILLISECONDS = 3000
const SILENT = `the database did not answer for ${WATCH_PATIENCE_MS / 1000} s: the connections to it are replaced`

/**
 * Opens the store in a Postgres database. Creates and migrates its tables as needed.
 * @throws OperatorError if it cannot or must not be opened by this program
 */
export async function openPostgresStore(url: string, deps: StoreDeps): Promise<OpenStore> {
  const { clock, secrets, report, measure, catalogue = eventCatalogue, unfit = report } = deps
  const connections = await openPostgres(url, deps)
  try {
    const { writer, readers, watch } = connections
    let watching: Watching | undefined
    // The watch connection is used every second, so it notices first that the database no longer answers.
    const abandonAll = () => {
      watching?.connectionsDied()
      for (const client of [writer, readers]) client.abandon()
    }
    const readHead = headReader(watch, abandonAll)
    const reads = readsThrough(readers)
    const readHeadTimed = () => timed(deps, readHead)
    const shared = new PostgresSharedLog(reads, await readHead(), readHead, report, catalogue, () => {
      connections.head.withMarks = true
    })
    const engine = new PostgresEngine(writer, clock)
    const commits = new GroupCommit({ catalogue, engine, log: shared, clock, secrets, report, measure })
    watching = watchOver({
      log: shared,
      readHead: readHeadTimed,
      report,
      unfit,
      reconnect: () => watch.renew(),
      recovered: () => writer.renew(),
    })
    const holder = crypto.randomUUID()
    const close = async () => {
      watching?.stop()
      await commits.drain()
      shared.stop()
      await connections.close()
    }
    const opened: OpenStore = {
      kind: 'postgres',
      connect: connections.connect,
      migrated: connections.migrated,
      notices: connections.notices,
      reads,
      // The database runs them in processes of its own.
      slow: reads,
      common: connections.common,
      shared,
      post: (plan) => commits.post(plan),
      transact: (work, options) => commits.transact(work, options),
      onCommit: (listener) => shared.onCommit(listener),
      onMarks: (listener) => shared.onMarks(listener),
      waitFor: (seq) => shared.waitFor(seq),
      fact: (name) => writer.run((db) => findFact(handleOf(db), name)),
      noteFact: (name, value) => writer.run((db) => noteFact(handleOf(db), name, value)),
      beginEpoch: (reason, from) =>
        writer.run((db) =>
          db.transaction(async (tx) => {
            await tx.execute('SELECT 1 FROM log_head FOR UPDATE')
            await beginEpoch(handleOf(tx), clock, secrets, { reason, from })
          }),
        ),
      lease: async (name, seconds) => {
        // Leases use the clock of the database, which all processes share. A lease that ends later than any lease
        // taken now could was taken while that clock was ahead.
        const held = await readers.run(
          (_, sql) => sql`
            INSERT INTO job_leases (name, holder, until)
            VALUES (${name}, ${holder}, now() + ${seconds} * interval '1 second')
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
            WHERE job_leases.holder = excluded.holder OR job_leases.until < now()
              OR job_leases.until > now() + ${2 * seconds} * interval '1 second' RETURNING name`,
        )
        return held.length > 0
      },
      release: async (name) => {
        await readers.run((_, sql) => sql`DELETE FROM job_leases WHERE name = ${name} AND holder = ${holder}`)
      },
      isHealthy: () => watching?.isHealthy === true,
      // Vacuum does it.
      forgetRemoved: async () => {},
      releasePages: async () => false,
      // An index without segments.
      mergeWordIndex: async () => false,
      close,
      [Symbol.asyncDispose]: close,
    }
    return opened
  } catch (error) {
    await connections.close()
    throw error
  }
}

/** Reported once when the database does not accept writes. */
class ReadOnlyDatabase extends Trouble {
  override readonly name = 'ReadOnlyDatabase'

  constructor() {
    super(
      'the database is read-only (a standby, or default_transaction_read_only is on): nothing can be written until it accepts writes again',
    )
  }
}

interface Watching {
  readonly isHealthy: boolean
  /** To be called when the connections are dead: no answer came in time. */
  connectionsDied(): void
  stop(): void
}

interface Watched {
  readonly log: PostgresSharedLog
  readonly readHead: () => Promise<Head>
  readonly report: (fault: unknown) => void
  readonly unfit: (fault: OperatorError) => void
  /** Replaces the connection, so that the next look may reach another server. */
  readonly reconnect: () => void
  /** Called when the database accepts writes again. */
  readonly recovered: () => void
}

/**
 * Reads the head of the log periodically. This finds events that no hint announced, and shows whether the database is
 * reachable.
 */
function watchOver(of: Watched): Watching {
  let answeredAt = performance.now()
  let trouble: 'lost' | 'read_only' | undefined
  let asking = false
  // Reported once. /readyz shows it until the database is back.
  const say = (what: 'lost' | 'read_only', fault: unknown) => {
    if (trouble === what) return
    trouble = what
    if (isUnfit(fault)) of.unfit(fault)
    else of.report(what === 'read_only' ? new ReadOnlyDatabase() : troubleOf(fault))
  }
  const check = async () => {
    if (asking) return
    asking = true
    try {
      const head = await of.readHead()
      of.log.noteHead(head)
      answeredAt = performance.now()
      if (head.isReadOnly) {
        say('read_only', undefined)
        of.reconnect()
      } else {
        if (trouble === 'read_only') of.recovered()
        trouble = undefined
      }
    } catch (fault) {
      say(meaningOf(fault) === 'read_only' ? 'read_only' : 'lost', fault)
    } finally {
      asking = false
    }
  }
  const timer = setInterval(() => background(check(), of.report), WATCH_MILLISECONDS)
  timer.unref()
  return {
    get isHealthy() {
      return trouble === undefined && performance.now() - answeredAt < PATIENCE_MILLISECONDS
    },
    connectionsDied: () => say('lost', new Trouble(SILENT)),
    stop: () => clearInterval(timer),
  }
}

/**
 * Returns a function that reads the head, and retries once if the connection was lost. `onSilence` is called if no
 * answer came in time, once for concurrent callers.
 */
function headReader(watch: PostgresConnections['watch'], onSilence: () => void): () => Promise<Head> {
  let toldAt = Number.NEGATIVE_INFINITY
  const ask = async (isAgain: boolean): Promise<Head> => {
    try {
      return await watch.run((readHead) => readHead())
    } catch (error) {
      if (codeOf(error) === 'ETIMEDOUT' && performance.now() - toldAt > WATCH_PATIENCE_MS) {
        toldAt = performance.now()
        onSilence()
      }
      if (isAgain || meaningOf(error) !== 'lost') throw error
      return ask(true)
    }
  }
  return () => ask(false)
}

/** Returns what is reported when the database is unreachable. */
function troubleOf(fault: unknown): unknown {
  if (meaningOf(fault) !== 'lost') return fault
  return new Trouble(
    `the database cannot be reached (${codeOf(fault)}): requests that need it get 503 until it is back`,
  )
}

/** Reports whether the fault needs the operator, so that retrying does not help. */
function isUnfit(fault: unknown): fault is OperatorError {
  return fault instanceof OperatorError && fault.kind === 'unsuitable'
}
