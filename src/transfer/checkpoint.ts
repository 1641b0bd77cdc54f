import { OperatorError } from '../core/kernel/operator-error'
import { MOVING_IN, RETIRED_TO } from '../store/store-state'
import { type StoreAdapter, type Value, valueIn, type Writing } from './store-adapter'
import { TABLES, tableNamed } from './table-meta'

/** Identifies a store and its state. A move is continued only if both are unchanged. */
export interface Identity {
  readonly did: string | null
  readonly epoch: string
  readonly headSeq: number
}

/**
 * The progress of a move. It is stored in the target and updated in the same transactions as the rows that it
 * describes.
 */
export interface Checkpoint extends Identity {
  /** The table being copied. */
  readonly table: string
  /** Key of its last copied row; null before the first. */
  readonly after: readonly Value[] | null
  /** Number of copied rows of each table. */
  readonly rows: Readonly<Record<string, number>>
  /** Everything is copied and equals the source. */
  readonly verified: boolean
}

/** More than any store has: an epoch is begun by hand or by a restore. */
const MAX_EPOCHS = 100_000

/** Tables that a server fills at its first start. A store with rows in no other table is unused. */
const LEFT_BY_A_START = ['log_head', 'epochs', 'instance', 'job_leases']

/**
 * Returns the identity of a source. @throws OperatorError conflict if no server has ever run on it, or if a move into
 * it is unfinished
 */
export async function identify(from: StoreAdapter): Promise<Identity> {
  const facts = await from.facts()
  if (facts.has(MOVING_IN))
    throw new OperatorError(
      'conflict',
      'a move into the source is not finished',
      'run that migrate-db command again first',
    )
  const [epochs, logHead] = [tableNamed('epochs'), tableNamed('log_head')]
  const begun = (await from.page(epochs, undefined, MAX_EPOCHS)).at(-1)
  const [head] = await from.page(logHead, undefined, 1)
  if (!begun || !head)
    throw new OperatorError('conflict', 'the source holds no log', 'name a store that a server has run on')
  return {
    did: facts.get('did') ?? null,
    epoch: String(valueIn(epochs, begun, 'epoch')),
    headSeq: Number(valueIn(logHead, head, 'seq')),
  }
}

async function readCheckpoint(to: StoreAdapter): Promise<Checkpoint | undefined> {
  const text = (await to.facts()).get(MOVING_IN)
  // Written by writeCheckpoint only.
  return text === undefined ? undefined : (JSON.parse(text) as Checkpoint)
}

export function writeCheckpoint(write: Writing, checkpoint: Checkpoint): Promise<void> {
  return write.setFact(MOVING_IN, JSON.stringify(checkpoint))
}

/**
 * Returns the checkpoint to continue from: that of an unfinished move of the same source, or a new one in an empty
 * target.
 * @throws OperatorError conflict
 */
export async function beginMove(
  to: StoreAdapter,
  source: Identity,
  movedTo: string | undefined,
): Promise<Checkpoint> {
  const found = await readCheckpoint(to)
  if (movedTo !== undefined && !found?.verified)
    throw new OperatorError(
      'conflict',
      `the source was moved already, to ${movedTo}`,
      'name that store, or use this one again: synapse epoch rotate',
    )
  if (found) {
    if (found.did === source.did && found.epoch === source.epoch && found.headSeq === source.headSeq)
      return found
    throw new OperatorError(
      'conflict',
      found.did === source.did && found.epoch === source.epoch
        ? 'the source has changed since its move into this target began'
        : 'the target holds the unfinished move of another store',
      'name an empty target: another file, or a database that was created anew',
    )
  }
  await refuseUsed(to, source.did)
  const checkpoint: Checkpoint = {
    ...source,
    table: TABLES[0]?.name ?? '',
    after: null,
    rows: {},
    verified: false,
  }
  await to.transact(async (write) => {
    await clearStart(write)
    await writeCheckpoint(write, checkpoint)
  })
  return checkpoint
}

/** Prepares an empty store for an import into the instance of this DID. @throws OperatorError conflict */
export async function beginImport(to: StoreAdapter, write: Writing, did: string): Promise<void> {
  if ((await to.facts()).has(MOVING_IN))
    throw new OperatorError('conflict', 'the target holds an unfinished move', 'name an empty target')
  await refuseUsed(to, did)
  await clearStart(write)
  await write.setFact('did', did)
}

async function clearStart(write: Writing): Promise<void> {
  for (const name of LEFT_BY_A_START) await write.clear(tableNamed(name))
}

/** @throws OperatorError conflict if anything but a server's first start has written to the store */
async function refuseUsed(to: StoreAdapter, did: string | null): Promise<void> {
  const refuse = (what: string) =>
    new OperatorError('conflict', `the target is not empty: ${what}`, 'name an empty file or database')
  const facts = await to.facts()
  if (facts.has(RETIRED_TO)) throw refuse('it is a store that was itself moved away')
  for (const table of TABLES) {
    const [row] = await to.page(table, undefined, 1)
    if (row === undefined) continue
    if (!LEFT_BY_A_START.includes(table.name)) throw refuse(`there are rows in its table ${table.name}`)
    if (table.name === 'log_head' && valueIn(table, row, 'seq') !== 0) throw refuse('its log has begun')
  }
  const known = facts.get('did')
  if (known !== undefined && known !== did)
    throw refuse(`it belongs to another instance (${known}), whose server would refuse what is moved into it`)
}
