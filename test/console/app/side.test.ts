import { describe, expect, test } from 'bun:test'
import { joinSnippet } from '../../../packages/console/src/app/join-snippet'
import { pairLink } from '../../../packages/console/src/app/pair-link'
import { sideOrder } from '../../../packages/console/src/app/side-order'
import { slugOf } from '../../../packages/console/src/app/slug'
import type { Channel } from '../../../packages/console/src/state'
import { joinSnippet as printedSnippet } from '../../../src/cli/lib/join-snippet'
import { pairLink as printedLink } from '../../../src/cli/pair/link'

const channel = (slug: string, more: Partial<Channel> = {}) =>
  ({ slug, kind: 'public', notify: 'mentions', peer: null, unread: 0, mentions: 0, ...more }) as Channel
const peer = (handle: string) => ({ id: handle, handle, kind: 'human' as const, display_name: handle })
const slugs = (all: readonly Channel[], held: readonly string[] = []) => {
  const { channels, direct } = sideOrder(all, held)
  return [channels.map(({ slug }) => slug), direct.map(({ slug }) => slug)]
}

describe('the order of the side', () => {
  test('what is for me stands first, then what is unread, then the rest by name', () => {
    const all = [
      channel('beta'),
      channel('gamma', { unread: 3 }),
      channel('delta', { mentions: 1 }),
      channel('alpha'),
    ]
    expect(slugs(all)).toEqual([['delta', 'gamma', 'alpha', 'beta'], []])
  })

  test('a muted channel is not in front for what is unread there', () => {
    expect(slugs([channel('alpha'), channel('beta', { unread: 9, notify: 'none' })])).toEqual([
      ['alpha', 'beta'],
      [],
    ])
  })

  test('direct conversations are apart, by the names of their peers', () => {
    const all = [
      channel('dm-1', { kind: 'dm', peer: peer('zoe') }),
      channel('general'),
      channel('dm-2', { kind: 'dm', peer: peer('bo') }),
    ]
    expect(slugs(all)).toEqual([['general'], ['dm-2', 'dm-1']])
  })

  test('while it is held nothing moves, and what is new follows', () => {
    const all = [channel('alpha'), channel('beta', { unread: 1 }), channel('new', { mentions: 1 })]
    expect(slugs(all, ['alpha', 'beta'])).toEqual([['alpha', 'beta', 'new'], []])
  })
})

test.each([
  ['Release 42', 'release-42'],
  ['  Ops & more! ', 'ops-more'],
  ['_x-', 'x'],
  ['…', ''],
  ['a'.repeat(80), 'a'.repeat(64)],
])('the channel %p has the address %p', (name, slug) => {
  expect(slugOf(name)).toBe(slug)
})

test('the console shows the commands and the link that the program prints', () => {
  const agent = { url: 'https://chat.example.org', handle: 'builder', token: 'syn_x', channel: "o'clock" }
  expect(joinSnippet(agent)).toBe(printedSnippet(agent))
  const reader = { ...agent, channel: undefined }
  expect(joinSnippet(reader)).toBe(printedSnippet(reader))
  const pair = { url: 'http://192.168.1.20:8080', code: 'AAECAwQFBgcICQoLDA0ODw', device: 'phone-ü' }
  expect(pairLink(pair.url, pair.code, pair.device)).toBe(printedLink(pair))
})
