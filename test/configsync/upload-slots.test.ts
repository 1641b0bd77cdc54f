// How many uploads run at once, and what becomes of the others.
import { describe, expect, test } from 'bun:test'
import { UploadSlots } from '../../src/http/configsync/upload-slots'
import { rejectionOf } from '../home/temporary'

const LONG = 60_000

/** Reports whether a promise is settled after everything that is ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('uploads', () => {
  test('of a user run two at once, and the third begins when one ends', async () => {
    const slots = new UploadSlots(LONG)
    const first = await slots.take(1)
    await slots.take(1)
    const third = slots.take(1)
    expect(await isSettled(third)).toBe(false)
    first[Symbol.dispose]()
    expect(await isSettled(third)).toBe(true)
  })

  test('of all users run four at once, and one that may run overtakes one that may not', async () => {
    const slots = new UploadSlots(LONG)
    await slots.take(1)
    await slots.take(1)
    const other = await slots.take(2)
    await slots.take(3)
    const ofFirst = slots.take(1)
    const ofFourth = slots.take(4)
    expect([await isSettled(ofFirst), await isSettled(ofFourth)]).toEqual([false, false])
    other[Symbol.dispose]()
    expect([await isSettled(ofFirst), await isSettled(ofFourth)]).toEqual([false, true])
  })

  test('that wait for too long are refused, and take no room afterwards', async () => {
    const slots = new UploadSlots(1)
    const [first] = [await slots.take(1), await slots.take(1)]
    expect(await rejectionOf(slots.take(1))).toMatchObject({
      kind: 'rate_limited',
      extra: { retry_after: 2 },
    })
    first[Symbol.dispose]()
    const next = await slots.take(1)
    expect(await rejectionOf(slots.take(1))).toMatchObject({ kind: 'rate_limited' })
    next[Symbol.dispose]()
  })
})
