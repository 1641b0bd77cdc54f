import { expect, test } from 'bun:test'
import { Pace, TURN_ROWS } from '../../src/core/kernel/turns'
import { renderList } from '../../src/http/long-list'
import { systemTurns } from '../../src/platform'

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Renders a list, and counts the rows and the encoded bytes of each turn. */
async function rendered(count: number) {
  let [rows, bytes] = [0, 0]
  const most = { rows: 0, bytes: 0 }
  const turns = {
    next: async () => {
      await systemTurns.next()
      most.rows = Math.max(most.rows, rows)
      most.bytes = Math.max(most.bytes, bytes)
      rows = bytes = 0
    },
  }
  const pace = new Pace(turns, { steady: () => 0 }, (fault) => {
    throw fault
  })
  const { encode } = TextEncoder.prototype
  TextEncoder.prototype.encode = function (text) {
    bytes += text?.length ?? 0
    return encode.call(this, text)
  }
  try {
    const text = await renderList(pace, 'rows', numbers(count), (i) => {
      rows++
      return JSON.stringify({ i, name: `ä ${'x'.repeat(100)}` })
    })
    await turns.next()
    return { text, most }
  } finally {
    TextEncoder.prototype.encode = encode
  }
}

test.each([0, 1, TURN_ROWS, TURN_ROWS + 1, 5 * TURN_ROWS])(
  'a list of %i is one JSON object',
  async (count) => {
    const { text } = await rendered(count)
    const { rows } = (await new Response(text).json()) as { rows: { i: number; name: string }[] }
    expect(rows.map(({ i }) => i)).toEqual(numbers(count))
    expect(rows.every(({ name }) => name.startsWith('ä x'))).toBe(true)
  },
)

test('a long list is rendered and encoded slice by slice', async () => {
  const { text, most } = await rendered(20 * TURN_ROWS)
  const { byteLength } = await new Response(text).arrayBuffer()
  expect(most.rows).toBeGreaterThan(0)
  expect(most.rows).toBeLessThanOrEqual(TURN_ROWS)
  expect(most.bytes).toBeGreaterThan(0)
  expect(most.bytes).toBeLessThanOrEqual(byteLength / 10)
})
