import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type AppError, refusal } from '../../src/core/kernel/errors'
import type { Uuid } from '../../src/core/kernel/ids'
import { toMicros } from '../../src/core/kernel/time'
import { countIndependent, type Found, judgePost } from '../../src/core/messages/judge-post'
import { noMentions } from '../../src/core/messages/mentions'
import {
  eventOfDraft,
  nthPosition,
  type PostPlan,
  type Touches,
  touchesOf,
} from '../../src/core/messages/post-plan'
import { storageFull } from '../../src/store/disk-watch'

const uuid = (n: number) => `0197a1b2-c3d4-7e5f-8a6b-${String(n).padStart(12, '0')}` as Uuid
const draft = {
  message: { body: 'hello', mentions: noMentions },
  mentioned: [],
  notified: [],
} as unknown as ReturnType<PostPlan['decide']>

/** A plan with a key, a target and a thread, which records the order of all calls to it and to the store. */
function scene(
  refusing: Partial<Record<string, AppError>> = {},
  used?: { requestHash: string; subject: number },
) {
  const asked: string[] = []
  const ask = (step: string) => {
    asked.push(step)
    const refused = refusing[step]
    if (refused) throw refused
  }
  const parts = {
    uuid: uuid(1),
    idempotency: { accountId: 7, key: 'k', requestHash: 'h' },
    replyTo: uuid(2),
    threadId: uuid(3),
    attachments: [uuid(4)],
  }
  const plan: PostPlan = {
    ...parts,
    touches: touchesOf(parts),
    bodyLength: 5,
    admit: () => ask('admit'),
    decide: () => {
      ask('decide')
      return draft
    },
  }
  const found: Found = {
    key: () => {
      ask('key')
      return used
    },
    message: (named) => {
      ask(named === parts.replyTo ? 'target' : 'thread')
      return undefined
    },
    attachment: () => {
      ask('attachment')
      return undefined
    },
    thread: () => ({ followers: [], reset: { seq: 0, storedSeq: 0, times: 1 } }),
    requireRoom: () => ask('room'),
  }
  return { asked, judge: () => judgePost(plan, found) }
}

describe('the order of judging a post', () => {
  test('a post is judged by its sender, its key, disk space, its references and its content, in this order', () => {
    const { asked, judge } = scene()
    expect(judge()).toEqual({ replayed: false, draft })
    expect(asked).toEqual(['admit', 'key', 'room', 'target', 'thread', 'attachment', 'decide'])
  })

  test('a sender who may not post learns nothing about a key', () => {
    const { asked, judge } = scene({ admit: refusal('not_a_member') }, { requestHash: 'other', subject: 3 })
    expect(judge).toThrow(refusal('not_a_member'))
    expect(asked).toEqual(['admit'])
  })

  test('a repeated request is answered with its first message even when the disk is full', () => {
    const { asked, judge } = scene({ room: storageFull() }, { requestHash: 'h', subject: 3 })
    expect(judge()).toEqual({ replayed: true, seq: 3 })
    expect(asked).toEqual(['admit', 'key'])
  })

  test('a key used by another request is a conflict even when the disk is full', () => {
    const { judge } = scene({ room: storageFull() }, { requestHash: 'other', subject: 3 })
    expect(judge).toThrow(refusal('idempotency_conflict'))
  })

  test('a full disk refuses a post before its references are looked up', () => {
    const { asked, judge } = scene({ room: storageFull() })
    expect(judge).toThrow(storageFull())
    expect(asked).toEqual(['admit', 'key', 'room'])
  })

  test('a post can be judged again from the beginning', () => {
    const { asked, judge } = scene()
    for (const _ of [1, 2]) expect(judge()).toEqual({ replayed: false, draft })
    expect(asked.slice(7)).toEqual(asked.slice(0, 7))
  })
})

describe('posts that may be judged together', () => {
  const post = (n: number, more: Partial<Parameters<typeof touchesOf>[0]> = {}) => ({
    touches: touchesOf({
      uuid: uuid(n),
      idempotency: null,
      replyTo: null,
      threadId: null,
      attachments: [],
      ...more,
    }),
  })
  const key = (accountId: number, text: string) => ({
    idempotency: { accountId, key: text, requestHash: `${accountId} ${text}` },
  })

  test.each([
    ['posts without references', [post(1), post(2), post(3)], 3],
    ['replies to one stored message', [post(1, { replyTo: uuid(9) }), post(2, { threadId: uuid(9) })], 2],
    ['a reply after its target', [post(1), post(2), post(3, { replyTo: uuid(2) })], 2],
    ['a reply in the thread of a message of the group', [post(1), post(2, { threadId: uuid(1) })], 1],
    ['a reply before its target', [post(1, { replyTo: uuid(2) }), post(2)], 2],
    ['two requests with one key', [post(1, key(1, 'k')), post(2), post(3, key(1, 'k'))], 2],
    ['two accounts with one key', [post(1, key(1, 'k')), post(2, key(2, 'k'))], 2],
    ['no posts', [], 0],
  ])('posts are grouped by what they read and write: %s', (_, plans, together) => {
    expect(countIndependent(plans)).toBe(together)
  })

  test('a group ends before the first plan that reads what an earlier plan writes', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 2 })
    const touches: fc.Arbitrary<Touches> = fc.record({ reads: names, writes: names })
    fc.assert(
      fc.property(fc.array(fc.record({ touches })), (plans) => {
        const first = plans.findIndex(({ touches: { reads } }, i) =>
          plans.slice(0, i).some((earlier) => earlier.touches.writes.some((name) => reads.includes(name))),
        )
        expect(countIndependent(plans)).toBe(first < 0 ? plans.length : first)
      }),
    )
  })
})

test('the drafts of a group get consecutive positions, each a microsecond later, and stay unchanged themselves', () => {
  const first = { seq: 41, at: toMicros(1_000_000) }
  const before = structuredClone(draft)
  const events = [0, 1, 2].map((n) => eventOfDraft(draft, nthPosition(first, n)))
  expect(events.map(({ seq, at }) => [seq, at])).toEqual([
    [41, toMicros(1_000_000)],
    [42, toMicros(1_000_001)],
    [43, toMicros(1_000_002)],
  ])
  expect(events.map(({ message }) => message?.message.seq)).toEqual([41, 42, 43])
  expect(draft).toEqual(before)
})
