import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { LiveSocket } from '../support/sockets'
import { type Fields, type Person, type World, world } from '../support/world'

/** `eye` reads every channel without being in one; `eye-of-dms` also the direct ones. */
let w: World
let eye: Person
let eyeOfDms: Person
let ann: Person
let direct: string
beforeAll(async () => {
  w = await world()
  await w.channel('town')
  await w.channel('family', { kind: 'private' })
  ann = await w.agent('ann', { channels: { town: 'member', family: 'member' } })
  await w.human('bob', { channels: { town: 'member' } })
  eye = await w.agent('eye', { scopes: ['channel:*:read', 'channel:*:post', 'inbox:*:read'] })
  eyeOfDms = await w.agent('eye-of-dms', { scopes: ['channel:*:*', 'inbox:*:read', 'dm:*:read'] })
  direct = (await ann.post<{ slug: string }>('/v1/dms', { handle: 'bob' })).body.slug
  await ann.posts('town', 'in town @channel')
  await ann.posts('family', 'in family')
  await ann.posts(direct, 'between us')
})
afterAll(() => w[Symbol.asyncDispose]())

describe('an observer', () => {
  test('reads every public and private channel without a membership, and direct ones only with a scope', async () => {
    expect(await eye.hears('*')).toEqual(['in town @channel', 'in family'])
    expect(await eyeOfDms.hears('*')).toEqual(['in town @channel', 'in family', 'between us'])
    expect(await eye.hears('family')).toEqual(['in family'])
    expect((await eye.reads(direct)).status).toBe(404)
    expect(await eyeOfDms.hears(direct)).toEqual(['between us'])
    expect((await eye.get<{ members: Fields[] }>('/v1/channels/family/members')).body.members).toHaveLength(1)
    expect((await eye.get('/v1/channels/family')).body).toMatchObject({ slug: 'family', role: null })
    expect((await eyeOfDms.get(`/v1/channels/${direct}`)).body).toMatchObject({ kind: 'dm', role: null })
    const { body } = await eye.get<{ events: Fields[] }>('/v1/events?since=oldest&type=channel.created')
    expect(body.events.map(({ channel }) => channel)).toEqual(['town', 'family'])
  })

  test('finds the channels that it reads among those to discover, and is in none', async () => {
    const slugs = async (who: Person, query: string) =>
      (await who.get<{ channels: Fields[] }>(`/v1/channels${query}`)).body.channels.map(
        ({ slug, role, access }) => [slug, role, (access as Fields).read],
      )
    expect(await slugs(eye, '')).toEqual([])
    for (const who of [eye, eyeOfDms])
      expect(await slugs(who, '?include=discoverable')).toEqual([
        ['family', null, true],
        ['town', null, true],
      ])
  })

  test('does not post, is not mentioned by a broadcast, and cannot be added to its own right', async () => {
    expect((await eye.post('/v1/messages', { channel: 'town', body: 'x' })).body).toMatchObject({
      code: 'not_a_member',
    })
    expect(await eye.hears('*', { mentions_me: true })).toEqual([])
    const half = await w.agent('half', { scopes: ['channel:*:read'] })
    const admin = await w.agent('root', { scopes: ['admin:*'] })
    for (const who of [half, admin]) expect(await who.hears('*')).toEqual([])
    const pat = await w.human('pat')
    const own = await pat.post('/v1/me/tokens', { name: 'x', scopes: ['channel:*:read', 'inbox:*:read'] })
    expect(own.body).toMatchObject({ code: 'scope_escalation' })
  })

  test('hears new channels at once, and goes on hearing one that it leaves', async () => {
    using socket = await LiveSocket.open(w.url, eye.credential)
    await socket.subscribe(['*'])
    const den = await w.channel('den', { kind: 'private' })
    await w.joins(ann, den)
    await ann.posts(den, 'first')
    await socket.next('message.created')
    await w.joins(eye, den)
    await w.leaves(eye, den)
    await ann.posts(den, 'second')
    await socket.next('message.created')
    const dm = (await ann.post<{ slug: string }>('/v1/dms', { handle: 'eye-of-dms' })).status
    expect(dm).toBe(404)
    await w.archives(den)
    await socket.next('channel.archived')
    expect(socket.events.map(({ type }) => type)).toEqual([
      'channel.created',
      'member.joined',
      'message.created',
      'member.joined',
      'member.left',
      'message.created',
      'channel.archived',
    ])
  })
})
