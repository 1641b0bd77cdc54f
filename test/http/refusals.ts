import { expect } from 'bun:test'
import type { Answer, Fields } from '../support/caller'
import type { World } from '../support/world'

/** What a refusal says besides its status: `code`, `detail`, and whatever else is named. Nothing more, nothing less. */
export function expectRefusal(answer: Answer<unknown>, status: number, body: Fields): void {
  expect(answer.status, answer.text).toBe(status)
  expect(answer.body).toEqual({ ...body, request_id: answer.headers.get('x-request-id') })
}

/** Whatever happens in `act` leaves nothing in the store and is announced to nobody. */
export async function leavesNoTrace(w: World, act: () => Promise<void>): Promise<void> {
  const before = await w.trace()
  await act()
  expect(await w.trace()).toEqual(before)
}

/** The issues of a 422: type and place of each, in their order. */
export function issuesOf({ status, text, body }: Answer<unknown>): string[] {
  expect(status, text).toBe(422)
  const { detail } = body as { detail: { type: string; loc: (string | number)[] }[] }
  return detail.map(({ type, loc }) => `${type} ${loc.join('.')}`)
}
