import { join } from 'node:path'
import type { OperatorError } from '../../src/core/kernel/operator-error'
import type { Micros } from '../../src/core/kernel/time'
import type { Catalogue } from '../../src/core/log/catalogue'
import { systemSecrets } from '../../src/platform'
import { type OpenStore, openStore, type StoreDeps, type StoreLocation } from '../../src/store'
import { databaseOn } from '../support/database'
import { FakeClock } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'
import { postgresMissing } from '../support/postgres'

/** A store on one of the engines, with a clock that stands still and a second connection to look at its tables. */
export interface Engine extends AsyncDisposable {
  readonly location: StoreLocation
  readonly store: OpenStore
  readonly clock: FakeClock
  /** Faults that the store reported without failing an operation. */
  readonly faults: unknown[]
  /** Faults that made the store unfit to be served. */
  readonly unfit: OperatorError[]
  /** Runs a statement on a separate connection, which sees only what is committed. */
  sql<Row>(statement: string): Promise<Row[]>
  /** An instant as it is written in such a statement. */
  instant(at: Micros): string
  /** Closes the store and opens it again. */
  reopen(): Promise<OpenStore>
}

export type EngineName = StoreLocation['kind']

/** All engines that the tests of the store run on. */
export const engines: readonly (readonly [EngineName])[] = postgresMissing
  ? [['sqlite']]
  : [['sqlite'], ['postgres']]

export function openEngine(name: EngineName = 'sqlite', catalogue?: Catalogue): Promise<Engine> {
  return engineOn(name, { ...(catalogue && { catalogue }) })
}

export async function engineOn(
  name: EngineName,
  options: Pick<StoreDeps, 'catalogue' | 'startWorker'>,
): Promise<Engine> {
  const directory = fastDirectory()
  const path = join(directory.path, 'synapse.db')
  const database = await databaseOn(name, path)
  const location: StoreLocation =
    database.url === undefined ? { kind: 'sqlite', path } : { kind: 'postgres', url: database.url }
  const clock = new FakeClock()
  const faults: unknown[] = []
  const unfit: OperatorError[] = []
  const open = () =>
    openStore(location, {
      ...options,
      clock,
      secrets: systemSecrets,
      report: (fault) => faults.push(fault),
      unfit: (fault) => unfit.push(fault),
    })
  let store = await open()
  return {
    location,
    get store() {
      return store
    },
    clock,
    faults,
    unfit,
    sql: database.sql,
    instant: database.words.instant,
    reopen: async () => {
      await database.release()
      await store.close()
      store = await open()
      return store
    },
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await database[Symbol.asyncDispose]()
      directory[Symbol.dispose]()
    },
  }
}
