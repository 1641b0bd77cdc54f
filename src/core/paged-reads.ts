import { MemberTable } from './member-table'
import type { KeyPage, MemberCount, MembershipRow } from './ports'
import { type Pace, TURN_ROWS } from './turns'

/** Channels that one statement counts; fewer after it has met more than so many members, which take milliseconds. */
const COUNTED_AT_ONCE = 8
const MANY_MEMBERS = 10_000

/** Reads page by page all there is, in the order of a key, with turns for others between. */
export async function inPages<Row>(
  pace: Pace,
  read: (page: KeyPage) => Promise<readonly Row[]>,
  keyOf: (row: Row) => number,
): Promise<Row[]> {
  const loop = pace.loop()
  const rows: Row[] = []
  for (let after = 0; ; ) {
    await loop.turn()
    const page = await read({ after, limit: TURN_ROWS })
    loop.did(page.length)
    for (const row of page) rows.push(row)
    const last = page.at(-1)
    if (last === undefined || page.length < TURN_ROWS) return rows
    after = keyOf(last)
  }
}

/** Reads what belongs to each of many keys, with turns for others between. */
export async function inSlices<Key, Row>(
  pace: Pace,
  keys: readonly Key[],
  read: (some: readonly Key[]) => Promise<Iterable<Row>>,
): Promise<Row[]> {
  const loop = pace.loop()
  const rows: Row[] = []
  for (let start = 0; start < keys.length; start += TURN_ROWS) {
    await loop.turn()
    const some = keys.slice(start, start + TURN_ROWS)
    for (const row of await read(some)) rows.push(row)
    loop.did(some.length)
  }
  return rows
}

/** The same for counts of members, which take longer the larger the channels are. */
export async function countInSlices(
  pace: Pace,
  channelIds: readonly number[],
  read: (some: readonly number[]) => Promise<MemberCount[]>,
): Promise<MemberCount[]> {
  const loop = pace.loop()
  const counts: MemberCount[] = []
  for (let start = 0, size = COUNTED_AT_ONCE; start < channelIds.length; ) {
    await loop.turn()
    const counted = await read(channelIds.slice(start, start + size))
    loop.did(counted.length)
    counts.push(...counted)
    start += size
    const members = counted.reduce((sum, count) => sum + count.members, 0)
    size = members > MANY_MEMBERS ? Math.max(1, size >> 1) : Math.min(size * 2, COUNTED_AT_ONCE)
  }
  return counts
}

export async function readTable(
  pace: Pace,
  read: (page: KeyPage) => Promise<readonly MembershipRow[]>,
): Promise<MemberTable> {
  const table = new MemberTable()
  for (const { id, ...member } of await inPages(pace, read, (row) => row.id)) table.set(id, member)
  return table.compact()
}
