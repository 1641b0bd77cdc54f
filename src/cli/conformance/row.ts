import type { Lab } from './lab'

/** A rule of the contract, and how a server is checked for it. */
export interface Row {
  /** 1: clients of the earlier server rely on it, and that server keeps it. 2: everything else. */
  readonly part: 1 | 2
  /** The page of docs/contract that has the rule. */
  readonly page: string
  readonly rule: string
  /** The feature without which the rule is not checked. */
  readonly feature?: string
  /** @throws Difference, NotOffered */
  readonly check: (lab: Lab) => Promise<void>
}

/** How a server differs from a rule. */
export class Difference extends Error {
  override readonly name = 'Difference'
}

/** Why a rule cannot be checked on this server. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered'
}

/** An answer of the server. `body` is its JSON; undefined for anything else. */
export interface Answer {
  readonly request: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Json
}

/** A JSON value of which nothing is known. */
// biome-ignore lint/suspicious/noExplicitAny: whatever a foreign server answers; every use is a check
export type Json = any

/** @throws Difference unless both are the same as JSON */
export function same(what: string, found: unknown, expected: unknown): void {
  if (Bun.deepEquals(found, expected, true)) return
  throw new Difference(`${what}: expected ${shown(expected)}, got ${shown(found)}`)
}

/** @throws Difference unless the condition holds */
export function holds(what: string, condition: boolean, found?: unknown): void {
  if (condition) return
  throw new Difference(found === undefined ? what : `${what}, got ${shown(found)}`)
}

/** Checks the status of an answer, and returns its body. @throws Difference */
export function answered({ request, status, text, body }: Answer, expected: number): Json {
  if (status === expected) return body
  throw new Difference(`${request}: expected ${expected}, got ${status} ${text.slice(0, 200)}`)
}

/** Checks the status and the text of a refusal, and returns its body. @throws Difference */
export function refused(answer: Answer, status: number, detail: string): Json {
  const body = answered(answer, status)
  same(`${answer.request}: detail`, body?.detail, detail)
  return body
}

/** Checks that an object has these keys, others aside. @throws Difference */
export function hasKeys(what: string, value: Json, keys: readonly string[]): void {
  const missing = keys.filter((key) => typeof value !== 'object' || value === null || !(key in value))
  holds(`${what}: ${missing.join(', ')} missing`, missing.length === 0, value)
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200)
}
