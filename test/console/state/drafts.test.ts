import { expect, test } from 'bun:test'
import { emptyDraft, type Place } from '../../../packages/console/src/state'
import { Drafts } from '../../../packages/console/src/state/drafts'
import { Keep } from '../../../packages/console/src/state/keep'
import { ByHandClock } from './by-hand-clock'
import { MemoryStorage } from './support'

const general: Place = { channel: 'general', thread: null }
const thread: Place = { channel: 'general', thread: 'm1' }

function scene(storage = new MemoryStorage()) {
  const clock = new ByHandClock()
  const keep = new Keep(storage, 'ada')
  return { storage, clock, keep, drafts: new Drafts(keep, clock) }
}

test('a draft is stored 300 ms after the last key, for each channel and thread', () => {
  const s = scene()
  s.drafts.change(general, { text: 'h' })
  s.clock.advance(200)
  s.drafts.change(general, { text: 'he' })
  s.clock.advance(200)
  expect(s.storage.length).toBe(0)
  s.clock.advance(100)
  s.drafts.change(thread, { text: 'reply', replyTo: 'm1', ackWithin: 900 })
  s.drafts.flush()
  const again = scene(s.storage).drafts
  expect(again.at(general).value).toEqual({ ...emptyDraft, text: 'he' })
  expect(again.at(thread).value).toEqual({ ...emptyDraft, text: 'reply', replyTo: 'm1', ackWithin: 900 })
  expect(again.count()).toBe(2)
})

test('a draft that is sent or emptied is not stored any more', () => {
  const s = scene()
  s.drafts.change(general, { text: 'hello' })
  s.drafts.flush()
  expect(s.drafts.take(general).text).toBe('hello')
  expect(s.drafts.at(general).value).toEqual(emptyDraft)
  s.drafts.change(thread, { text: 'x' })
  s.drafts.change(thread, { text: '' })
  s.clock.advance(300)
  expect(s.storage.length).toBe(0)
})

test('what was refused comes back before what has been written since', () => {
  const s = scene()
  s.drafts.change(general, { text: 'new' })
  s.drafts.putBack(general, { ...emptyDraft, text: 'refused', priority: 'urgent' })
  expect(s.drafts.at(general).value).toMatchObject({ text: 'refused\n\nnew', priority: 'urgent' })
})

test('one who signs out leaves nothing, and others keep theirs', () => {
  const s = scene()
  s.drafts.change(general, { text: 'mine' })
  s.drafts.flush()
  new Keep(s.storage, 'bob').set('draft', 'general', { ...emptyDraft, text: 'his' })
  s.keep.clear()
  expect(new Keep(s.storage, 'ada').names('draft')).toEqual([])
  expect(new Keep(s.storage, 'bob').names('draft')).toEqual(['general'])
})

test('a storage that is full takes nothing away from the screen', () => {
  const storage = new MemoryStorage()
  storage.setItem = () => {
    throw new Error('QuotaExceededError')
  }
  const { drafts } = scene(storage)
  drafts.change(general, { text: 'long' })
  drafts.flush()
  expect(drafts.at(general).value.text).toBe('long')
})
