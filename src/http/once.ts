import type { Core } from '../core'
import { type Actor, withRetry } from '../core/identity/actor'
import { AppError } from '../core/kernel/errors'
import { MAX_IDEMPOTENCY_KEY } from '../core/kernel/limits'
import type { Reads } from '../core/kernel/ports'
import type { RetryKey } from '../core/kernel/retry-keys'
import { isLongerThan } from '../core/kernel/text'
import { ValidationError } from './errors'

/** The header that makes a request happen once. */
const RETRY_HEADER = 'idempotency-key'
/** Marks an answer as that of an earlier request. */
export const REPLAYED = { 'idempotent-replayed': 'true' } as const

/** An answer that can be stored. */
export type KeptAnswer =
  | { readonly status: number; readonly json: unknown; readonly cookies?: readonly string[] }
  | { readonly status: 204 }

/**
 * Runs the act of a POST and answers it. With a retry key, the answer is rendered and stored in the transaction of the
 * act, and a repeated request gets the stored answer. `act` must use the actor that it receives. `answer` may await
 * nothing but the reads that it receives.
 */
export type Once<Who extends Actor | null> = <Result>(
  act: (actor: Who) => Result | Promise<Result>,
  answer: (result: Result, reads: Reads) => KeptAnswer | Promise<KeptAnswer>,
  /** The hash of a streamed body, so that a request with other bytes is another request. */
  content?: string,
) => Promise<KeptAnswer & { readonly headers?: typeof REPLAYED }>

/** Returns the retry key in the header, or null. @throws 422 `value_error` unless it has 1 to 128 characters */
export function retryHeader(request: Request): string | null {
  const key = request.headers.get(RETRY_HEADER)
  if (key === null || (key !== '' && !isLongerThan(key, MAX_IDEMPOTENCY_KEY))) return key
  const msg = `The header Idempotency-Key has 1 to ${MAX_IDEMPOTENCY_KEY} characters`
  throw new ValidationError([{ type: 'value_error', loc: ['header', RETRY_HEADER], msg, input: null }])
}

/** Running requests of this process, by retry key. */
const underWay = new WeakMap<Core, Map<string, Promise<unknown>>>()

/**
 * `Once` for a request with a retry key. `isNew`: the key is most likely a new one, so that the act is tried first: its
 * transaction refuses a used key before anything else.
 */
export async function onceWithKey<Who extends Actor, Result>(
  core: Core,
  actor: Who,
  key: RetryKey,
  act: (actor: Who) => Result | Promise<Result>,
  answer: (result: Result, reads: Reads) => KeptAnswer | Promise<KeptAnswer>,
  { isNew } = { isNew: false },
): ReturnType<Once<Who>> {
  const kept = await oneAtATime(core, key, async () => {
    const before = isNew ? undefined : await keptAnswer(core, key)
    if (before) return before
    try {
      return await runOnce(core, actor, key, act, answer)
    } catch (error) {
      // The refusal may be due to the same request having completed, here before or on another replica.
      const isRefused = error instanceof AppError && (isNew || error.kind !== 'unavailable')
      const meanwhile = isRefused ? await keptAnswer(core, key) : undefined
      if (!meanwhile) throw error
      return meanwhile
    }
  })
  return kept
}

/** Runs the work after all running requests of this process with the same key. */
async function oneAtATime<Result>(core: Core, key: RetryKey, work: () => Promise<Result>): Promise<Result> {
  const all = underWay.get(core) ?? new Map<string, Promise<unknown>>()
  underWay.set(core, all)
  const name = `${key.accountId} ${key.key}`
  for (let other = all.get(name); other; other = all.get(name)) await other.catch(() => {})
  const running = work()
  all.set(name, running)
  try {
    return await running
  } finally {
    all.delete(name)
  }
}

async function runOnce<Who extends Actor, Result>(
  core: Core,
  actor: Who,
  key: RetryKey,
  act: (actor: Who) => Result | Promise<Result>,
  answer: (result: Result, reads: Reads) => KeptAnswer | Promise<KeptAnswer>,
): Promise<KeptAnswer> {
  let kept: { readonly of: unknown; readonly answer: KeptAnswer } | undefined
  const retry = {
    key,
    answer: async (of: unknown, tx: Reads) => {
      // The result of the transaction is also the result of the act; checked below.
      kept = { of, answer: await answer(of as Result, tx) }
      return JSON.stringify(kept.answer)
    },
  }
  const result = await act(withRetry(actor, retry))
  if (kept) {
    if (kept.of !== result) throw new Error('an act with a retry key comes to what its transaction comes to')
    return kept.answer
  }
  const rendered = await answer(result, core.reads)
  await core.retryKeys.keepAlone(key, JSON.stringify(rendered))
  return rendered
}

async function keptAnswer(core: Core, key: RetryKey) {
  const text = await core.retryKeys.answered(key)
  // It was stored as a KeptAnswer.
  return text === undefined ? undefined : { ...(JSON.parse(text) as KeptAnswer), headers: REPLAYED }
}
