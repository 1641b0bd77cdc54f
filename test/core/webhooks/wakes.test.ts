import { describe, expect, test } from 'bun:test'
import { reasonSet } from '../../../src/core/inbox/reasons'
import type { WakeReason } from '../../../src/core/kernel/entities'
import { DEFAULT_WAKE_ON, type WakeFacts, wakes } from '../../../src/core/webhooks/wakes'

const usual: WakeFacts = {
  reasons: reasonSet('mention'),
  priority: 'normal',
  channelId: 7,
  authorKind: 'agent',
  preferences: undefined,
  follow: undefined,
}
const all = { reasons: null, channels: null }
const woken = (
  facts: Partial<WakeFacts>,
  webhook: Partial<typeof all> | object = {},
  wakeOn = DEFAULT_WAKE_ON,
) => wakes({ ...all, ...webhook }, wakeOn, { ...usual, ...facts })
const by = (...reasons: WakeReason[]) => ({ reasons: reasonSet(...reasons) })

describe('a notification', () => {
  test.each(['dm', 'mention', 'reply', 'approval', 'overdue'] as const)(
    'by %s wakes by default',
    (reason) => {
      expect(woken(by(reason))).toBeTrue()
    },
  )

  test.each(['group', 'broadcast'] as const)('by %s wakes only on request', (reason) => {
    expect(woken(by(reason))).toBeFalse()
    expect(woken(by(reason), {}, [reason])).toBeTrue()
    expect(woken(by(reason), { reasons: [reason] })).toBeTrue()
  })

  test('of priority fyi never wakes', () => {
    expect(woken({ priority: 'fyi' })).toBeFalse()
    expect(woken({ priority: 'urgent' })).toBeTrue()
  })

  test('by thread wakes if a person wrote it, or the account chose to follow the thread', () => {
    expect(woken(by('thread'))).toBeFalse()
    expect(woken({ ...by('thread'), follow: null })).toBeFalse()
    expect(woken({ ...by('thread'), follow: true })).toBeTrue()
    expect(woken({ ...by('thread'), authorKind: 'human' })).toBeTrue()
    expect(woken(by('thread', 'reply'))).toBeTrue()
  })

  test('follows the preferences of the member in the channel', () => {
    const prefer = (notify: 'all' | 'mentions' | 'none', wakeOn: WakeReason[] | null = null) => ({
      preferences: { notify, wakeOn },
    })
    expect(woken(prefer('none'))).toBeFalse()
    expect(woken({ ...by('dm'), ...prefer('none', ['dm']) })).toBeFalse()
    expect(woken(prefer('mentions'))).toBeTrue()
    expect(woken({ ...by('broadcast'), ...prefer('mentions', ['broadcast']) })).toBeFalse()
    expect(woken({ ...by('broadcast'), ...prefer('all', ['broadcast']) })).toBeTrue()
    expect(woken(prefer('all', []))).toBeFalse()
  })

  test('a webhook with reasons of its own gets those of them that the channel allows', () => {
    const channel = { preferences: { notify: 'all', wakeOn: ['mention', 'group'] } } as const
    expect(woken({ ...by('mention'), ...channel }, { reasons: ['mention'] })).toBeTrue()
    expect(woken({ ...by('group'), ...channel }, { reasons: ['mention'] })).toBeFalse()
    expect(woken({ ...by('reply'), ...channel }, { reasons: ['reply'] })).toBeFalse()
  })

  test('a webhook of some channels is not called for others', () => {
    expect(woken({}, { channels: [7] })).toBeTrue()
    expect(woken({}, { channels: [8] })).toBeFalse()
  })
})
