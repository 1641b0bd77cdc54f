// Agents that nobody has seen for `accounts.dormant_after_days`: broadcasts and aliases do not notify them.
import { describe, expect, test } from 'bun:test'
import { Receiver } from '../support/receiver'
import { LiveSocket, until } from '../support/sockets'
import { DAY, type Fields, type Message, type Person, SECOND, type World, world } from '../support/world'

/** Ann is a person, bob and cat are agents; all are in `general`, whose alias `team` is for both agents. */
async function scene(days = '3') {
  const w: World = await world({
    settings: {
      SYNAPSE_ACCOUNTS_DORMANT_AFTER_DAYS: days,
      SYNAPSE_NAMED_ALIASES: '{"general":{"team":["bob","cat"],"solo":["bob"]}}',
      SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.0/8',
    },
  })
  const general = await w.channel('general')
  const inside = { channels: { general: 'member' } } as const
  const ann = await w.human('ann', inside)
  const [bob, cat] = [await w.agent('bob', inside), await w.agent('cat', inside)]
  /** Lets days pass, of which cat uses the last one. */
  const pass = async (count: number) => {
    w.clock.advance(count * DAY)
    await cat.get('/v1/channels')
  }
  return { w, general, ann, bob, cat, pass, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}
interface Item {
  readonly reasons: readonly string[]
  readonly message: { body: string }
}
/** What is in an inbox: reasons and bodies. Reading makes the account active. */
const inboxOf = async (who: Person) => {
  const { body } = await who.get<{ items: Item[]; pending: number }>('/v1/inbox?since=oldest')
  return body.items.map(({ reasons, message }) => `${reasons.join(' ')}: ${message.body}`)
}
const deliveriesOf = async (who: Person, { id }: Message) => {
  const { body } = await who.get<{ deliveries: { account: { handle: string }; reason: string }[] }>(
    `/v1/messages/${id}/deliveries`,
  )
  return body.deliveries.map(({ account, reason }) => `${account.handle} ${reason}`)
}
const mentionsOf = async (who: Person) => {
  const { body } = await who.get<{ channels: { slug: string; mentions: number }[] }>(
    '/v1/channels?include=unread',
  )
  return body.channels.find(({ slug }) => slug === 'general')?.mentions
}
/** The open items of an agent, as the activity shows them. */
const pendingOf = async (who: Person, { handle }: Person) => {
  const { body } = await who.get<{ agents: { account: Fields; inbox: { pending: number } }[] }>(
    '/v1/activity',
  )
  return body.agents.find(({ account }) => account.handle === handle)?.inbox.pending
}

describe('a dormant agent', () => {
  test('is not notified by broadcasts and aliases, and is again once it is active', async () => {
    await using s = await scene()
    await s.pass(4)
    const all = await s.ann.posts(s.general, 'hello @channel')
    const everyone = await s.ann.posts(s.general, 'hello @everyone')
    const team = await s.ann.posts(s.general, 'hello @team')
    const here = await s.ann.posts(s.general, 'hello @here')
    expect(await deliveriesOf(s.ann, all)).toEqual(['cat broadcast'])
    expect(await deliveriesOf(s.ann, everyone)).toEqual(['cat broadcast'])
    expect(await deliveriesOf(s.ann, team)).toEqual(['cat group'])
    expect(await deliveriesOf(s.ann, here)).toEqual([])
    // It is mentioned all the same, and readers see nothing of it.
    expect(all.mentioned_handles).toEqual(['bob', 'cat'])
    expect(team.mentioned_handles).toEqual(['bob', 'cat'])
    expect((await s.ann.get('/v1/events?since=oldest')).text).not.toContain('dormant')
    expect([await pendingOf(s.ann, s.bob), await pendingOf(s.ann, s.cat)]).toEqual([0, 3])
    expect(await mentionsOf(s.bob)).toBe(0)
    // That was a sign of life.
    const next = await s.ann.posts(s.general, 'again @channel')
    const nextTeam = await s.ann.posts(s.general, 'again @team')
    expect(await deliveriesOf(s.ann, next)).toEqual(['bob broadcast', 'cat broadcast'])
    expect(await deliveriesOf(s.ann, nextTeam)).toEqual(['bob group', 'cat group'])
    expect(await mentionsOf(s.bob)).toBe(2)
    expect(await inboxOf(s.bob)).toEqual(['broadcast: again @channel', 'group: again @team'])
    expect(await inboxOf(s.cat)).toHaveLength(5)
    expect((await s.bob.reads(s.general, { mentions_me: true })).body.messages).toHaveLength(5)
  })

  test('is not told of them by the log, sockets and acknowledgements when it comes back', async () => {
    await using s = await scene()
    const { cursor } = (await s.bob.get<{ cursor: string }>('/v1/events')).body
    await s.pass(4)
    const all = await s.ann.posts(s.general, 'hello @channel')
    const acked = await s.bob.post('/v1/inbox/ack', { message_ids: [all.id] })
    expect([acked.status, acked.body]).toMatchObject([404, { code: 'not_in_inbox' }])
    await s.bob.put(`/v1/messages/${all.id}/reactions/${encodeURIComponent('👍')}`)
    expect(await deliveriesOf(s.ann, all)).toEqual(['cat broadcast'])
    using socket = await LiveSocket.open(s.w.url, s.bob.credential)
    await socket.subscribe(['general'], { inbox: true, since: cursor })
    await s.ann.posts(s.general, 'again @channel')
    const item = await socket.next('inbox.item')
    expect(item).toMatchObject({ message: { body: 'again @channel' } })
  })

  test('is notified by its handle, with a broadcast and an alias in the same message, and by a reply and a direct message', async () => {
    await using s = await scene()
    const own = await s.bob.posts(s.general, 'mine')
    await s.pass(4)
    const named = await s.ann.posts(s.general, '@channel @team @bob')
    const reply = await s.ann.posts(s.general, '@everyone', { reply_to: own.id })
    expect(await deliveriesOf(s.ann, named)).toEqual(['bob mention', 'cat group'])
    expect(await deliveriesOf(s.ann, reply)).toEqual(['bob reply', 'cat broadcast'])
    const dm = await s.ann.post<{ slug: string }>('/v1/dms', { handle: 'bob' })
    await s.ann.posts(dm.body.slug, '@channel in private')
    expect(await inboxOf(s.bob)).toEqual([
      'mention: @channel @team @bob',
      'reply: @everyone',
      'dm: @channel in private',
    ])
  })

  test('gets no item of an edit that keeps or adds a group name, and one of an edit that names it', async () => {
    await using s = await scene()
    await s.pass(4)
    const all = await s.ann.posts(s.general, '@channel one')
    const team = await s.ann.posts(s.general, '@team two')
    const plain = await s.ann.posts(s.general, 'three')
    const edit = async ({ id }: Message, body: string) =>
      expect((await s.ann.patch(`/v1/messages/${id}`, { body })).status).toBe(200)
    await edit(plain, '@solo three')
    expect(await deliveriesOf(s.ann, plain)).toEqual([])
    expect(await inboxOf(s.bob)).toEqual([])
    await edit(all, '@channel @solo one')
    await edit(team, '@solo @team two')
    await edit(plain, '@solo still three')
    expect(await inboxOf(s.bob)).toEqual([])
    await edit(all, '@channel @bob one')
    await edit(team, '@team @bob two')
    expect(await inboxOf(s.bob)).toEqual(['mention: @channel @bob one', 'mention: @team @bob two'])
    expect(await deliveriesOf(s.ann, all)).toEqual(['bob mention', 'cat broadcast'])
  })

  test('is not woken by a webhook', async () => {
    await using s = await scene()
    using hooks = new Receiver()
    const wakeOn = ['mention', 'group', 'broadcast']
    for (const who of [s.bob, s.cat]) {
      const url = new URL(`/${who.handle}`, hooks.url).href
      const fields = { enabled: true, webhook_url: url, wake_on: wakeOn }
      expect((await who.put('/v1/me/push', fields)).status).toBe(200)
    }
    await s.pass(4)
    await s.ann.posts(s.general, 'for @channel')
    await s.ann.posts(s.general, 'for @team')
    await s.ann.posts(s.general, 'for @bob and @cat')
    const arrived = (path: string) => hooks.at(path).length
    await until('the wakes', async () => {
      s.w.clock.advance(SECOND)
      await s.ann.posts(s.general, 'a commit')
      return arrived('/cat') === 3 && arrived('/bob') >= 1
    })
    expect(hooks.at('/bob').map(({ text }) => text.includes('for @bob'))).toEqual([true])
  })

  test('stays so over a restart, and is one from the first moment after the days', async () => {
    await using s = await scene()
    await s.bob.get('/v1/channels')
    await s.pass(3)
    expect(await deliveriesOf(s.ann, await s.ann.posts(s.general, '@channel'))).toHaveLength(2)
    s.w.clock.advance(31 * SECOND)
    const skipped = await s.ann.posts(s.general, '@channel')
    expect(await deliveriesOf(s.ann, skipped)).toEqual(['cat broadcast'])
    await s.w.restart()
    expect(await deliveriesOf(s.ann, skipped)).toEqual(['cat broadcast'])
    expect(await deliveriesOf(s.ann, await s.ann.posts(s.general, '@channel'))).toEqual(['cat broadcast'])
  })
})

test('an agent with an open stream is not dormant, and a person never is', async () => {
  await using s = await scene()
  using socket = await LiveSocket.open(s.w.url, s.bob.credential)
  await socket.next('hello')
  await s.w.human('eve', { channels: { general: 'member' } })
  await s.pass(4)
  const all = await s.ann.posts(s.general, '@channel')
  expect(await deliveriesOf(s.ann, all)).toEqual(['bob broadcast', 'cat broadcast', 'eve broadcast'])
})

test('without the setting no agent is dormant, and it can be set at run time', async () => {
  await using s = await scene('0')
  await s.pass(9)
  expect(await deliveriesOf(s.ann, await s.ann.posts(s.general, '@channel'))).toHaveLength(2)
  const set = await s.w.operator.put('/v1/config/accounts.dormant_after_days', { value: 8 })
  expect(set.status, set.text).toBe(200)
  expect(await deliveriesOf(s.ann, await s.ann.posts(s.general, '@channel'))).toEqual(['cat broadcast'])
})
