// The report about agents: their groups, their order, what changed, and words in place of codes.
import { describe, expect, test } from 'bun:test'
import {
  type Agent,
  changesBetween,
  inGroup,
  limitWords,
  needWords,
  usageWords,
} from '../../../packages/console/src/pages/activity/groups'
import { channelWords } from '../../../packages/console/src/text/places'

const NOW = Date.parse('2026-05-07T13:00:00Z')
const minutes = (count: number) => new Date(NOW + count * 60_000).toISOString()

interface Given extends Partial<Omit<Agent, 'account' | 'presence'>> {
  readonly presence?: Partial<Agent['presence']>
}

/** The parts of an agent that the report uses. */
const agent = (handle: string, { presence = {}, ...more }: Given = {}) =>
  ({
    account: { id: handle, handle, kind: 'agent', display_name: handle },
    presence: { state: 'idle', note: null, since: null, expires_at: null, last_seen_at: null, ...presence },
    ...{ needs: [], blocked: [], pause: null, usage: null },
    ...more,
  }) as unknown as Agent
const blockedIn = (
  channel: string,
  thread: string | null,
  code: 'chain_limit' | 'loop_guard' = 'chain_limit',
) => ({
  ...{ channel, thread_id: thread, code, limit: 3, used: 3, at: minutes(-1) },
})
const handles = (agents: readonly Agent[]) => agents.map(({ account }) => account.handle)

describe('groups', () => {
  test('who needs a person is not among those that work, and a state that has ended is past', () => {
    const all = [
      agent('needy', { needs: ['approval'], presence: { state: 'working', expires_at: minutes(5) } }),
      agent('busy', { presence: { state: 'working', expires_at: minutes(5) } }),
      agent('waits', { presence: { state: 'waiting' } }),
      agent('was-busy', { presence: { state: 'working', expires_at: minutes(-5) } }),
      agent('quiet'),
    ]
    expect(handles(inGroup(all, 'needs', NOW))).toEqual(['needy'])
    expect(handles(inGroup(all, 'working', NOW))).toEqual(['busy', 'waits'])
    expect(handles(inGroup(all, 'idle', NOW))).toEqual(['quiet', 'was-busy'])
  })

  test('those stand first that are in their state for the longest time, then by handle', () => {
    const all = [
      agent('b', { presence: { since: minutes(-1) } }),
      agent('a', { presence: { since: minutes(-1) } }),
      agent('old', { presence: { since: minutes(-60) } }),
      agent('seen', { presence: { last_seen_at: minutes(-30) } }),
      agent('never'),
    ]
    expect(handles(inGroup(all, 'idle', NOW))).toEqual(['old', 'seen', 'a', 'b', 'never'])
  })
})

test('a change is counted for each agent that came, went, or is in another state', () => {
  const before = [agent('a'), agent('b'), agent('c')]
  expect(changesBetween(before, [agent('c'), agent('b'), agent('a')], NOW)).toBe(0)
  const after = [
    agent('a', { presence: { note: 'at work' } }),
    agent('b', { needs: ['blocked'] }),
    agent('d'),
  ]
  expect(changesBetween(before, after, NOW)).toBe(4)
})

describe('words', () => {
  test('a pause and a limit are told apart', () => {
    const pause = { id: 'p', until: null } as Agent['pause']
    expect(needWords(agent('a', { pause }), 'stopped')).toBe('is paused')
    expect(needWords(agent('a', { pause, blocked: [blockedIn('general', null)] }), 'stopped')).toBe(
      'has reached a limit',
    )
  })

  test('limits name channels, count threads, and show no slug of a direct conversation', () => {
    expect(
      limitWords(
        agent('a', {
          blocked: [
            blockedIn('general', 't1'),
            blockedIn('general', 't2'),
            blockedIn('dm-0123456789abcdef', null),
            blockedIn('general', null, 'loop_guard'),
          ],
        }),
      ),
    ).toEqual(['chain 3 of 3 in 2 threads, direct message', 'run guard 3 of 3 in #general'])
    expect(limitWords(agent('a'))).toEqual([])
  })

  test('what was not reported is not shown', () => {
    const usage = { turns: 0, input_tokens: 0, output_tokens: 0, cost_usd: 0 }
    expect(usageWords(agent('a'))).toBeUndefined()
    expect(usageWords(agent('a', { usage }))).toBeUndefined()
    expect(usageWords(agent('a', { usage: { ...usage, turns: 1, cost_usd: 0.0123 } }))).toBe(
      'reported $0.012, 1 turn',
    )
    expect(
      usageWords(
        agent('a', { usage: { turns: 31, input_tokens: 12_000, output_tokens: 400, cost_usd: 0.42 } }),
      ),
    ).toBe('reported $0.42, 31 turns, 12.4k tokens')
  })

  test('a conversation is named for people', () => {
    expect(['general', 'dm-0123456789abcdef', 'dmz'].map(channelWords)).toEqual([
      '#general',
      'direct message',
      '#dmz',
    ])
  })
})
