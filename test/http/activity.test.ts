import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { until } from '../support/sockets'
import { HOUR, MINUTE, type Person, type Room, SECOND, type World, world } from '../support/world'
import { codeOf } from './refusals'

interface Agent {
  readonly account: { readonly handle: string }
  readonly presence: { readonly state: string }
  readonly needs: readonly string[]
  readonly claims: readonly { readonly resource: string }[]
  readonly last_message: { readonly id: string; readonly channel: string; readonly snippet: string } | null
  readonly inbox: { readonly pending: number; readonly oldest_at: string | null }
  readonly blocked: readonly object[]
  readonly posts: readonly number[]
  readonly usage: Readonly<Record<string, number>> | null
  readonly pause: { readonly id: string } | null
}
interface Activity {
  readonly window: string
  readonly bucket_s: number
  readonly agents: readonly Agent[]
  readonly channels: readonly {
    readonly slug: string
    readonly human_posts: readonly number[]
    readonly agent_posts: readonly number[]
    readonly guard: { readonly used: number; readonly limit: number }
  }[]
  readonly truncated: boolean
}

let w: World
let lab: Room
let den: Room
let ada: Person
let bo: Person
let builder: Person
let scout: Person

beforeAll(async () => {
  w = await world()
  lab = await w.channel('lab')
  den = await w.channel('den', { kind: 'private' })
  ada = await w.human('ada', { channels: { lab: 'member', den: 'member' } })
  bo = await w.human('bo', { channels: { lab: 'member' } })
  builder = await w.agent('builder', { channels: { lab: 'member', den: 'member' } })
  scout = await w.agent('scout', { channels: { den: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const report = async (who: Person, query = ''): Promise<Activity> => {
  const { status, body, text } = await who.get<Activity>(`/v1/activity${query}`)
  expect(status, text).toBe(200)
  return body
}
const agentIn = ({ agents }: Activity, { handle }: Person): Agent | undefined =>
  agents.find(({ account }) => account.handle === handle)
const of = async (who: Person, about: Person, query = ''): Promise<Agent> => {
  const found = agentIn(await report(who, query), about)
  if (!found) throw new Error(`nothing is said of ${about.handle}`)
  return found
}
const total = (counts: readonly number[] = []) => counts.reduce((sum, count) => sum + count, 0)
/** Waits until everything that was posted is counted. Each commit wakes the projection, and the clock ends its rest. */
const counted = async () => {
  const { seq } = await bo.posts(lab, 'counted?')
  await until('the count', async () => {
    w.clock.advance(SECOND)
    const [row] = await w.sql<{ position: number }>(
      "SELECT position FROM projections WHERE name = 'activity'",
    )
    if (Number(row?.position ?? 0) >= seq) return true
    await bo.put(`/v1/presence`, { state: 'working' })
    return false
  })
}

describe('GET /v1/activity', () => {
  test.each([
    ['1h', 60, 60],
    ['24h', 1800, 48],
    ['7d', 7200, 84],
  ])('the window %s has stretches of %i s', async (window, seconds, length) => {
    await builder.posts(lab, 'hello')
    await counted()
    const activity = await report(ada, `?window=${window}`)
    expect(activity).toMatchObject({ window, bucket_s: seconds, truncated: false })
    const posts = agentIn(activity, builder)?.posts ?? []
    expect(posts).toHaveLength(length)
    expect(total(posts)).toBeGreaterThan(0)
    expect(total(posts.slice(0, -2))).toBe(0)
  })

  test('messages are counted by agent, and by channel apart for people and agents', async () => {
    const before = await report(ada)
    const channel = (activity: Activity, slug: string) => activity.channels.find((one) => one.slug === slug)
    await builder.posts(lab, 'one')
    const two = await builder.posts(den, 'two')
    await scout.posts(den, 'three')
    await ada.posts(den, 'four')
    await counted()
    const after = await report(ada)
    expect(total(agentIn(after, builder)?.posts) - total(agentIn(before, builder)?.posts)).toBe(2)
    expect(total(channel(after, 'den')?.agent_posts) - total(channel(before, 'den')?.agent_posts)).toBe(2)
    expect(total(channel(after, 'den')?.human_posts) - total(channel(before, 'den')?.human_posts)).toBe(1)
    expect(agentIn(after, builder)?.last_message).toMatchObject({
      id: two.id,
      channel: 'den',
      snippet: 'two',
    })
    w.clock.advance(2 * HOUR)
    expect(total((await of(ada, builder, '?window=1h')).posts)).toBe(0)
    expect((await of(ada, builder, '?window=1h')).last_message?.id).toBe(two.id)
  })

  test('everything covers only channels that the caller reads', async () => {
    await builder.posts(lab, 'in the lab')
    await builder.posts(den, 'a secret of the den')
    await builder.post('/v1/claims', { resource: 'task:den', channel: 'den' })
    await builder.post('/v1/claims', { resource: 'task:lab', channel: 'lab' })
    await counted()
    const seen = await report(bo)
    expect(seen.agents.map(({ account }) => account.handle)).toEqual(['builder'])
    expect(seen.channels.map(({ slug }) => slug)).toEqual(['lab'])
    expect(JSON.stringify(seen)).not.toMatch(/"den"|task:den|secret/)
    expect(agentIn(seen, builder)?.claims.map(({ resource }) => resource)).toEqual(['task:lab'])
    const all = await report(ada)
    expect(all.agents.map(({ account }) => account.handle).toSorted()).toEqual(['builder', 'scout'])
    expect(all.channels.map(({ slug }) => slug)).toEqual(['den', 'lab'])
    const inDen = await report(ada, '?channel=den')
    expect(inDen.channels.map(({ slug }) => slug)).toEqual(['den'])
    expect(total(agentIn(inDen, builder)?.posts)).toBeLessThan(total(agentIn(all, builder)?.posts))
    expect(codeOf(await bo.get('/v1/activity?channel=den'))).toBe('404 channel_not_found')
    expect(codeOf(await bo.get('/v1/activity?window=2h'))).toBe('422 validation_error')
  })

  test('usage adds up what messages report, and is null without a report', async () => {
    expect((await of(ada, builder)).usage).toBeNull()
    const reports = [
      { turns: 2, input_tokens: 1000, output_tokens: 50, cost_usd: 0.25, model: 'x' },
      { turns: 1, cost_usd: 0.125 },
      { turns: -1, input_tokens: 'many', output_tokens: 1e300 },
    ]
    for (const usage of reports) await builder.posts(lab, 'work', { metadata: { usage } })
    await builder.posts(lab, 'work', { metadata: { usage: 'none' } })
    await counted()
    expect((await of(ada, builder)).usage).toEqual({
      turns: 3,
      input_tokens: 1000,
      output_tokens: 50,
      cost_usd: 0.375,
    })
  })

  test('agents that need a person come first, with the reasons in their order', async () => {
    const needy = await w.agent('needy', { channels: { lab: 'member' } })
    await builder.posts(lab, 'the last one')
    await counted()
    expect((await report(ada)).agents[0]?.account.handle).toBe('builder')
    const question = { channel: 'lab', question: 'May I?', options: ['yes', 'no'] }
    const asked = await needy.post<{ approval: { id: string } }>('/v1/approvals', question)
    await needy.put('/v1/presence', { state: 'blocked', note: 'needs a password', ttl_s: 3600 })
    const paused = await ada.post<{ id: string }>('/v1/pauses', { channel: 'lab', account: 'needy' })
    const [first] = (await report(ada)).agents
    expect(first).toMatchObject({
      account: { handle: 'needy' },
      needs: ['approval', 'blocked', 'stopped'],
      presence: { state: 'blocked', note: 'needs a password' },
      pause: { id: paused.body.id },
    })
    expect((await report(scout)).agents.map(({ account }) => account.handle)).not.toContain('needy')
    await ada.post(`/v1/approvals/${asked.body.approval.id}/decide`, { option: 'yes' })
    await ada.delete(`/v1/pauses/${paused.body.id}`)
    await needy.put('/v1/presence', { state: 'working' })
    expect((await of(ada, needy)).needs).toEqual([])
    expect((await of(ada, needy)).pause).toBeNull()
    // The message of the server does not count.
    expect(total((await of(ada, needy)).posts)).toBeLessThanOrEqual(1)
  })

  test('an agent that a limit has stopped shows where, until a person goes on', async () => {
    const chatty = await w.agent('chatty', { channels: { lab: 'member' } })
    const root = await ada.posts(lab, 'who is there?')
    const setting = '/v1/config/chain.limit'
    expect((await w.operator.put(setting, { value: 1 })).status).toBe(200)
    await chatty.posts(lab, 'me', { thread_id: root.id })
    const refused = await chatty.post('/v1/messages', { channel: 'lab', body: 'again', thread_id: root.id })
    expect(codeOf(refused)).toBe('429 chain_limit')
    const stopped = await of(ada, chatty)
    expect(stopped.needs).toEqual(['stopped'])
    expect(stopped.blocked).toMatchObject([
      { channel: 'lab', thread_id: root.id, code: 'chain_limit', limit: 1, used: 1 },
    ])
    await ada.posts(lab, 'go on', { thread_id: root.id })
    expect((await of(ada, chatty)).blocked).toEqual([])
    await w.operator.delete(setting)
  })

  test('a channel shows how far agents have got by the run guard', async () => {
    const guard = async () => (await report(ada, '?channel=lab')).channels[0]?.guard
    expect(await guard()).toEqual({ used: 0, limit: 0 })
    await w.operator.put('/v1/config/guard.agent_run', { value: 10 })
    await ada.posts(lab, 'begin')
    await builder.posts(lab, 'one')
    await builder.posts(lab, 'two')
    expect(await guard()).toEqual({ used: 2, limit: 10 })
    await w.operator.delete('/v1/config/guard.agent_run')
  })

  test('the inbox of an agent shows how much waits since when, broadcasts included', async () => {
    const reader = await w.agent('reader', { channels: { lab: 'member' } })
    expect((await of(ada, reader)).inbox).toEqual({ pending: 0, oldest_at: null })
    const first = await ada.posts(lab, '@everyone, listen')
    w.clock.advance(MINUTE)
    const second = await ada.posts(lab, '@reader, you too')
    expect((await of(ada, reader)).inbox).toEqual({ pending: 2, oldest_at: first.created_at })
    await reader.post('/v1/inbox/ack', { message_ids: [first.id] })
    expect((await of(ada, reader)).inbox).toEqual({ pending: 1, oldest_at: second.created_at })
    await reader.post('/v1/inbox/ack', { cursor: second.cursor })
    expect((await of(ada, reader)).inbox).toEqual({ pending: 0, oldest_at: null })
    await ada.posts(den, '@everyone in the den')
    expect((await of(bo, builder)).inbox.pending).toBeLessThan((await of(ada, builder)).inbox.pending)
  })

  test('a delivery that is unreachable is a reason', async () => {
    const far = await w.agent('far', { channels: { lab: 'member' } })
    await ada.posts(lab, '@far, are you there?')
    await w.sql(
      'UPDATE inbox SET state = 1 WHERE account_id = (SELECT id FROM accounts WHERE handle = ?)',
      'far',
    )
    expect((await of(ada, far)).needs).toEqual(['unreachable'])
  })

  test('a webhook of which many deliveries failed in a row is a reason', async () => {
    const hooked = await w.agent('hooked', { channels: { lab: 'member' } })
    const webhook = { name: 'wake', url: 'https://93.184.216.34/wake', on: 'inbox' }
    expect((await hooked.post('/v1/me/webhooks', webhook)).status).toBe(201)
    expect((await of(ada, hooked)).needs).toEqual([])
    const own = 'account_id = (SELECT id FROM accounts WHERE handle = ?)'
    await w.sql(`UPDATE webhooks SET dead_in_a_row = 5 WHERE ${own}`, 'hooked')
    expect((await of(ada, hooked)).needs).toEqual(['failing'])
  })

  test('a deleted message is not shown, and an erased account leaves no count', async () => {
    const gone = await w.agent('gone', { channels: { lab: 'member' } })
    const message = await gone.posts(lab, 'to be deleted')
    await counted()
    expect((await of(ada, gone)).last_message?.id).toBe(message.id)
    await gone.delete(`/v1/messages/${message.id}`)
    expect((await of(ada, gone)).last_message).toBeNull()
    const erase = { confirm: 'gone', mode: 'anonymize' }
    expect((await w.operator.post(`/v1/admin/accounts/${gone.id}/erase`, erase)).status).toBe(200)
    expect(agentIn(await report(ada), gone)).toBeUndefined()
    const rows = await w.sql(
      "SELECT counts FROM activity WHERE account_id IN (SELECT id FROM accounts WHERE handle LIKE 'erased-%')",
    )
    expect(rows).toEqual([])
  })

  test('of more than 200 agents those that need a person are among those shown', async () => {
    const hall = await w.channel('hall')
    await w.joins(ada, hall)
    for (let i = 0; i < 201; i++) await w.agent(`one-of-many-${i}`, { channels: { hall: 'member' } })
    const last = await w.agent('the-last', { channels: { hall: 'member' } })
    await last.put('/v1/presence', { state: 'blocked' })
    const activity = await report(ada, '?channel=hall')
    expect(activity.truncated).toBe(true)
    expect(activity.agents).toHaveLength(200)
    expect(activity.agents[0]).toMatchObject({ account: { handle: 'the-last' }, needs: ['blocked'] })
  })
})
