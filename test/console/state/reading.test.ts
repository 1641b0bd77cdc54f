// What counts as read: a row that was in view for a second, in a window with the focus, with input in the last minute.
import { describe, expect, test } from 'bun:test'
import { connect } from '@synapse/client'
import type { Channel } from '../../../packages/console/src/state'
import { isAttentive, look, Reading, readAt } from '../../../packages/console/src/state/reading'
import { Store } from '../../../packages/console/src/state/store'
import { ByHandClock } from './by-hand-clock'
import { general, settled } from './page'

const sight = (seq: number) => ({ seq, cursor: `c${seq}` })

function scene(unread = 5) {
  const clock = new ByHandClock()
  const store = new Store()
  const sent: { cursor: string; rewind?: boolean; thread?: string }[] = []
  const answers: (() => void)[] = []
  const synapse = connect({
    url: 'http://fake',
    patience: 0,
    fetch: (_, init) => {
      const body = JSON.parse(String(init.body))
      sent.push(body)
      const { promise, resolve } = Promise.withResolvers<Response>()
      answers.push(() => resolve(Response.json({ read_cursor: body.cursor, unread: 1, mentions: 0 })))
      return promise
    },
  })
  store.channels.set('general', { slug: 'general', unread, mentions: 0 } as Channel)
  const reading = new Reading({ store, synapse, clock })
  const answer = async () => {
    for (const act of answers.splice(0)) act()
    await settled()
  }
  const there = () => {
    reading.focus(true)
    reading.input()
  }
  return { clock, store, reading, sent, answer, there, cursors: () => sent.map(({ cursor }) => cursor) }
}

describe('the rules', () => {
  test('the newest row that was in view for a second is read; a newer one waits for its own second', () => {
    let glances = look([], sight(5), 0)
    glances = look(glances, sight(9), 700)
    expect(readAt(glances, 999)).toBeUndefined()
    expect(readAt(glances, 1000)?.seq).toBe(5)
    expect(readAt(glances, 1700)?.seq).toBe(9)
  })

  test('a row that has left the view at the bottom is not read', () => {
    let glances = look([], sight(9), 0)
    glances = look(glances, sight(5), 500)
    expect(readAt(glances, 1400)).toBeUndefined()
    expect(readAt(glances, 1500)?.seq).toBe(5)
    expect(look(glances, null, 1600)).toEqual([])
  })

  test('somebody is there with the focus and input in the last minute', () => {
    expect(isAttentive(true, 0, 60_000)).toBe(true)
    expect(isAttentive(true, 0, 60_001)).toBe(false)
    expect(isAttentive(false, 0, 1)).toBe(false)
  })
})

describe('reading positions', () => {
  test('opening reads nothing; a second in view does', async () => {
    const s = scene()
    s.there()
    s.reading.see(general, sight(5))
    s.clock.advance(999)
    expect(s.sent).toEqual([])
    s.clock.advance(1)
    expect(s.sent).toEqual([{ cursor: 'c5' }])
    await s.answer()
    expect(s.store.channels.get('general')).toMatchObject({ unread: 1, read_cursor: 'c5' })
  })

  test('without the focus, or a minute after the last input, nothing is read', () => {
    const s = scene()
    s.reading.see(general, sight(5))
    s.clock.advance(10_000)
    s.reading.focus(true)
    s.clock.advance(10_000)
    expect(s.sent).toEqual([])
    s.reading.input()
    s.clock.advance(1)
    expect(s.cursors()).toEqual(['c5'])
  })

  test('what stood there before the window got the focus is read a second after that', () => {
    const s = scene()
    s.reading.input()
    s.reading.see(general, sight(5))
    s.clock.advance(5000)
    s.reading.focus(true)
    s.clock.advance(999)
    expect(s.sent).toEqual([])
    s.clock.advance(1)
    expect(s.cursors()).toEqual(['c5'])
  })

  test('positions are sent at most every two seconds, the last one on leaving', async () => {
    const s = scene()
    s.there()
    s.reading.see(general, sight(1))
    s.clock.advance(1000)
    await s.answer()
    s.reading.see(general, sight(2))
    s.clock.advance(1000)
    s.reading.see(general, sight(3))
    s.clock.advance(900)
    expect(s.cursors()).toEqual(['c1'])
    s.clock.advance(100)
    expect(s.cursors()).toEqual(['c1', 'c3'])
    await s.answer()
    s.reading.see(general, sight(4))
    s.clock.advance(1000)
    expect(s.cursors()).toEqual(['c1', 'c3'])
    s.reading.leave(general)
    expect(s.cursors()).toEqual(['c1', 'c3', 'c4'])
  })

  test('where nothing is unread, nothing is sent', () => {
    const s = scene(0)
    s.there()
    s.reading.see(general, sight(5))
    s.clock.advance(10_000)
    expect(s.sent).toEqual([])
  })

  test('what was marked as unread stays so until one has left', async () => {
    const s = scene()
    s.there()
    s.reading.see(general, sight(9))
    const marking = s.reading.unreadFrom(general, 'c4')
    await s.answer()
    await marking
    expect(s.sent).toEqual([{ cursor: 'c4', rewind: true }])
    s.clock.advance(10_000)
    s.reading.see(general, sight(10))
    s.clock.advance(10_000)
    expect(s.sent.length).toBe(1)
    s.reading.leave(general)
    s.there()
    s.reading.see(general, sight(10))
    s.clock.advance(1000)
    expect(s.cursors()).toEqual(['c4', 'c10'])
  })

  test('everything is marked as read by the head of the log', async () => {
    const s = scene()
    const marking = s.reading.mark({ channel: 'general', thread: 'm1' }, null)
    await s.answer()
    await marking
    expect(s.sent).toEqual([{ cursor: 'now', thread: 'm1' }])
  })
})
