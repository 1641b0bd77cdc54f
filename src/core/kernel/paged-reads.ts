import { MemberTable } from '../access/member-table'
import type { MemberCount, MembershipRow } from './channel-ports'
import type { KeyPage, Reads } from './ports'
import { type Pace, type PacedLoop, TURN_ROWS } from './turns'

/** Channels counted by one statement, and members examined by one statement. */
const COUNTED_AT_ONCE = 8
const MEMBERS_AT_ONCE = 1000
/** How often counting by pages is attempted before one statement counts all. */
const TRIES = 3
/** Members that can be counted in the time of reading one row. */
const MEMBERS_PER_ROW = MEMBERS_AT_ONCE / TURN_ROWS

/** Reads all rows in key order, page by page, and hands on each row. Yields to other work between pages. */
async function inPages<Row>(
  pace: Pace,
  read: (page: KeyPage) => Promise<readonly Row[]>,
  keyOf: (row: Row) => number,
  take: (row: Row) => void,
): Promise<void> {
  const loop = pace.loop()
  for (let after = 0; ; ) {
    await loop.turn()
    const page = await read({ after, limit: TURN_ROWS })
    loop.did(page.length)
    for (const row of page) take(row)
    const last = page.at(-1)
    if (last === undefined || page.length < TURN_ROWS) return
    after = keyOf(last)
  }
}

/** Splits values into slices of at most `size`, in order. */
export function* slices<Value>(values: readonly Value[], size: number): Iterable<Value[]> {
  for (let start = 0; start < values.length; start += size) yield values.slice(start, start + size)
}

/** Reads the rows of many keys, slice by slice. Yields to other work in between. */
export async function inSlices<Key, Row>(
  pace: Pace,
  keys: readonly Key[],
  read: (some: readonly Key[]) => Promise<Iterable<Row>>,
): Promise<Row[]> {
  const loop = pace.loop()
  const rows: Row[] = []
  for (const some of slices(keys, TURN_ROWS)) {
    await loop.turn()
    for (const row of await read(some)) rows.push(row)
    loop.did(some.length)
  }
  return rows
}

/** Counts members in the same way. `version` grows with every change of rights. */
export async function countInSlices(
  pace: Pace,
  channelIds: readonly number[],
  reads: Pick<Reads, 'countActive' | 'countActiveIn'>,
  version: () => number,
): Promise<MemberCount[]> {
  const loop = pace.loop()
  const counts: MemberCount[] = []
  for (const some of slices(channelIds, COUNTED_AT_ONCE)) {
    await loop.turn()
    const counted = await reads.countActive(some)
    loop.did(counted.reduce((sum, { members }) => sum + Math.max(1, members / MEMBERS_PER_ROW), 0))
    for (const count of counted)
      counts.push(count.isPart ? await countByPages(loop, count.channelId, reads, version) : count)
  }
  return counts
}

/** Pages are not one snapshot: if rights changed between two pages, the count starts again. */
async function countByPages(
  loop: PacedLoop,
  channelId: number,
  reads: Pick<Reads, 'countActiveIn'>,
  version: () => number,
): Promise<MemberCount> {
  for (let attempt = 1; ; attempt++) {
    const limit = attempt > TRIES ? Number.MAX_SAFE_INTEGER : MEMBERS_AT_ONCE
    const before = version()
    let members = 0
    for (let after = 0; ; ) {
      await loop.turn()
      const page = await reads.countActiveIn(channelId, { after, limit })
      loop.did(TURN_ROWS)
      members += page.members
      if (version() !== before && limit === MEMBERS_AT_ONCE) break
      if (page.last === undefined) return { channelId, members, isPart: false, asOf: page.asOf }
      after = page.last
    }
  }
}

export async function readIds(
  pace: Pace,
  read: (page: KeyPage) => Promise<readonly number[]>,
): Promise<Set<number>> {
  const ids = new Set<number>()
  const keyOf = (id: number) => id
  await inPages(pace, read, keyOf, (id) => ids.add(id))
  return ids
}

export async function readTable(
  pace: Pace,
  read: (page: KeyPage) => Promise<readonly MembershipRow[]>,
): Promise<MemberTable> {
  const table = new MemberTable()
  await inPages(
    pace,
    read,
    ({ key }) => key,
    ({ id, role, joinedSeq }) => table.set(id, { role, joinedSeq }),
  )
  return table.compact()
}

/** Runs the reads one after another, yielding in between, and keeps all results at once. */
export async function oneByOne(
  ids: readonly number[],
  read: (id: number) => Promise<() => void>,
): Promise<() => void> {
  const keep: (() => void)[] = []
  for (const id of ids) keep.push(await read(id))
  return () => {
    for (const one of keep) one()
  }
}
