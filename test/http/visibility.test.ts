import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Answer, Caller, Fields, Message, Person, World } from '../support/world'
import { world } from '../support/world'

/** A private channel with a message, and accounts that are not members. */
let w: World
let insider: Person
let outsiders: Record<string, Person>
let secret: Message

beforeAll(async () => {
  w = await world()
  await w.channel('hall')
  await w.channel('vault', { kind: 'private' })
  await w.channel('attic', { kind: 'private' })
  insider = await w.agent('insider', { channels: { vault: 'member', attic: 'member' } })
  const hall = { channels: { hall: 'member' } } as const
  outsiders = {
    agent: await w.agent('agent', hall),
    human: await w.human('human', hall),
    'agent without scopes': await w.agent('mute', { ...hall, scopes: ['audit:read'] }),
    'agent who was in it': await w.agent('former', { channels: { vault: 'member', hall: 'member' } }),
  }
  const vault = await room('vault')
  await w.leaves(outsiders['agent who was in it'] as Person, vault)
  secret = await insider.posts('vault', 'the secret')
  await w.archives(await room('attic'))
})
afterAll(() => w[Symbol.asyncDispose]())

async function room(slug: string) {
  const { body } = await w.operator.get<{ id: string; slug: string }[]>('/v1/admin/channels')
  const found = body.find((channel) => channel.slug === slug)
  if (!found) throw new Error(`there is no channel ${slug}`)
  return found
}

const who = ['agent', 'human', 'agent without scopes', 'agent who was in it']
const outsider = (name: string): Caller => outsiders[name] ?? w.guest

/** The answer without the parts that always differ: the request id and the requested name. */
function essence({ status, headers, text }: Answer, ...names: string[]): Fields {
  let rest = text.replaceAll(headers.get('x-request-id') ?? '?', 'ID')
  for (const name of names) rest = rest.replaceAll(name, 'NAME')
  const kept = [...headers].filter(([header]) => !['x-request-id', 'date', 'content-length'].includes(header))
  return { status, text: rest, headers: Object.fromEntries(kept) }
}

/** Requests about a channel. */
const questions: [string, (caller: Caller, slug: string) => Promise<Answer>][] = [
  ['reading', (caller, slug) => caller.get(`/v1/messages?channel=${slug}`)],
  ['reading with others', (caller, slug) => caller.get(`/v1/messages?channel=${slug},hall`)],
  ['waiting', (caller, slug) => caller.get(`/v1/messages?channel=${slug}&wait=1`)],
  ['listening', (caller, slug) => caller.get(`/v1/events?channel=${slug}`)],
  ['posting', (caller, slug) => caller.post('/v1/messages', { channel: slug, body: 'hi' })],
  ['listing members', (caller, slug) => caller.get(`/v1/channels/${slug}/members`)],
  ['asking for access', (caller, slug) => caller.get(`/v1/me/access?channel=${slug}`)],
]

describe.each(who)('a private channel for an outsider (%s)', (name) => {
  test.each(questions)('%s gives the same answer as for a channel that does not exist', async (_, ask) => {
    const nothing = essence(await ask(outsider(name), 'never'), 'never')
    expect(essence(await ask(outsider(name), 'vault'), 'vault')).toEqual(nothing)
    expect(essence(await ask(outsider(name), 'VAULT'), 'vault')).toEqual(nothing)
    expect(essence(await ask(outsider(name), 'attic'), 'attic')).toEqual(nothing)
  })

  test('a message in it gives the same answer as one that does not exist', async () => {
    const [there, missing] = [secret.id, secret.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'))]
    const caller = outsider(name)
    const ways: ((id: string) => Promise<Answer>)[] = [
      (id) => caller.get(`/v1/messages/${id}`),
      (id) => caller.get(`/v1/messages/${id}?include_deleted=true`),
      (id) => caller.get(`/v1/messages?channel=hall&thread=${id}`),
      (id) => caller.post('/v1/messages', { channel: 'hall', body: 'hi', thread_id: id }),
      (id) => caller.post('/v1/messages', { channel: 'hall', body: 'hi', reply_to: id }),
    ]
    for (const way of ways)
      expect(essence(await way(there), there)).toEqual(essence(await way(missing), missing))
  })

  test('the channel is in no list of the outsider', async () => {
    for (const path of [
      '/v1/channels',
      '/v1/channels?include=discoverable',
      '/v1/messages?channel=*',
      '/v1/events',
    ]) {
      const { status, text } = await outsider(name).get(`${path}${path.includes('?') ? '&' : '?'}limit=200`)
      expect(status).toBe(200)
      expect(text).not.toContain('vault')
      expect(text).not.toContain('the secret')
    }
    const events = await outsider(name).get('/v1/events?since=oldest&limit=500')
    expect(events.text).not.toContain('the secret')
    expect(events.text).not.toContain('insider')
  })
})

describe('visibility of a private channel', () => {
  test('members see the channel', async () => {
    expect(await insider.hears('vault')).toEqual(['the secret'])
  })

  test('system admins see the channel but may not read it', async () => {
    const admins = [await w.agent('root', { scopes: ['admin:*'] }), await w.human('boss', { isAdmin: true })]
    for (const admin of admins) {
      expect((await admin.reads('vault')).body).toMatchObject({ code: 'not_a_member' })
      expect((await admin.reads('attic')).body).toMatchObject({ code: 'channel_archived' })
      expect((await admin.get(`/v1/messages/${secret.id}`)).body).toMatchObject({ code: 'message_not_found' })
    }
  })

  test('the holder of a token that names the channel is told that membership is missing', async () => {
    const invited = await w.agent('invited', { scopes: ['channel:vault:read'] })
    expect((await invited.reads('vault')).body).toMatchObject({ code: 'not_a_member', gate: 'membership' })
    expect((await invited.get('/v1/me/access?channel=vault')).body).toMatchObject({ visible: true })
  })

  test('a token with a wildcard or a similar slug does not reveal the channel', async () => {
    const near = await w.agent('near', {
      scopes: ['channel:*:*', 'channel:vault-2:read', 'channel:vaul:read'],
    })
    expect((await near.reads('vault')).body).toMatchObject({ code: 'channel_not_found' })
  })
})

test('a channel that becomes private is hidden from the next request on', async () => {
  await w.channel('plaza')
  const stranger = await w.agent('stranger')
  expect((await stranger.reads('plaza')).body).toMatchObject({ code: 'not_a_member' })
  await w.joins(stranger, 'plaza')
  expect((await stranger.reads('plaza')).status).toBe(200)
  await w.leaves(stranger, await room('plaza'))
  expect((await stranger.reads('plaza')).body).toMatchObject({ code: 'not_a_member' })
})
