import { describe, expect, test } from 'bun:test'
import { type Person, type World, world } from '../support/world'
import { expectRefusal, leavesNoTrace } from './refusals'

const aliases = JSON.stringify({ general: { duo: ['ann', 'bob'], ann: ['bob'] }, lunch: { cooks: ['ann'] } })

/** Ann, bob and cat are in one channel; dan is in another. */
async function scene(settings: Record<string, string> = {}) {
  const w: World = await world({ settings })
  const general = await w.channel('general')
  await w.channel('lunch')
  const inside = { channels: { general: 'member' } } as const
  const [ann, bob, cat] = [
    await w.agent('ann', inside),
    await w.human('bob', inside),
    await w.agent('cat', inside),
  ]
  const dan = await w.agent('dan')
  return { w, general, ann, bob, cat, dan, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

/** Adds hundreds of members to a channel. */
async function crowd(w: World, slug: string, count: number): Promise<string[]> {
  await w.sql(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO accounts (uuid, kind, handle, display_name, created_at)
     SELECT ${w.words.newUuid}, 'agent', 'm' || substr(CAST(1000 + i AS text), 2), 'm', ${w.words.instant(w.clock.now())} FROM n`,
    count,
  )
  await w.sql(
    `INSERT INTO memberships (channel_id, account_id, role, joined_at, joined_seq)
     SELECT channels.id, accounts.id, 'member', accounts.created_at, 1 FROM channels, accounts
     WHERE slug = ? AND display_name = 'm'`,
    slug,
  )
  // The server has the members of the channel in memory from before.
  await w.restart()
  return Array.from({ length: count }, (_, i) => `m${String(i + 1).padStart(3, '0')}`)
}

const mentionsOf = async (person: Person) => person.hears('general', { mentions_me: true })

describe('mentions by handle', () => {
  test('a message lists its mentions in the order of the text, in its answer and in every read', async () => {
    await using s = await scene()
    const posted = await s.ann.posts(s.general, 'hey @CAT and @bob, @cat!')
    expect(posted).toMatchObject({
      mentioned_handles: ['cat', 'bob'],
      unresolved_mentions: [],
      broadcast: false,
    })
    const [read] = (await s.bob.reads(s.general)).body.messages
    expect(read).toMatchObject({ mentioned_handles: ['cat', 'bob'] })
    expect(read).not.toHaveProperty('unresolved_mentions')
    expect(read).not.toHaveProperty('mentions_truncated')
  })

  test('mentions_me finds a message for the mentioned accounts and for no others', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, 'for nobody')
    await s.ann.posts(s.general, 'for @bob')
    await s.ann.posts(s.general, 'for @ann')
    await s.ann.posts(s.general, 'for @bob@example.org')
    expect(await mentionsOf(s.bob)).toEqual(['for @bob'])
    expect(await mentionsOf(s.ann)).toEqual(['for @ann'])
    expect(await mentionsOf(s.cat)).toEqual([])
  })

  test('the answer to a post lists handles that could not be resolved, without the reason', async () => {
    await using s = await scene()
    const gone = await s.w.agent('gone', { channels: { general: 'member' } })
    await s.w.archives(gone)
    const posted = await s.ann.posts(s.general, '@dan @nobody @gone @bob@peer @bob')
    expect(posted.unresolved_mentions).toEqual(['dan', 'nobody', 'gone', 'bob@peer'])
    expect(posted.mentioned_handles).toEqual(['bob'])
  })
})

describe('@channel', () => {
  test('@channel mentions every member except the sender', async () => {
    await using s = await scene()
    expect(await s.ann.posts(s.general, '@channel lunch!')).toMatchObject({
      mentioned_handles: ['bob', 'cat'],
      broadcast: true,
    })
    expect(await mentionsOf(s.bob)).toEqual(['@channel lunch!'])
    expect(await mentionsOf(s.ann)).toEqual([])
  })

  test('@channel does not mention members who join later', async () => {
    await using s = await scene()
    await s.ann.posts(s.general, '@everyone before')
    await s.w.joins(s.dan, s.general)
    await s.ann.posts(s.general, '@everyone after')
    expect(await mentionsOf(s.dan)).toEqual(['@everyone after'])
  })

  test('@channel lists 200 handles, says that the list is cut, and reaches all members', async () => {
    await using s = await scene()
    const handles = await crowd(s.w, 'general', 230)
    const posted = await s.ann.posts(s.general, '@channel')
    expect(posted.mentioned_handles).toEqual(['bob', 'cat', ...handles.slice(0, 198)])
    expect(posted.mentions_truncated).toBeTrue()
    const { body } = await s.w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: 'm230',
      scopes: ['channel:*:read'],
    })
    const last = await s.w
      .bearer(body.token)
      .get<{ messages: unknown[] }>('/v1/messages?channel=general&mentions_me=1')
    expect(last.body.messages).toHaveLength(1)
  })
})

describe('@here', () => {
  test('@here mentions the members with an open stream, except the sender', async () => {
    await using s = await scene()
    expect(await s.ann.posts(s.general, '@here?')).toMatchObject({
      mentioned_handles: [],
      unresolved_mentions: [],
    })
    const hangUp = new AbortController()
    for (const listener of [s.ann, s.bob]) {
      const stream = await listener.open('/v1/events', {
        headers: { accept: 'text/event-stream' },
        signal: hangUp.signal,
      })
      expect(stream.status).toBe(200)
    }
    expect(await s.ann.posts(s.general, '@here!')).toMatchObject({
      mentioned_handles: ['bob'],
      broadcast: false,
    })
    expect(await mentionsOf(s.bob)).toEqual(['@here!'])
    hangUp.abort()
  })
})

describe('aliases', () => {
  test('an alias stands for its members in its own channel and wins over a handle', async () => {
    await using s = await scene({ SYNAPSE_NAMED_ALIASES: aliases })
    expect(await s.cat.posts(s.general, '@duo')).toMatchObject({ mentioned_handles: ['ann', 'bob'] })
    expect(await s.ann.posts(s.general, '@duo')).toMatchObject({ mentioned_handles: ['bob'] })
    expect(await s.cat.posts(s.general, '@ann')).toMatchObject({ mentioned_handles: ['bob'] })
    expect(await s.cat.posts(s.general, '@cooks')).toMatchObject({ unresolved_mentions: ['cooks'] })
    expect(await mentionsOf(s.bob)).toEqual(['@duo', '@duo', '@ann'])
  })

  test('several aliases with over 200 members together reach all of them', async () => {
    // An alias has at most 100 names, so this takes three of them.
    const all = Array.from({ length: 230 }, (_, i) => `m${String(i + 1).padStart(3, '0')}`)
    const three = { one: all.slice(0, 100), two: all.slice(100, 200), rest: all.slice(200) }
    await using w = await world({ settings: { SYNAPSE_NAMED_ALIASES: JSON.stringify({ general: three }) } })
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    await crowd(w, 'general', 230)
    const posted = await ann.posts('general', '@one @two @rest')
    expect(posted.mentioned_handles).toEqual(all.slice(0, 200))
    expect(posted.mentions_truncated).toBeTrue()
    const { body } = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
      account_handle: 'm230',
      scopes: ['channel:*:read'],
    })
    const last = await w
      .bearer(body.token)
      .get<{ messages: unknown[] }>('/v1/messages?channel=general&mentions_me=1')
    expect(last.body.messages).toHaveLength(1)
  })

  test('malformed aliases are ignored and logged', async () => {
    await using s = await scene({ SYNAPSE_NAMED_ALIASES: '{"general":' })
    expect(await s.cat.posts(s.general, '@duo')).toMatchObject({ unresolved_mentions: ['duo'] })
    expect(s.w.log.match(/SYNAPSE_NAMED_ALIASES/g)).toHaveLength(1)
  })
})

test('a message with more than 50 mentions is refused', async () => {
  await using s = await scene()
  const names = (await crowd(s.w, 'general', 51)).map((handle) => `@${handle}`)
  await leavesNoTrace(s.w, async () => {
    expectRefusal(await s.ann.post('/v1/messages', { channel: 'general', body: names.join(' ') }), 400, {
      code: 'too_many_mentions',
      detail: 'A message names at most 50 handles',
    })
  })
  expect((await s.ann.posts(s.general, names.slice(1).join(' '))).mentioned_handles).toHaveLength(50)
})
