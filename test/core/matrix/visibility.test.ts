// Who sees an event: five settings, before and after each change of the reader's membership.
import { describe, expect, test } from 'bun:test'
import { type PlacedEvent, Sight } from '../../../src/core/matrix'
import { bob, ExampleRoom } from './example-room'

const room = new ExampleRoom(11)
const change = (pos: number, type: string, content: object, key = '') => ({
  pos,
  event: room.set(type, key, content as never),
})
const visible = (pos: number, value: unknown) =>
  change(pos, 'm.room.history_visibility', { history_visibility: value })
const member = (pos: number, membership: string) => change(pos, 'm.room.member', { membership }, bob)
const message = (pos: number): PlacedEvent => ({ pos, type: 'm.room.message' })

/** The story of a reader: invited at 20, in the room from 30, gone at 40, back at 60, banned at 70. */
const story = [
  member(20, 'invite'),
  member(30, 'join'),
  member(40, 'leave'),
  member(60, 'join'),
  member(70, 'ban'),
]
const moments = { earlier: 10, invited: 25, joined: 35, away: 50, back: 65, banned: 80 }
type Moment = keyof typeof moments

const settings: readonly [setting: string, memberships: typeof story, seen: readonly Moment[]][] = [
  ['world_readable', story, ['earlier', 'invited', 'joined', 'away', 'back', 'banned']],
  ['shared', story, ['earlier', 'invited', 'joined', 'away', 'back']],
  ['invited', story, ['invited', 'joined', 'back']],
  ['joined', story, ['joined', 'back']],
  ['unknown', story, ['earlier', 'invited', 'joined', 'away', 'back']],
  ['world_readable', [], ['earlier', 'invited', 'joined', 'away', 'back', 'banned']],
  ['shared', [], []],
  ['shared', [member(20, 'invite')], []],
  ['invited', [member(20, 'invite')], ['invited', 'joined', 'away', 'back', 'banned']],
  ['joined', [member(20, 'invite')], []],
  ['shared', [member(20, 'join')], ['earlier', 'invited', 'joined', 'away', 'back', 'banned']],
  ['shared', [member(20, 'join'), member(40, 'leave')], ['earlier', 'invited', 'joined']],
  ['shared', [member(20, 'knock'), member(40, 'leave')], []],
]

describe('history visibility', () => {
  test.each(settings)(
    '%s lets a reader of these memberships see what it says: %j',
    (setting, memberships, seen) => {
      const sight = new Sight(bob, [visible(5, setting)], memberships)
      const found = Object.entries(moments).filter(([, pos]) => sight.sees(message(pos)))
      expect(found.map(([name]) => name)).toEqual([...seen])
    },
  )

  test('a room without the setting shares its history', () => {
    expect(new Sight(bob, [], [member(20, 'join')]).sees(message(10))).toBeTrue()
    expect(new Sight(bob, [{ pos: 5, event: undefined }], [member(20, 'join')]).sees(message(10))).toBeTrue()
  })

  test('the setting at the event counts, not the present one', () => {
    const sight = new Sight(
      bob,
      [visible(5, 'joined'), visible(15, 'world_readable'), visible(25, 'joined')],
      [],
    )
    expect([10, 20, 30].map((pos) => sight.sees(message(pos)))).toEqual([false, true, false])
  })

  test('a change of the setting is seen by who may read before or after it', () => {
    const sight = new Sight(
      bob,
      [visible(5, 'joined'), visible(15, 'world_readable'), visible(25, 'joined')],
      [],
    )
    const seen = [5, 15, 25].map((pos) =>
      sight.sees({ pos, type: 'm.room.history_visibility', state_key: '' }),
    )
    expect(seen).toEqual([false, true, true])
    expect(sight.sees({ pos: 25, type: 'm.room.history_visibility', state_key: 'x' })).toBeFalse()
  })

  test('one sees the changes of the own membership, whatever the setting', () => {
    const sight = new Sight(bob, [visible(5, 'joined')], story)
    for (const { pos } of story) {
      expect(sight.sees({ pos, type: 'm.room.member', state_key: bob })).toBeTrue()
    }
    expect(sight.sees({ pos: 40, type: 'm.room.member', state_key: '@other:example.org' })).toBeFalse()
  })

  test('the present membership is the last one', () => {
    const membership = (changes: typeof story) => new Sight(bob, [], changes).membership
    expect([membership([]), membership(story.slice(0, 2)), membership(story)]).toEqual([
      'leave',
      'join',
      'ban',
    ])
    expect(membership([member(1, 'strange')])).toBe('leave')
  })
})
