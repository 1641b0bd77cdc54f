// Member events that lazy clients are sent, when answers of /sync are lost.
import { expect, test } from 'bun:test'
import { LazyMemory } from '../../src/core/matrix/sync/lazy'
import { handMade, idOf } from './rooms-by-hand'

const FILTER = JSON.stringify({ room: { timeline: { limit: 2 }, state: { lazy_load_members: true } } })

test.each(['the same process', 'another process'])(
  'a member is sent again whose answer was lost, also after a gap that was asked for at %s',
  async (where) => {
    await using hand = await handMade('sqlite', ['ada', 'bob', 'carol'])
    const room = await hand.room('ada', [
      { type: 'm.room.join_rules', stateKey: '', content: { join_rule: 'public' } },
      { type: 'm.room.name', stateKey: '', content: { name: 'Garden' } },
    ])
    for (const name of ['bob', 'carol']) await room.member(name, 'join')
    for (const body of ['one', 'two']) await room.says('bob', body)
    const ask = async (since?: string, sync = hand.sync) => {
      const { next_batch, rooms } = await sync('bob', { since, filter: FILTER })
      const { state, timeline } = rooms.join[room.id] ?? {}
      const members = (state?.events ?? []).filter(({ type }) => type === 'm.room.member')
      return {
        since: next_batch,
        members: members.map(({ state_key }) => state_key),
        writers: timeline?.events.map(({ sender }) => sender),
      }
    }
    const first = await ask()
    expect(first.members).not.toContain(idOf('carol'))
    await room.says('carol', 'three')
    // This answer does not arrive.
    expect((await ask(first.since)).members).toEqual([idOf('carol')])
    for (const body of ['four', 'five']) await room.says('bob', body)
    const again = await ask(first.since, where === 'another process' ? hand.syncAfterStart : hand.sync)
    expect(again.writers).toEqual([idOf('bob'), idOf('bob')])
    await room.says('carol', 'six')
    const last = await ask(again.since)
    expect(last.members).toContain(idOf('carol'))
    await room.says('carol', 'seven')
    expect((await ask(last.since)).members).toEqual([])
  },
)

test('what a device was sent is remembered during a request that makes many answers', () => {
  const memory = new LazyMemory()
  const place = (seq: number) => ({ seq, mx: 0 })
  memory.begin('device', undefined, place(0))
  memory.note('device', 1, ['@ada:example.org'], { since: undefined, place: place(0) })
  for (let seq = 1; seq < 100; seq++) memory.begin('device', place(0), place(seq))
  expect(memory.has('device', 1, '@ada:example.org', place(0))).toBe(true)
  memory.begin('device', place(99), place(100))
  expect(memory.has('device', 1, '@ada:example.org', place(99))).toBe(true)
  memory.begin('device', place(1000), place(1001))
  expect(memory.has('device', 1, '@ada:example.org', place(1000))).toBe(false)
})
