import type { OpenStore, StoreDeps } from './index'
import { meaningOf } from './postgres-error'
import { type Head, handleOf, openPostgres, timed } from './postgres-open'
import { readsThrough } from './postgres-reads'
import { PostgresSharedLog } from './postgres-shared-log'
import { PostgresStore } from './postgres-store'
import { findFact, insertEpoch, noteFact } from './queries/instance'
import { StoreError } from './store-error'

/** The head is looked at so often, whatever the bus says. */
const WATCH_MILLISECONDS = 1000
/** A database that has not answered for so long is taken for gone. */
const PATIENCE_MILLISECONDS = 3000

/**
 * Opens the store in a Postgres database, filling and migrating it as needed.
 * @throws StoreError if it cannot or must not be opened by this program
 */
export async function openPostgresStore(url: string, deps: StoreDeps): Promise<OpenStore> {
  const { clock, secrets, report, measure, unfit = report } = deps
  const connections = await openPostgres(url, deps)
  try {
    const { writer, readers, watch } = connections
    const lookAtHead = () => watch.run((look) => look())
    const reads = readsThrough(readers)
    const lookAtTime = () => timed(deps, lookAtHead)
    const shared = new PostgresSharedLog(reads, await lookAtHead(), lookAtHead, report)
    const store = new PostgresStore(writer, reads, shared, clock, secrets, measure)
    const watching = watchOver({
      log: shared,
      lookAtHead: lookAtTime,
      report,
      unfit,
      lookElsewhere: () => watch.renew(),
      recovered: () => writer.renew(),
    })
    const holder = crypto.randomUUID()
    const close = async () => {
      watching.stop()
      await store.settle()
      await connections.close()
    }
    return Object.assign(store, {
      kind: 'postgres' as const,
      connect: connections.connect,
      migrated: connections.migrated,
      notices: connections.notices,
      fact: (name: string) => writer.run((db) => findFact(handleOf(db), name)),
      noteFact: (name: string, value: string) => writer.run((db) => noteFact(handleOf(db), name, value)),
      beginEpoch: (reason: string) =>
        writer.run((db) =>
          db.transaction(async (tx) => {
            await tx.execute('SELECT 1 FROM log_head FOR UPDATE')
            await insertEpoch(handleOf(tx), clock, secrets, reason)
          }),
        ),
      lease: async (name: string, seconds: number) => {
        // By the clock of the database, which all processes share. A lease that ends later than any begun now was begun
        // while that clock was ahead.
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
      release: async (name: string) => {
        await readers.run((_, sql) => sql`DELETE FROM job_leases WHERE name = ${name} AND holder = ${holder}`)
      },
      isHealthy: () => watching.isHealthy,
      close,
      [Symbol.asyncDispose]: close,
    })
  } catch (error) {
    await connections.close()
    throw error
  }
}

/** What is reported, once, when the database takes no changes. */
class ReadOnlyDatabase extends Error {
  override readonly name = 'ReadOnlyDatabase'

  constructor() {
    super(
      'the database is read-only (a standby, or default_transaction_read_only is on): nothing can be written until it takes changes again',
    )
  }
}

interface Watched {
  readonly log: PostgresSharedLog
  readonly lookAtHead: () => Promise<Head>
  readonly report: (fault: unknown) => void
  readonly unfit: (fault: StoreError) => void
  /** Connects anew to look again. */
  readonly lookElsewhere: () => void
  /** Told that the database takes changes again. */
  readonly recovered: () => void
}

/** Looks at the head now and then: what no hint told of is found by this, and whether the database is there. */
function watchOver(of: Watched): { readonly isHealthy: boolean; stop(): void } {
  let answeredAt = performance.now()
  let trouble: 'lost' | 'read_only' | undefined
  let asking = false
  // Said once; it is in /readyz until the database is back.
  const say = (what: 'lost' | 'read_only', fault: unknown) => {
    if (trouble === what) return
    trouble = what
    if (isUnfit(fault)) of.unfit(fault)
    else of.report(what === 'read_only' ? new ReadOnlyDatabase() : fault)
  }
  const look = async () => {
    if (asking) return
    asking = true
    try {
      const head = await of.lookAtHead()
      of.log.noteHead(head)
      answeredAt = performance.now()
      if (head.isReadOnly) {
        say('read_only', undefined)
        of.lookElsewhere()
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
  const timer = setInterval(() => void look(), WATCH_MILLISECONDS)
  timer.unref()
  return {
    get isHealthy() {
      return trouble === undefined && performance.now() - answeredAt < PATIENCE_MILLISECONDS
    },
    stop: () => clearInterval(timer),
  }
}

/** Whether waiting does not help. */
function isUnfit(fault: unknown): fault is StoreError {
  return fault instanceof StoreError && fault.reason === 'unsuitable'
}
