import { slices } from '../core/kernel/paged-reads'
import type { Pace } from '../core/kernel/turns'

/** Rows read and rendered together. */
const SLICE = 200

/** A list in key order. */
export interface LongList<Key, Row> {
  /** Reads at most `limit` rows after a key. */
  read(page: { after: Key; limit: number }): Promise<readonly Row[]>
  keyOf(row: Row): Key
  toJson(row: Row): unknown
}

/**
 * Renders a page of a list as JSON, slice by slice, yielding to other work in between. `last` is the key of the last
 * row if there may be more.
 */
export async function renderPage<Key, Row>(
  pace: Pace,
  page: { readonly after: Key; readonly limit: number },
  { read, keyOf, toJson }: LongList<Key, Row>,
): Promise<{ text: string; last: Key | undefined }> {
  const loop = pace.loop()
  const texts: string[] = []
  let { after } = page
  while (texts.length < page.limit) {
    await loop.turn()
    const limit = Math.min(SLICE, page.limit - texts.length)
    const rows = await read({ after, limit })
    for (const row of rows) texts.push(JSON.stringify(toJson(row)))
    loop.did(rows.length)
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) return { text: `[${texts.join()}]`, last: undefined }
    after = keyOf(last)
  }
  return { text: `[${texts.join()}]`, last: after }
}

const encoder = new TextEncoder()

/**
 * Renders a JSON object with one list, yielding to other work in between. A long text is also encoded slice by slice: as
 * one string, Bun would convert and copy megabytes in one step.
 */
export async function renderList<Value>(
  pace: Pace,
  name: string,
  values: readonly Value[],
  toText: (value: Value) => string,
): Promise<string | Blob> {
  const [before, after] = [`{"${name}":[`, ']}']
  const loop = pace.loop()
  const textOf = async (some: readonly Value[]) => (await pace.each(some, toText, loop)).join()
  if (values.length <= SLICE) return `${before}${await textOf(values)}${after}`
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (const some of slices(values, SLICE))
    pieces.push(encoder.encode(`${pieces.length === 0 ? before : ','}${await textOf(some)}`))
  return new Blob([...pieces, after])
}
