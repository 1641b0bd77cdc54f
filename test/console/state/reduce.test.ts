// The reducer: what an event changes, what it cannot know, and what it leaves alone.
import { describe, expect, test } from 'bun:test'
import type { StreamEvent } from '@synapse/client'
import type { Channel, Me } from '../../../packages/console/src/state'
import { type Outcome, reduce } from '../../../packages/console/src/state/reduce'
import { added, removed } from '../../../packages/console/src/state/reduce-message'
import { ServerTime } from '../../../packages/console/src/state/server-time'
import { Store } from '../../../packages/console/src/state/store'
import { ByHandClock } from './by-hand-clock'
import { ME, messageOf } from './fake-server'

function scene(channel: Partial<Channel> = {}) {
  const store = new Store()
  store.me.value = { account_id: ME.id, handle: ME.handle, kind: 'human' } as Me
  const first = {
    slug: 'general',
    role: 'member',
    unread: 0,
    mentions: 0,
    last_message_at: null,
    notify: 'all',
  }
  store.channels.set('general', { ...first, ...channel } as Channel)
  let seq = 100
  const hear = (type: string, event: object): Outcome => {
    const base = { seq: ++seq, cursor: String(seq), at: '2026-05-07T13:00:00.000000Z', actor: null }
    return reduce(store, { ...base, channel: 'general', type, ...event } as StreamEvent)
  }
  return { store, hear, channel: () => store.channels.peek('general') }
}

const account = (handle: string) => ({ id: `account-${handle}`, handle, kind: 'human', display_name: handle })

describe('an event', () => {
  test('of a type that is not known changes nothing', () => {
    expect(scene().hear('weather.changed', { wind: 'north' })).toEqual({})
  })

  test('of a message counts it as unread, unless it is mine, of the system, a reply or counted already', () => {
    const s = scene({ last_message_at: messageOf(5, 'bob', '').created_at })
    const post = (seq: number, handle: string, more = {}) => {
      const message = messageOf(seq, handle, 'x', more)
      return s.hear('message.created', { message, at: message.created_at })
    }
    post(5, 'bob')
    expect(s.channel()?.unread).toBe(0)
    post(6, 'ada')
    post(7, 'system', { kind: 'system' })
    post(8, 'bob', { thread_id: 'm1' })
    post(9, 'bob', { deleted: true })
    expect(s.channel()?.unread).toBe(0)
    post(10, 'bob')
    expect(s.channel()?.unread).toBe(1)
    for (let seq = 11; seq < 200; seq++) post(seq, 'bob')
    expect(s.channel()?.unread).toBe(100)
  })

  test.each([
    ['all', 'broadcast', 1],
    ['mentions', 'broadcast', 0],
    ['mentions', 'mention', 1],
    ['none', 'mention', 0],
  ] as const)('that notifies counts where notify is %s and the reason %s: %d', (notify, reason, count) => {
    const s = scene({ notify })
    const item = { seq: 7, recipient: 'ada', reason, reasons: [reason], message: messageOf(7, 'bob', '@ada') }
    s.hear('inbox.item', item)
    s.hear('inbox.item', item)
    expect(s.channel()?.mentions).toBe(count)
    expect(s.store.pending.value).toBe(1)
    s.hear('message.deleted', { message_id: 'm7', thread_id: null, by: 'author' })
    expect([s.store.pending.value, s.store.inbox.value.length]).toEqual([0, 0])
  })

  test('of a deletion empties the message, and does not bring it back', () => {
    const s = scene()
    s.store.putMessage(messageOf(7, 'bob', 'secret', { metadata: { a: 1 } }))
    expect(s.hear('message.deleted', { message_id: 'm7', thread_id: null, by: 'author' }).deleted).toBe('m7')
    s.store.putMessage(messageOf(7, 'bob', 'secret'))
    expect(s.store.messages.peek('m7')).toMatchObject({ deleted: true, body: '', metadata: {} })
  })

  test('of a decision ends what waits for it', () => {
    const s = scene()
    const approval = {
      ...{
        id: 'a1',
        message_id: 'm7',
        channel: 'general',
        thread_id: null,
        state: 'pending',
        approvers: ['ada'],
      },
      ...{
        requested_by: 'builder',
        created_at: 'x',
        expires_at: 'y',
        question: '?',
        options: [],
        decision: null,
      },
    }
    s.hear('approval.created', { approval })
    s.hear('inbox.item', {
      ...{ seq: 7, recipient: 'ada', reason: 'approval', reasons: ['approval'] },
      message: messageOf(7, 'builder', '?'),
    })
    expect([s.store.decidable.value.length, s.store.pending.value]).toEqual([1, 1])
    s.hear('approval.decided', { approval: { ...approval, state: 'decided' } })
    expect([s.store.decidable.value.length, s.store.pending.value]).toEqual([0, 0])
  })

  test('of my leaving takes the channel away; that of others only counts', () => {
    const s = scene({ member_count: 3 })
    expect(s.hear('member.left', { account: account('bob'), by: 'self' }).lost).toBeUndefined()
    expect(s.channel()?.member_count).toBe(2)
    expect(s.hear('member.left', { account: account('ada'), by: 'admin' }).lost).toBe('general')
  })
})

describe('reactions', () => {
  const many = (count: number) => [
    { emoji: '👍', count, handles: Array.from({ length: 20 }, (_, index) => `p${index}`) },
  ]

  test('are counted once for each account', () => {
    const one = added([], '👍', 'ada')
    expect(one).toEqual([{ emoji: '👍', count: 1, handles: ['ada'] }])
    expect(added(one ?? [], '👍', 'ada')).toBe(one)
    expect(removed(one ?? [], '👍', 'bob')).toBe(one)
    expect(removed(one ?? [], '👍', 'ada')).toEqual([])
  })

  test('of more than 20 accounts are read again, because not all of them are named', () => {
    expect(added(many(20), '👍', 'ada')?.[0]).toMatchObject({ count: 21 })
    expect(added(many(25), '👍', 'ada')).toBeUndefined()
    expect(removed(many(25), '👍', 'ada')).toBeUndefined()
    const s = scene()
    s.store.putMessage(messageOf(7, 'bob', 'x', { reactions: many(25) }))
    expect(
      s.hear('reaction.added', { message_id: 'm7', emoji: '👍', account: account('ada') }).rereads,
    ).toEqual([{ of: 'message', key: 'm7' }])
  })
})

describe('an answer that was asked for before an event', () => {
  test('does not take back what the event changed', () => {
    const { store } = scene()
    const put = store.claims.expect()
    const claim = { id: 'c1', resource: 'file:a' } as Parameters<typeof store.claims.set>[1]
    store.claims.set('c1', { ...claim, outcome: 'done' })
    store.claims.set('c3', { ...claim, id: 'c3' })
    put(
      [
        ['c1', claim],
        ['c2', { ...claim, id: 'c2' }],
      ],
      true,
    )
    expect(store.claims.values().map(({ id, outcome }) => `${id} ${outcome ?? ''}`)).toEqual([
      'c1 done',
      'c3 ',
      'c2 ',
    ])
  })

  test('takes away what it does not name', () => {
    const { store } = scene()
    const claim = { id: 'old' } as Parameters<typeof store.claims.set>[1]
    store.claims.set('old', claim)
    store.claims.expect()([], true)
    expect(store.claims.all.value).toEqual([])
  })
})

test('the time of the server is that of the event with the smallest delay; small differences are not told', () => {
  const clock = new ByHandClock()
  const time = new ServerTime(clock)
  const at = (milliseconds: number, more = {}) => {
    const event = { type: 'member.joined', at: new Date(clock.now() + milliseconds).toISOString(), ...more }
    time.hear(event as StreamEvent)
  }
  at(-500)
  expect(time.now()).toBe(clock.now())
  at(59_000)
  at(58_000)
  expect(time.now()).toBe(clock.now() + 59_000)
  at(999_000, { replay: true })
  expect(time.now()).toBe(clock.now() + 59_000)
})
