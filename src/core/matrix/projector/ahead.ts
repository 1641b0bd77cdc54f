import type { Reads } from '../../kernel/ports'
import type { PacedLoop } from '../../kernel/turns'
import type { EventRecord } from '../../log/events'
import type { EventBatch } from '../event-batch'
import type { Rooms } from '../rooms'
import { Derivation, type DerivationParts, NeedsTransaction } from './derivation'
import { derive } from './derive'
import type { LogRows } from './rows'

/**
 * Most rows are about messages. Their events are derived before the transaction that writes them, so that posts wait for
 * the writing alone. They are valid if the position of the projector has not moved meanwhile: the state of rooms
 * changes with it only.
 */

/** Types of rows whose events need no more than reads. */
const AHEAD: ReadonlySet<string> = new Set([
  'message.created',
  'message.edited',
  'message.deleted',
  'reaction.added',
  'reaction.removed',
])

type AheadParts = Omit<DerivationParts, 'rooms'> & { readonly rooms: Pick<Rooms, 'openAhead' | 'load'> }

/** Returns the rows up to the first one that needs a transaction; all of them if that is the first one. */
export function firstPart(rows: LogRows): LogRows {
  const end = rows.records.findIndex((record) => !isAhead(rows, record))
  const first = rows.records[end]
  return end <= 0 || !first ? rows : { ...rows, upTo: first.seq - 1, records: rows.records.slice(0, end) }
}

/** Derives the events of rows into a batch. Returns undefined if that needs a transaction, else how many were refused. */
export async function deriveAhead(
  parts: AheadParts,
  reads: Reads,
  rows: LogRows,
  batch: EventBatch,
  loop: PacedLoop,
): Promise<number | undefined> {
  const { rooms, people, system } = parts
  if (!rows.records.every((record) => isAhead(rows, record))) return undefined
  const shown = people.known([...rows.accounts.values(), system], rows.users)
  if (!shown) return undefined
  const forks: DerivationParts['rooms'] = {
    open: (matrix, needed) => rooms.openAhead(matrix, needed),
    load: (matrix, opened, needed) => rooms.load(matrix, opened, needed),
    begin: () => {
      throw new NeedsTransaction()
    },
  }
  const derivation = new Derivation({ ...parts, rooms: forks }, reads, rows, batch)
  try {
    await derivation.load(shown)
    for (const record of rows.records) {
      await loop.turn()
      await derive(derivation, record)
      loop.did(1)
    }
    return derivation.refused
  } catch (error) {
    if (error instanceof NeedsTransaction) return undefined
    throw error
  }
}

function isAhead({ channels }: LogRows, { type, channelId }: EventRecord): boolean {
  const channel = channelId === null ? undefined : channels.get(channelId)
  // The first row that is left out is noted.
  return AHEAD.has(type) && channel?.settings.matrix !== false
}
