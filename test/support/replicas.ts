// Replicas: servers over one Postgres, with one instance key.
import { generateKeyPairSync } from 'node:crypto'
import { sharedPostgres } from './postgres'
import { type World, world } from './world'

/** Returns the settings that make several servers replicas: a database, a new one by default, and an instance key. */
export async function sharedStore(database?: string): Promise<Record<string, string>> {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    SYNAPSE_DATABASE_URL: database ?? (await (await sharedPostgres()).createDatabase()),
    SYNAPSE_INSTANCE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

export interface TwoReplicas extends AsyncDisposable {
  readonly one: World
  readonly other: World
}

/** Boots two replicas in this process. `more`: further settings of both. */
export async function twoReplicas(more: Readonly<Record<string, string>> = {}): Promise<TwoReplicas> {
  const settings = { ...(await sharedStore()), ...more }
  await using undo = new AsyncDisposableStack()
  const one = undo.use(await world({ settings }))
  const other = undo.use(await world({ settings }))
  const disposal = undo.move()
  return { one, other, [Symbol.asyncDispose]: () => disposal.disposeAsync() }
}
