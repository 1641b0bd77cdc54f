import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Caller, type Fields, type World, world } from '../support/world'
import { issuesOf } from './refusals'

let w: World
let ann: Caller
beforeAll(async () => {
  w = await world()
  await w.channel('town')
  await w.channel('den', { kind: 'private' })
  ann = await w.human('ann', { channels: { town: 'member' }, displayName: 'Ann Björk' })
  await w.agent('bob', { channels: { town: 'member' }, displayName: 'Build-Bot' })
  await w.agent('botany', { channels: { town: 'member' }, displayName: 'Plants' })
  await w.agent('far', { channels: { den: 'member' }, displayName: 'Bot of another room' })
  await w.archives(await w.agent('boss', { channels: { town: 'member' } }))
})
afterAll(() => w[Symbol.asyncDispose]())

const handles = async (who: Caller, query: string) => {
  const { body } = await who.get<{ accounts: Fields[] }>(`/v1/accounts?${query}`)
  return body.accounts.map(({ handle }) => handle)
}

describe('GET /v1/accounts', () => {
  test('finds accounts by the beginning of a handle or of a word of the name', async () => {
    expect(await handles(ann, 'q=bot')).toEqual(['bob', 'botany'])
    expect(await handles(ann, 'q=@BO')).toEqual(['bob', 'botany'])
    expect(await handles(ann, 'q=bj%C3%B6')).toEqual(['ann'])
    expect(await handles(ann, 'q=ann%20b')).toEqual(['ann'])
    expect(await handles(ann, 'q=uild')).toEqual([])
    expect(await handles(ann, '')).toEqual(['ann', 'bob', 'botany'])
    expect(await handles(ann, 'kind=agent&limit=1')).toEqual(['bob'])
    const { body } = await ann.get('/v1/accounts?q=bob')
    expect(body).toEqual({
      accounts: [
        {
          id: expect.any(String),
          handle: 'bob',
          kind: 'agent',
          display_name: 'Build-Bot',
          presence: expect.objectContaining({ handle: 'bob', state: 'offline' }),
        },
      ],
    })
  })

  test('shows only accounts that share a channel with the caller, except to system admins', async () => {
    expect(await handles(ann, 'q=far')).toEqual([])
    const root = await w.human('zoe', { isAdmin: true })
    expect(await handles(root, 'q=bot')).toEqual(['bob', 'botany', 'far'])
    const loner = await w.agent('loner')
    expect(await handles(loner, '')).toEqual(['loner'])
    await w.joins('far', 'town')
    expect(await handles(ann, 'q=far')).toEqual(['far'])
  })

  test('refuses limits and texts that are too large', async () => {
    expect(issuesOf(await ann.get('/v1/accounts?limit=51'))).toEqual(['less_than_equal query.limit'])
    expect(issuesOf(await ann.get(`/v1/accounts?q=${'x'.repeat(65)}`))).toEqual(['string_too_long query.q'])
  })
})
