import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { systemSecrets } from '../../src/platform'
import { type OpenStore, openSqliteStore } from '../../src/store'
import { FakeClock } from '../support/fake-clock'
import { fastDirectory } from '../support/fast-directory'

/** A store of its own on one of the engines, with a clock that stands and a second connection for looking behind it. */
export interface Engine extends AsyncDisposable {
  readonly store: OpenStore
  readonly clock: FakeClock
  /** What the store reported as a fault that fails nobody. */
  readonly faults: unknown[]
  /** Runs a statement on a connection of its own: it sees what is committed and nothing else. */
  sql<Row>(statement: string): Promise<Row[]>
  /** Closes the store and opens it again. */
  reopen(): Promise<OpenStore>
}

type EngineName = 'sqlite'

/** Every engine that the store's tests run on. */
export const engines: readonly (readonly [EngineName])[] = [['sqlite']]

export async function openEngine(_name: EngineName = 'sqlite'): Promise<Engine> {
  const directory = fastDirectory()
  const path = join(directory.path, 'synapse.db')
  const clock = new FakeClock()
  const faults: unknown[] = []
  const open = () =>
    openSqliteStore(path, { clock, secrets: systemSecrets, report: (fault) => faults.push(fault) })
  let store = await open()
  let other: Database | undefined
  const close = async () => {
    other?.close()
    other = undefined
    await store.close()
  }
  return {
    store,
    clock,
    faults,
    sql: async <Row>(statement: string) => {
      other ??= new Database(path, { readwrite: true })
      return other.query<Row, []>(statement).all()
    },
    reopen: async () => {
      await close()
      store = await open()
      return store
    },
    [Symbol.asyncDispose]: async () => {
      await close()
      directory[Symbol.dispose]()
    },
  }
}
