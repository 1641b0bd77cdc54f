import { join } from 'node:path'
import type { Micros } from '../../src/core/kernel/time'
import type { Catalogue } from '../../src/core/log/catalogue'
import { systemSecrets } from '../../src/platform'
import { type OpenStore, openStore, type StoreLocation } from '../../src/store'
import { databaseOn } from '../support/database'
import { FakeClock } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'
import { postgresMissing } from '../support/postgres'

/** A store of its own on one of the engines, with a clock that stands and a second connection for looking behind it. */
export interface Engine extends AsyncDisposable {
  readonly location: StoreLocation
  readonly store: OpenStore
  readonly clock: FakeClock
  /** What the store reported as a fault that fails nobody. */
  readonly faults: unknown[]
  /** Runs a statement on a connection of its own: it sees what is committed and nothing else. */
  sql<Row>(statement: string): Promise<Row[]>
  /** An instant as it is written in such a statement. */
  instant(at: Micros): string
  /** Closes the store and opens it again. */
  reopen(): Promise<OpenStore>
}

export type EngineName = StoreLocation['kind']

/** Every engine that the store's tests run on. */
export const engines: readonly (readonly [EngineName])[] = postgresMissing
  ? [['sqlite']]
  : [['sqlite'], ['postgres']]

export async function openEngine(name: EngineName = 'sqlite', catalogue?: Catalogue): Promise<Engine> {
  const directory = fastDirectory()
  const path = join(directory.path, 'synapse.db')
  const database = await databaseOn(name, path)
  const location: StoreLocation =
    database.url === undefined ? { kind: 'sqlite', path } : { kind: 'postgres', url: database.url }
  const clock = new FakeClock()
  const faults: unknown[] = []
  const open = () =>
    openStore(location, {
      ...(catalogue && { catalogue }),
      clock,
      secrets: systemSecrets,
      report: (fault) => faults.push(fault),
    })
  let store = await open()
  return {
    location,
    get store() {
      return store
    },
    clock,
    faults,
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
