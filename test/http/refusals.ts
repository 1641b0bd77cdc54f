import { expect } from 'bun:test'
import type { Answer, Fields } from '../support/caller'
import type { World } from '../support/world'

/** The content of a refusal besides its status: `code`, `detail` and the other named fields, and nothing else. */
export function expectRefusal(answer: Answer<unknown>, status: number, body: Fields): void {
  expect(answer.status, answer.text).toBe(status)
  expect(answer.body).toEqual({ ...body, request_id: answer.headers.get('x-request-id') })
}

/** Checks that `act` changes nothing in the store and announces no event. */
export async function leavesNoTrace(w: World, act: () => Promise<void>): Promise<void> {
  const before = await w.trace()
  await act()
  expect(await w.trace()).toEqual(before)
}

/** The issues of a 422 in order: the type and place of each. */
export function issuesOf({ status, text, body }: Answer<unknown>): string[] {
  expect(status, text).toBe(422)
  const { detail } = body as { detail: { type: string; loc: (string | number)[] }[] }
  return detail.map(({ type, loc }) => `${type} ${loc.join('.')}`)
}
