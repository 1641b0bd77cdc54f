import { expect } from 'bun:test'
import type { Answer, Fields } from '../support/caller'
import { inV1 } from '../support/dialects'
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
export function issuesOf({ text, ...answer }: Answer<unknown>): string[] {
  const { status, body } = inV1(answer.status, answer.body)
  expect(status, text).toBe(422)
  const { detail } = body as { detail: { type: string; loc: (string | number)[] }[] }
  return detail.map(({ type, loc }) => `${type} ${loc.join('.')}`)
}

/** The status and the code of an answer: `403 not_author`. */
export function codeOf({ status, body }: Answer<unknown>): string {
  return `${status} ${(body as { code?: string } | undefined)?.code}`
}
