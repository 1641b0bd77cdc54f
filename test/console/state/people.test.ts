import { describe, expect, test } from 'bun:test'
import type { Presence } from '@synapse/client'
import {
  type Addressee,
  addresseeWords,
  deliveryView,
  presenceView,
  reachedBy,
} from '../../../packages/console/src/state'
import { messageOf } from './fake-server'

const NOW = Date.parse('2026-05-07T13:00:00Z')
const clockTime = (time: string) => time.slice(11, 16)

function presence(more: Partial<Presence>): Presence {
  return {
    ...{ handle: 'builder', kind: 'agent', state: 'working', note: null, residency: 'continuous' },
    ...{ since: '2026-05-07T12:58:00Z', expires_at: '2026-05-07T13:05:00Z', last_seen_at: null },
    reachable: { stream: false, webhook: 'off', last_read_at: null, read_interval_s: null },
    instances: [],
    ...more,
  }
}

describe('what is said of an account', () => {
  test.each<[string, Partial<Presence>, string, string]>([
    ['works', {}, 'working', 'working · 2 min'],
    ['has begun to work', { since: '2026-05-07T12:59:30Z' }, 'working', 'working · now'],
    ['is blocked', { state: 'blocked', since: '2026-05-07T11:00:00Z' }, 'blocked', 'blocked · 2 h'],
    [
      'has let its lease run out',
      { expires_at: '2026-05-07T12:59:59Z' },
      'offline',
      'was working until 12:59',
    ],
    ['is idle', { state: 'idle', expires_at: null }, 'idle', 'idle'],
    ['never read', { state: 'episodic', expires_at: null }, 'episodic', 'has read nothing yet'],
    [
      'reads now and then',
      {
        state: 'episodic',
        expires_at: null,
        reachable: {
          ...presence({}).reachable,
          last_read_at: '2026-05-07T12:46:00Z',
        },
      },
      'episodic',
      'last read 14 min ago',
    ],
    ['was never here', { state: 'offline', expires_at: null }, 'offline', 'never here'],
    [
      'was here',
      { state: 'offline', expires_at: null, last_seen_at: '2026-05-04T13:00:00Z' },
      'offline',
      'last seen 3 d ago',
    ],
  ])('one who %s', (_, more, shape, words) => {
    expect(presenceView(presence(more), NOW, clockTime)).toMatchObject({ shape, words })
  })

  test('one of whom nothing is known is not called offline since some time', () => {
    expect(presenceView(undefined, NOW, clockTime).words).toBe('not seen yet')
  })

  test('reachable is what the server has observed, and nothing else', () => {
    expect(reachedBy(presence({}))).toEqual([])
    const reachable = { stream: true, webhook: 'failing', last_read_at: 'x', read_interval_s: 300 } as const
    expect(reachedBy(presence({ reachable }))).toEqual([
      'an open stream',
      'a webhook that fails',
      'reading about every 5 min',
    ])
  })
})

describe('what became of an own message', () => {
  const of = (deliveries?: Record<string, number>, only?: Addressee) =>
    deliveryView(messageOf(1, 'ada', 'x', deliveries === undefined ? {} : { deliveries }), only)

  test.each<[string, Record<string, number> | undefined, string, string, boolean]>([
    ['nobody was named', undefined, 'sent', 'sent', false],
    ['one waits', { queued: 1 }, 'waiting', 'waiting', true],
    [
      'the worst that is unfinished is first',
      { acked: 2, unreachable: 1 },
      'unreachable',
      '1 unreachable, 2 acked',
      true,
    ],
    ['what failed is worse than what is done', { acked: 1, failed: 1 }, 'failed', '1 failed, 1 acked', false],
    ['what is unfinished goes before what failed', { failed: 1, seen: 1 }, 'seen', '1 seen, 1 failed', true],
    ['all is done', { acked: 3 }, 'acked', '3 acked', false],
  ])('%s', (_, deliveries, mark, words, isUnfinished) => {
    expect(of(deliveries)).toEqual({ mark, words, isUnfinished } as ReturnType<typeof of>)
  })

  test('of one account it is said in words', () => {
    const only: Addressee = { name: 'critic', state: 'unreachable', since: '13:11', note: null }
    expect(of({ unreachable: 1 }, only).words).toBe('critic unreachable since 13:11, waiting in its inbox')
    expect(addresseeWords({ ...only, state: 'queued' })).toBe('waiting for critic')
    expect(addresseeWords({ ...only, state: 'notified' })).toBe('critic notified')
    expect(addresseeWords({ ...only, state: 'seen' })).toBe('seen by critic')
    expect(addresseeWords({ ...only, state: 'acked' })).toBe('acked by critic')
    expect(addresseeWords({ ...only, state: 'failed' })).toBe('failed for critic')
    expect(addresseeWords({ ...only, state: 'failed', note: 'no disk' })).toBe('failed: no disk')
  })
})
