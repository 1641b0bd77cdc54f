import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Person, type World, world } from '../support/world'
import { issuesOf, leavesNoTrace } from './refusals'

let w: World
let chief: Person
let ann: Person
beforeAll(async () => {
  w = await world({
    settings: { SYNAPSE_NAMED_ALIASES: '{"town":{"night":["ann"],"day":["ann","bob"]}}' },
  })
  const channels = { town: 'member' } as const
  await w.channel('town')
  chief = await w.human('chief', { channels: { town: 'admin' } })
  ann = await w.agent('ann', { channels })
  await w.agent('bob', { channels })
  await w.agent('far')
})
afterAll(() => w[Symbol.asyncDispose]())

const put = (aliases: unknown, who: Person = chief) => who.put('/v1/channels/town/aliases', { aliases })
const mentioned = async (body: string) => (await ann.posts('town', body)).mentioned_handles

describe('aliases of a channel', () => {
  test('a mention of an alias mentions its members, and a stored alias goes before one of the setting', async () => {
    expect(await mentioned('@team @day')).toEqual(['bob'])
    const since = (await ann.get<{ cursor: string }>('/v1/events')).body.cursor
    const answer = await put({ Team: ['@Chief', 'bob', 'far', 'nobody', 'bob'], day: ['chief'] })
    expect([answer.status, answer.body]).toEqual([
      200,
      { aliases: { day: ['chief'], team: ['chief', 'bob', 'far', 'nobody'] } },
    ])
    expect((await ann.get('/v1/channels/town/aliases')).body).toEqual(answer.body)
    expect(await mentioned('@team @day @night')).toEqual(['chief', 'bob'])
    await leavesNoTrace(w, async () => {
      expect((await put({ day: ['chief'], team: ['chief', 'bob', 'far', 'nobody'] })).status).toBe(200)
    })
    type Events = { events: { type: string; changed?: string[] }[] }
    const { body } = await ann.get<Events>(`/v1/events?since=${since}&type=channel.*`)
    expect(body.events).toMatchObject([{ type: 'channel.updated', changed: ['aliases'] }])
    await put({})
    expect(await mentioned('@team @day')).toEqual(['bob'])
  })

  test('invalid aliases are refused as a whole', async () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`a${i}`, []]))
    const rows: unknown[] = [
      { here: [] },
      { everyone: ['ann'] },
      { '1st': [] },
      { a: 'ann' },
      { a: [1] },
      { a: [''] },
      { a: ['x'.repeat(65)] },
      { a: Array.from({ length: 101 }, (_, i) => `h${i}`) },
      { a: [], A: [] },
      many,
    ]
    await leavesNoTrace(w, async () => {
      for (const row of rows) {
        const { status, body } = await put(row)
        expect([status, body.code]).toEqual([400, 'invalid_alias'])
      }
      for (const value of [[], null, 'x'])
        expect(issuesOf(await put(value))).toEqual(['dict_type body.aliases'])
    })
  })

  test('only admins of the channel change them, and only readers see them', async () => {
    expect((await put({}, ann)).body).toMatchObject({ code: 'missing_scope' })
    const bo = await w.human('bo', { channels: { town: 'member' } })
    expect((await put({}, bo)).body).toMatchObject({ code: 'not_channel_admin' })
    const eve = await w.human('eve')
    expect((await eve.get('/v1/channels/town/aliases')).body).toMatchObject({ code: 'not_a_member' })
    const { slug } = (await bo.post<{ slug: string }>('/v1/dms', { handle: 'ann' })).body
    const boss = await w.human('boss', { isAdmin: true })
    for (const who of [bo, boss])
      expect((await who.put(`/v1/channels/${slug}/aliases`, { aliases: {} })).body).toMatchObject({
        code: 'not_channel_admin',
      })
  })
})
