import { describe, expect, test } from 'bun:test'
import type { Account, Channel, Message, MessageView } from '../../../src/core/kernel/entities'
import { toMicros } from '../../../src/core/kernel/time'
import { eventCatalogue, eventKinds, type TypeAbout } from '../../../src/core/log/catalogue'
import {
  accountEvent,
  channelEvent,
  type EventBody,
  type LogEvent,
  messageEvent,
  postedEvent,
} from '../../../src/core/log/events'
import { RecentEvents } from '../../../src/core/log/recent-events'
import { noMentions } from '../../../src/core/messages/mentions'

const MIB = 1024 * 1024
// Only the fields that events show.
const channel = { id: 1, slug: 'room' } as Channel
const sender = { id: 1, handle: 'ann' } as Account

function view(seq: number, { body = 'hi', root = 0, metadata = {}, replyCount = 0 } = {}): MessageView {
  const thread = root === 0 ? null : { seq: root, uuid: '' }
  const shown = { body, thread, metadata, replyCount, reactions: [], mentions: noMentions }
  const message = { seq, channelId: 1, ...shown, createdAt: toMicros(seq) }
  return { message: message as unknown as Message, channel, sender, mentioned: [], reactions: [] }
}
const posted = (seq: number, more = {}) => postedEvent(view(seq, more))
const placed = (body: EventBody, seq: number): LogEvent => ({ ...body, seq, at: toMicros(seq), actor: null })

describe('recent events', () => {
  test('announced events and events that were read are kept as the same objects', () => {
    const recent = new RecentEvents(eventCatalogue, () => true)
    const [live, read] = [posted(2), posted(1)]
    recent.apply(live)
    recent.keep(read, false, recent.mark)
    expect(recent.get(2)).toBe(live)
    expect(recent.get(1)).toBe(read)
    expect(recent.message(1)).toBe(read.message as MessageView)
    expect(recent.get(3)).toBeUndefined()
  })

  test('announced events are kept only while a reader listens', () => {
    let hasReaders = false
    const recent = new RecentEvents(eventCatalogue, () => hasReaders)
    const [unheard, read, heard] = [posted(1), posted(2), posted(3)]
    recent.apply(unheard)
    recent.keep(read, false, recent.mark)
    hasReaders = true
    recent.apply(heard)
    expect([1, 2, 3].map((seq) => recent.get(seq))).toEqual([undefined, read, heard])
  })

  test.each([
    ['short messages', { body: 'x' }],
    ['long bodies', { body: 'x'.repeat(16_000) }],
    ['metadata', { metadata: { deep: { list: ['x'.repeat(4000), 'y'.repeat(4000)] } } }],
  ])('recent events take at most 4 MiB with their renderings and drop the oldest first: %s', (_, more) => {
    const recent = new RecentEvents(eventCatalogue, () => true)
    for (let seq = 1; seq <= 2000; seq++) recent.apply(posted(seq, more))
    const kept = Array.from({ length: 2000 }, (_, i) => i + 1).filter((seq) => recent.get(seq))
    const size = JSON.stringify(view(1, more)).length
    // The message, its event and its frame for a stream, each as some objects.
    expect(kept.length * 4 * size).toBeLessThanOrEqual(4 * MIB)
    expect(kept.length).toBeGreaterThan(40)
    expect(kept.at(-1)).toBe(2000)
    expect(kept.at(0)).toBe(2000 - kept.length + 1)
  })

  test('recent events are dropped when a name that they show changes or a channel is purged, and by no event of another message', () => {
    const dropping: Record<string, EventBody> = {
      'account.updated': accountEvent('account.updated', sender),
      'account.erased': accountEvent('account.erased', sender),
      'channel.updated': channelEvent('channel.updated', channel),
      'channel.purged': channelEvent('channel.purged', channel),
    }
    for (const [type, { about }] of Object.entries(eventKinds)) {
      const recent = new RecentEvents(eventCatalogue, () => true)
      recent.apply(posted(1))
      const other =
        about === 'message'
          ? messageEvent(type as TypeAbout<'message'>, view(9), {})
          : // Its subject does not matter here.
            channelEvent(type as TypeAbout<'channel'>, channel)
      recent.apply(placed(dropping[type] ?? other, 2))
      expect({ type, isKept: recent.get(1) !== undefined }).toEqual({ type, isKept: !(type in dropping) })
      expect(recent.get(2)).toBeDefined()
    }
  })

  test.each(['message.edited', 'message.deleted', 'reaction.added', 'reaction.removed'] as const)(
    '%s drops what is kept of its message, and what was read before it is not kept after it',
    (type) => {
      const recent = new RecentEvents(eventCatalogue, () => true)
      const [message, edit] = [view(1), placed(messageEvent('message.edited', view(1), {}), 3)]
      recent.apply(postedEvent(message))
      recent.apply(posted(2))
      recent.apply(edit)
      const { mark } = recent
      const event = placed(messageEvent(type, view(1), {}), 4)
      recent.apply(event)
      recent.keep(postedEvent(message), false, mark)
      recent.keepMessage(message, mark)
      expect([1, 2, 3, 4].map((seq) => recent.get(seq) !== undefined)).toEqual([false, true, false, true])
      recent.forget({ type, subject: 2 })
      expect([recent.get(2), recent.message(2)]).toEqual([undefined, undefined])
    },
  )

  test('a reply, and its deletion, drop the edits of its root, which show how many replies it has', () => {
    for (const type of ['message.created', 'message.deleted'] as const) {
      const recent = new RecentEvents(eventCatalogue, () => true)
      const reply = view(3, { root: 1 })
      recent.apply(placed(messageEvent('message.edited', view(1), {}), 2))
      const { mark } = recent
      recent.apply(type === 'message.created' ? postedEvent(reply) : placed(messageEvent(type, reply, {}), 4))
      expect(recent.get(2)).toBeUndefined()
      recent.keep(placed(messageEvent('message.edited', view(1), {}), 2), false, mark)
      expect(recent.get(2)).toBeUndefined()
    }
  })

  test('an event read before a change of names is not kept after it', () => {
    const recent = new RecentEvents(eventCatalogue, () => true)
    const { mark } = recent
    recent.apply(placed(accountEvent('account.updated', sender), 2))
    recent.keep(posted(1), false, mark)
    recent.keepMessage(view(3), mark)
    expect(recent.get(1)).toBeUndefined()
    expect(recent.get(3)).toBeUndefined()
  })

  test('a message read for a page is not kept as its event, whose time only the log knows', () => {
    const recent = new RecentEvents(eventCatalogue, () => true)
    const message = view(1)
    recent.keepMessage(message, recent.mark)
    expect(recent.message(1)).toBe(message)
    expect(recent.get(1)).toBeUndefined()
    const event = posted(1)
    recent.keep(event, false, recent.mark)
    recent.keepMessage(view(1), recent.mark)
    expect(recent.get(1)).toBe(event)
  })

  test('a kept event is not used for a page once its message has a reply, also one that came during the read', () => {
    const recent = new RecentEvents(eventCatalogue, () => true)
    recent.apply(posted(1))
    const { mark } = recent
    recent.apply(posted(2, { root: 1 }))
    recent.keep(posted(3), false, mark)
    recent.keep(posted(4), true, recent.mark)
    recent.keepMessage(view(5, { replyCount: 1 }), recent.mark)
    expect([1, 3, 4].map((seq) => recent.get(seq) !== undefined)).toEqual([true, true, true])
    expect([1, 3, 4, 5].map((seq) => recent.message(seq))).toEqual(Array(4).fill(undefined))
    expect(recent.message(2)).toBeDefined()
  })
})
