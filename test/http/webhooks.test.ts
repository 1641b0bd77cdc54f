import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { Receiver } from '../support/receiver'
import { until } from '../support/sockets'
import { type Fields, HOUR, type Person, type Room, SECOND, type World, world } from '../support/world'

interface Push {
  readonly account_handle: string
  readonly enabled: boolean
  readonly webhook_url: string | null
  readonly has_secret: boolean
  readonly wake_on: string[]
  readonly mode: string
  readonly secret: string
}
interface Webhook {
  readonly id: string
  readonly on: string
  readonly pending: number
  readonly dead: number
  readonly enabled: boolean
  readonly disabled_reason: string | null
  readonly has_secret: boolean
  readonly secret: string
  readonly last_success_at: string | null
  readonly failing_since: string | null
}
interface Delivery {
  readonly id: string
  readonly event: string
  readonly seq: number | null
  readonly state: string
  readonly attempts: { status: number | null; error: string | null; answer: string | null }[]
  readonly next_at: string | null
}

let w: World
let room: Room
let ann: Person
let noise: Person
let hooks: Receiver
let names = 0

beforeAll(async () => {
  hooks = new Receiver()
  w = await world({ settings: { SYNAPSE_WEBHOOKS_ALLOW_TARGETS: '127.0.0.0/8' } })
  room = await w.channel('room')
  await w.channel('noise')
  noise = await w.agent('noise', { channels: { noise: 'member' } })
  ann = await w.human('ann', { channels: { room: 'member' } })
})
afterAll(async () => {
  await w[Symbol.asyncDispose]()
  hooks[Symbol.dispose]()
})

/** An agent that no other test knows, with an address of its own. */
async function agent(scopes?: readonly string[]) {
  const name = `bot${++names}`
  const bot = await w.agent(name, { channels: { room: 'member' }, ...(scopes && { scopes }) })
  const path = `/${name}`
  return { bot, path, url: new URL(path, hooks.url).href, requests: () => hooks.at(path) }
}
/** The same with a push endpoint. */
async function pushed(fields: Fields = {}) {
  const one = await agent()
  const set = await one.bot.put<Push>('/v1/me/push', { enabled: true, webhook_url: one.url, ...fields })
  expect(set.status, set.text).toBe(200)
  return { ...one, secret: set.body.secret }
}
/** Lets time pass until the condition holds. A commit makes the server look at the clock. */
const eventually = (condition: () => boolean | Promise<boolean>, step = 100) =>
  until('what webhooks do', async () => {
    w.clock.advance(step)
    await noise.posts('noise', 'a commit')
    return condition()
  })
/** Lets the next attempt of the newest delivery of an account happen, and waits for its result. */
const attempted = async (who: Person) => {
  const before = (await deliveriesOf(who))[0]
  const wait = before?.next_at ? Date.parse(before.next_at) - w.clock.now() / 1000 : 0
  w.clock.advance(Math.max(wait, 0) + 1)
  await eventually(async () => (await deliveriesOf(who))[0]?.attempts.length !== before?.attempts.length, 0)
}
/** Lets everything that is due happen. */
const settled = async () => {
  for (let i = 0; i < 20; i++) {
    w.clock.advance(100)
    await Bun.sleep(5)
  }
}
const deliveriesOf = async (who: Person, id = 'push') =>
  (await who.get<{ deliveries: Delivery[] }>(`/v1/me/webhooks/${id}/deliveries`)).body.deliveries
/** What became of a message for an account, as its author sees it. */
const outcomeOf = async (message: string, who: Person) => {
  const { body } = await ann.get<{ deliveries: { account: Fields; state: string }[] }>(
    `/v1/messages/${message}/deliveries`,
  )
  return body.deliveries.find(({ account }) => account.handle === who.handle)?.state
}
const stateOf = async (who: Person, id = 'push') => (await deliveriesOf(who, id))[0]?.state

describe('the push endpoint', () => {
  test('an agent sets, reads and disables it; the secret is shown once', async () => {
    const { bot, url } = await agent()
    const none = { account_handle: bot.handle, enabled: false, webhook_url: null, has_secret: false }
    const usual = ['dm', 'mention', 'reply', 'approval', 'overdue', 'thread']
    expect((await bot.get('/v1/me/push')).body).toEqual({ ...none, wake_on: usual, mode: 'message' })
    const set = await bot.put<Push>('/v1/me/push', { enabled: true, webhook_url: url, wake_on: ['mention'] })
    expect(set.body).toMatchObject({
      enabled: true,
      webhook_url: url,
      has_secret: true,
      wake_on: ['mention'],
    })
    expect(set.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const { secret: _, ...shown } = set.body
    expect((await bot.get('/v1/me/push')).body).toEqual(shown)
    expect((await bot.delete('/v1/me/push')).status).toBe(204)
    expect((await bot.get('/v1/me/push')).body).toEqual({ ...none, wake_on: ['mention'], mode: 'message' })
  })

  test('an admin sets it for an account, at an address that is private', async () => {
    const { bot } = await agent()
    const path = `/v1/admin/accounts/${bot.id}/push`
    const given = { enabled: true, webhook_url: 'http://10.0.0.1/x', secret: 's3cret' }
    const set = await w.operator.patch<Push>(path, given)
    expect(set.body).toMatchObject({ enabled: true, webhook_url: 'http://10.0.0.1/x', secret: 's3cret' })
    expect((await w.operator.patch<Push>(path, { enabled: false })).body).toMatchObject({
      ...{ enabled: false, webhook_url: null, has_secret: false, secret: null },
    })
    const refused = await w.operator.patch(path, { enabled: true })
    expect(refused.body).toMatchObject({ detail: 'Agents enabling push must provide webhook_url' })
    const metadata = { enabled: true, webhook_url: 'http://169.254.169.254/x' }
    expect(await w.operator.patch(path, metadata)).toMatchObject({ body: { code: 'webhook_target_blocked' } })
  })

  test('an agent cannot set it to a private address, and a person has none', async () => {
    const { bot } = await agent()
    const refused = await bot.put('/v1/me/push', { enabled: true, webhook_url: 'http://10.0.0.1/x' })
    expect(refused).toMatchObject({ status: 400, body: { code: 'webhook_target_blocked' } })
    expect(await ann.get('/v1/me/push')).toMatchObject({ status: 403, body: { code: 'agents_only' } })
    const flag = await w.operator.patch(`/v1/admin/accounts/${ann.id}/push`, { enabled: true })
    expect(flag.body).toMatchObject({ enabled: true, webhook_url: null, has_secret: false, secret: null })
  })
})

describe('a wake', () => {
  test('is sent for a mention, with the message and both signatures', async () => {
    const { bot, requests, secret } = await pushed()
    const message = await ann.posts(room, `@${bot.handle} ping`)
    await eventually(() => requests().length > 0)
    const [request] = requests()
    if (!request) throw new Error('there is no request')
    expect(request.text.startsWith('{"type":"message.created","channel":"room","message":{"id":')).toBe(true)
    const { headers, body } = request
    expect(Object.keys(body)).toEqual([
      'type',
      'channel',
      'message',
      'seq',
      'cursor',
      'at',
      'actor',
      'recipient',
      'reason',
    ])
    expect(body).toMatchObject({
      message: { id: message.id, body: message.body },
      recipient: bot.handle,
      reason: 'mention',
    })
    const id = headers['webhook-id']
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Synapse-Webhook/1.0',
      'x-synapse-event': 'message.created',
      'x-synapse-delivery': id,
    })
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
    const content = `${id}.${headers['webhook-timestamp']}.${request.text}`
    const signature = createHmac('sha256', key).update(content).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
    const plain = createHmac('sha256', secret).update(request.text).digest('hex')
    expect(headers['x-synapse-signature']).toBe(`sha256=${plain}`)
    await eventually(async () => (await stateOf(bot)) === 'delivered')
    expect(await deliveriesOf(bot)).toMatchObject([
      {
        id,
        event: 'message.created',
        seq: body.seq,
        attempts: [{ status: 202, error: null }],
        next_at: null,
      },
    ])
  })

  test('is not sent for what one writes oneself, for fyi, for broadcasts, and for others', async () => {
    const { bot, requests } = await pushed()
    await bot.posts(room, `@${bot.handle} note`)
    await ann.posts(room, `@${bot.handle} for your information`, { priority: 'fyi' })
    await ann.posts(room, '@channel hear this')
    await ann.posts(room, 'nothing to anyone')
    await ann.posts(room, `@${bot.handle} last`)
    await eventually(() => requests().length > 0)
    await settled()
    expect(requests().map(({ body }) => (body.message as Fields).body)).toEqual([`@${bot.handle} last`])
  })

  test('is sent for broadcasts to those who ask for them', async () => {
    const { requests } = await pushed({ wake_on: ['broadcast'] })
    await ann.posts(room, '@channel hear this')
    await eventually(() => requests().length > 0)
    expect(requests()[0]?.body).toMatchObject({ reason: 'broadcast' })
  })

  test('follows what the member wants of the channel', async () => {
    const { bot, requests } = await pushed()
    await bot.patch('/v1/channels/room/me', { notify: 'none' })
    await ann.posts(room, `@${bot.handle} unheard`)
    await settled()
    await bot.patch('/v1/channels/room/me', { notify: 'mentions', wake_on: ['mention'] })
    await ann.posts(room, `@${bot.handle} heard`)
    await eventually(() => requests().length > 0)
    expect(requests().map(({ body }) => (body.message as Fields).body)).toEqual([`@${bot.handle} heard`])
  })

  test('in a followed thread is sent for people, and for agents only to those who chose to follow it', async () => {
    const { bot, requests } = await pushed()
    const other = await agent()
    const root = await bot.posts(room, 'a thread')
    const thread = { thread_id: root.id }
    await other.bot.posts(room, 'chatter', thread)
    await ann.posts(room, 'a question', thread)
    await eventually(() => requests().length > 0)
    expect(requests().map(({ body }) => (body.message as Fields).body)).toEqual(['a question'])
    const followed = await bot.put(`/v1/threads/${thread.thread_id}/follow`, {})
    expect(followed.status, followed.text).toBeLessThan(300)
    await other.bot.posts(room, 'more chatter', thread)
    await eventually(() => requests().length > 1)
    expect(requests()[1]?.body).toMatchObject({ reason: 'thread' })
  })

  test('is dropped if the account may not read the message any more', async () => {
    const { bot, requests } = await pushed()
    hooks.answer = () => new Response(null, { status: 500 })
    await ann.posts(room, `@${bot.handle} secret`)
    await eventually(() => requests().length > 0)
    hooks.answer = () => new Response(null, { status: 202 })
    await w.leaves(bot, room)
    await eventually(async () => (await deliveriesOf(bot)).length === 0, SECOND)
    expect(requests()).toHaveLength(1)
  })

  test('shows the message as it is now, and nothing of a deleted one', async () => {
    const { bot, requests } = await pushed()
    hooks.answer = () => new Response('busy', { status: 500 })
    const message = await ann.posts(room, `@${bot.handle} first`)
    await eventually(() => requests().length > 0)
    await ann.patch(`/v1/messages/${message.id}`, { body: `@${bot.handle} second` })
    await eventually(() => requests().length > 1)
    expect((requests()[1]?.body.message as Fields | undefined)?.body).toBe(`@${bot.handle} second`)
    expect(requests()[1]?.headers['webhook-id']).toBe(requests()[0]?.headers['webhook-id'] ?? '')
    await ann.delete(`/v1/messages/${message.id}`)
    await eventually(async () => (await deliveriesOf(bot)).length === 0, 10 * SECOND)
    hooks.answer = () => new Response(null, { status: 202 })
  })
})

describe('a failing receiver', () => {
  test('is tried eight times over hours, then the delivery is dead, and can be made again', async () => {
    const { bot, requests } = await pushed()
    const other = await pushed()
    hooks.answer = ({ path }) =>
      new Response(path === `/${bot.handle}` ? 'no <b>thanks</b>' : null, {
        status: path === `/${bot.handle}` ? 500 : 202,
      })
    const message = await ann.posts(room, `@${bot.handle} @${other.bot.handle} ping`)
    await eventually(() => other.requests().length > 0)
    while ((await stateOf(bot)) === 'pending') await attempted(bot)
    expect(requests()).toHaveLength(8)
    expect(new Set(requests().map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    await eventually(async () => (await outcomeOf(message.id, bot)) === 'unreachable')
    const [dead] = await deliveriesOf(bot)
    expect(dead?.attempts).toHaveLength(8)
    expect(dead?.attempts[0]).toMatchObject({
      status: 500,
      error: 'answered 500',
      answer: 'no <b>thanks</b>',
    })
    expect((await bot.get<{ webhooks: Webhook[] }>('/v1/me/webhooks')).body.webhooks[0]).toMatchObject({
      ...{ id: 'push', enabled: true, pending: 0, dead: 1 },
      failing_since: expect.any(String),
    })
    hooks.answer = () => new Response(null, { status: 200 })
    const path = `/v1/me/webhooks/deliveries/${dead?.id}/redeliver`
    expect((await other.bot.post(path)).body).toMatchObject({ code: 'delivery_not_found' })
    expect((await bot.post(path)).status).toBe(202)
    await eventually(async () => (await stateOf(bot)) === 'delivered')
    expect(requests()[8]?.headers['webhook-id']).toBe(dead?.id ?? '')
    await eventually(async () => (await outcomeOf(message.id, bot)) === 'notified')
  })

  test('that refuses is tried three times; one that asks for time gets it', async () => {
    const { bot, requests } = await pushed()
    hooks.answer = () => new Response(null, { status: 403 })
    await ann.posts(room, `@${bot.handle} ping`)
    await eventually(async () => (await deliveriesOf(bot))[0]?.attempts.length === 1)
    while ((await stateOf(bot)) === 'pending') await attempted(bot)
    expect(requests()).toHaveLength(3)
    hooks.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '600' } })
    await ann.posts(room, `@${bot.handle} ping again`)
    await eventually(() => requests().length === 4)
    await eventually(async () => (await deliveriesOf(bot))[0]?.attempts.length === 1)
    const at = Date.parse((await deliveriesOf(bot))[0]?.next_at ?? '')
    expect(at - w.clock.now() / 1000).toBeGreaterThan(500 * SECOND)
    hooks.answer = () => new Response(null, { status: 202 })
  })

  test('that redirects is not followed', async () => {
    const { bot, requests } = await pushed()
    const other = await agent()
    hooks.answer = () => Response.redirect(other.url, 307)
    await ann.posts(room, `@${bot.handle} ping`)
    await eventually(async () => (await deliveriesOf(bot))[0]?.attempts.length === 1)
    expect((await deliveriesOf(bot))[0]).toMatchObject({ state: 'pending', attempts: [{ status: 307 }] })
    expect(requests().length).toBeGreaterThan(0)
    expect(other.requests()).toEqual([])
    hooks.answer = () => new Response(null, { status: 202 })
  })

  test('that is gone ends its endpoint, and the owner is told', async () => {
    const { bot } = await pushed()
    hooks.answer = () => new Response(null, { status: 410 })
    const { id } = await ann.posts(room, `@${bot.handle} ping`)
    await eventually(async () => (await bot.get<Push>('/v1/me/push')).body.enabled === false)
    // The sender is told at once that the message did not reach the account.
    await eventually(async () => {
      const { body } = await ann.get<{ summary: object }>(`/v1/messages/${id}/deliveries`)
      return JSON.stringify(body.summary) === '{"unreachable":1}'
    })
    const { body } = await bot.get<{ webhooks: Webhook[] }>('/v1/me/webhooks')
    expect(body.webhooks[0]).toMatchObject({ enabled: false, disabled_reason: 'gone', dead: 1 })
    const inbox = await bot.get<{ notices: Fields[] }>('/v1/inbox')
    expect(inbox.body.notices).toMatchObject([{ code: 'webhook_disabled' }])
    const events = await bot.get<{ events: Fields[] }>(
      '/v1/events?since=oldest&type=account.webhook_disabled',
    )
    expect(events.body.events).toMatchObject([{ webhook_id: 'push', reason: 'gone', actor: null }])
    hooks.answer = () => new Response(null, { status: 202 })
    await bot.patch('/v1/me/webhooks/push', { enabled: true })
    expect((await bot.get<{ notices: Fields[] }>('/v1/inbox')).body.notices).toEqual([])
    await ann.posts(room, `@${bot.handle} pong`)
    await eventually(async () => (await stateOf(bot)) === 'delivered')
  })
})

test('wakes of a paused agent wait, and do not age', async () => {
  const { bot, requests } = await pushed()
  const pause = await ann.post<{ id: string }>('/v1/pauses', { channel: 'room', account: bot.handle })
  await ann.posts(room, `@${bot.handle} later`)
  for (let i = 0; i < 5; i++) await eventually(() => true, 10 * SECOND)
  expect(requests()).toEqual([])
  expect(await deliveriesOf(bot)).toMatchObject([{ state: 'pending', attempts: [] }])
  await ann.delete(`/v1/pauses/${pause.body.id}`)
  await eventually(() => requests().length > 0, SECOND)
})

test('fifty dead deliveries in a row disable a webhook, or as many as the setting says', async () => {
  await w.operator.put('/v1/config/webhooks.disable_after', { value: 2 })
  const { bot } = await pushed()
  hooks.answer = () => new Response(null, { status: 400 })
  for (const n of [1, 2]) {
    await ann.posts(room, `@${bot.handle} ${n}`)
    await eventually(async () => (await deliveriesOf(bot)).length === n)
    await eventually(async () => (await deliveriesOf(bot))[0]?.attempts.length === 1)
    while ((await stateOf(bot)) === 'pending') await attempted(bot)
  }
  const { body } = await bot.get<{ webhooks: Webhook[] }>('/v1/me/webhooks')
  expect(body.webhooks[0]).toMatchObject({ enabled: false, disabled_reason: 'failing', dead: 2 })
  const audit = await w.operator.get<{ entries: Fields[] }>('/v1/admin/audit?action=webhook.disable')
  expect(audit.body.entries[0]).toMatchObject({
    via: 'server',
    target_id: 'push',
    metadata: { reason: 'failing' },
  })
  await w.operator.delete('/v1/config/webhooks.disable_after')
  hooks.answer = () => new Response(null, { status: 202 })
})

test('three days without a success disable a webhook', async () => {
  const { bot } = await pushed()
  hooks.answer = () => new Response(null, { status: 500 })
  await ann.posts(room, `@${bot.handle} first`)
  await eventually(async () => (await deliveriesOf(bot))[0]?.attempts.length === 1)
  w.clock.advance(73 * HOUR)
  await eventually(async () => (await bot.get<Push>('/v1/me/push')).body.enabled === false)
  const { body } = await bot.get<{ webhooks: Webhook[] }>('/v1/me/webhooks')
  expect(body.webhooks[0]).toMatchObject({ disabled_reason: 'failing' })
  hooks.answer = () => new Response(null, { status: 202 })
})

test('a direct message and a question wake without a mention', async () => {
  const { bot, requests } = await pushed()
  const dm = await ann.post<{ slug: string }>('/v1/dms', { handle: bot.handle })
  await ann.posts(dm.body.slug, 'just between us')
  await eventually(() => requests().length > 0)
  expect(requests()[0]?.body).toMatchObject({ reason: 'dm', channel: dm.body.slug })
  const question = { channel: 'room', question: 'Deploy?', options: ['Yes', 'No'] }
  const asked = await bot.post<{ approval: { id: string } }>('/v1/approvals', question)
  expect(asked.status, asked.text).toBe(201)
  const decided = await ann.post(`/v1/approvals/${asked.body.approval.id}/decide`, { option: 'Yes' })
  expect(decided.status, decided.text).toBe(200)
  await eventually(() => requests().length > 1)
  expect(requests()[1]?.body).toMatchObject({ type: 'approval.decided', reason: 'approval', channel: 'room' })
  expect((requests()[1]?.body.message as Fields | undefined)?.kind).toBe('approval')
})

test('a webhook of somebody else is hidden, and a narrow token does not widen what a webhook is sent', async () => {
  const { bot, url, requests } = await agent()
  const made = await bot.post<Webhook>('/v1/me/webhooks', {
    ...{ name: 'wide', url, on: 'events', types: ['message.created'] },
  })
  const issued = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
    account_handle: bot.handle,
    scopes: ['channel:noise:read'],
  })
  const narrow = w.bearer(issued.body.token)
  expect((await narrow.patch(`/v1/me/webhooks/${made.body.id}`, { name: 'narrow' })).status).toBe(200)
  const refused = await narrow.post('/v1/me/webhooks', { name: 'x', url, on: 'inbox', channels: ['room'] })
  expect(refused.body).toMatchObject({ code: 'missing_scope' })
  await ann.posts(room, 'not for the narrow token')
  await settled()
  expect(requests()).toEqual([])
})

test('an edit that newly names an account wakes it, as message.edited', async () => {
  const { bot, requests } = await pushed()
  const message = await ann.posts(room, 'nobody yet')
  await ann.patch(`/v1/messages/${message.id}`, { body: `@${bot.handle} now you` })
  await eventually(() => requests().length > 0)
  const [request] = requests()
  expect(request?.text.startsWith('{"type":"message.edited","channel":"room","message":{"id":')).toBe(true)
  expect(request?.body).toMatchObject({ reason: 'mention', message: { id: message.id } })
})

test('a secret that the key of the instance does not open fails the attempt, and says so', async () => {
  const { bot, requests } = await pushed()
  const [{ id = 0 } = {}] = await w.sql<{ id: number }>(
    'SELECT id FROM accounts WHERE handle = ?',
    bot.handle,
  )
  await w.sql("UPDATE webhooks SET secret_sealed = 'v1.AAAA' WHERE account_id = ?", id)
  await ann.posts(room, `@${bot.handle} ping`)
  await eventually(async () => (await deliveriesOf(bot))[0]?.attempts.length === 1)
  expect((await deliveriesOf(bot))[0]?.attempts).toMatchObject([
    { status: null, error: expect.stringContaining('set a new one') },
  ])
  expect(requests()).toEqual([])
})

test('the address that an admin has allowed is allowed alone: a change by the agent is judged anew', async () => {
  const { bot, url } = await agent()
  await w.operator.patch(`/v1/admin/accounts/${bot.id}/push`, {
    enabled: true,
    webhook_url: 'http://10.0.0.1/a',
  })
  const path = '/v1/me/webhooks/push'
  expect((await bot.patch(path, { url: 'http://10.0.0.1/b' })).body).toMatchObject({
    code: 'webhook_target_blocked',
  })
  expect((await bot.patch(path, { url })).status).toBe(200)
  expect((await bot.patch(path, { url: 'http://10.0.0.1/a' })).body).toMatchObject({
    code: 'webhook_target_blocked',
  })
  const list = await w.operator.get<{ webhooks: Fields[] }>(`/v1/admin/webhooks?account=${bot.handle}`)
  expect(list.body.webhooks).toMatchObject([{ id: 'push', url, account_handle: bot.handle }])
})

test('an erased account leaves no webhook and no delivery', async () => {
  const { bot } = await pushed()
  await bot.post('/v1/me/webhooks/push/test')
  const [{ id = 0 } = {}] = await w.sql<{ id: number }>(
    'SELECT id FROM accounts WHERE handle = ?',
    bot.handle,
  )
  await w.operator.post(`/v1/admin/accounts/${bot.id}/erase`, { confirm: bot.handle, mode: 'anonymize' })
  expect(await w.sql('SELECT id FROM webhooks WHERE account_id = ?', id)).toEqual([])
  const orphans = 'SELECT id FROM webhook_deliveries WHERE webhook_id NOT IN (SELECT id FROM webhooks)'
  expect(await w.sql(orphans)).toEqual([])
})

test('a receiver that takes too long is given up, and delays no other', async () => {
  await w.operator.put('/v1/config/webhooks.timeout_ms', { value: 300 })
  const [slow, quick] = [await pushed(), await pushed()]
  hooks.answer = async ({ path }) => {
    if (path === slow.path) await Bun.sleep(1500)
    return new Response(null, { status: 202 })
  }
  await ann.posts(room, `@${slow.bot.handle} @${quick.bot.handle} ping`)
  await eventually(() => quick.requests().length > 0)
  await eventually(async () => (await deliveriesOf(slow.bot))[0]?.attempts.length === 1)
  expect((await deliveriesOf(slow.bot))[0]?.attempts).toMatchObject([
    { status: null, error: expect.stringContaining('did not answer within 300 ms') },
  ])
  hooks.answer = () => new Response(null, { status: 202 })
  await w.operator.delete('/v1/config/webhooks.timeout_ms')
})

describe('further webhooks', () => {
  test('are made, changed and deleted by their accounts', async () => {
    const { bot, url } = await agent()
    const fields = { name: 'ci', url, on: 'inbox', reasons: ['mention'], channels: ['room'] }
    const made = await bot.post<Webhook>('/v1/me/webhooks', fields)
    expect(made.status, made.text).toBe(201)
    expect(made.body).toMatchObject({
      ...fields,
      mode: 'message',
      batch_s: 5,
      enabled: true,
      has_secret: true,
    })
    const path = `/v1/me/webhooks/${made.body.id}`
    const { secret, ...shown } = made.body
    expect((await bot.get(path)).body).toEqual(shown)
    expect((await ann.get(path)).body).toMatchObject({ code: 'webhook_not_found' })
    const patched = await bot.patch<Webhook>(path, {
      name: 'CI',
      rotate_secret: true,
      batch_s: 9,
      mode: 'inbox',
    })
    expect(patched.body).toMatchObject({ name: 'CI', batch_s: 9, mode: 'inbox' })
    expect(patched.body.secret).not.toBe(secret)
    expect((await bot.patch<Webhook>(path, { enabled: false })).body).toMatchObject({
      enabled: false,
      secret: null,
    })
    expect((await bot.patch<Webhook>(path, { channels: ['*'] })).body).toMatchObject({ channels: null })
    const all = await w.operator.get<{ webhooks: Fields[] }>(`/v1/admin/webhooks?account=${bot.handle}`)
    expect(all.body.webhooks).toMatchObject([{ id: made.body.id, account_handle: bot.handle }])
    expect((await bot.delete(path)).status).toBe(204)
    expect((await bot.get(path)).status).toBe(404)
    expect((await bot.post('/v1/me/webhooks', { ...fields, on: 'events' })).status).toBe(422)
    expect((await bot.post('/v1/me/webhooks', { ...fields, types: ['message.*'] })).status).toBe(422)
  })

  test('a changed secret signs beside the former one for a day', async () => {
    const { bot, url, requests } = await agent()
    const made = await bot.post<Webhook>('/v1/me/webhooks', { name: 'x', url, on: 'inbox', secret: 's3cret' })
    await bot.patch(`/v1/me/webhooks/${made.body.id}`, { rotate_secret: true })
    await bot.post(`/v1/me/webhooks/${made.body.id}/test`)
    await eventually(() => requests().length > 0)
    const [one] = requests()
    const content = `${one?.headers['webhook-id']}.${one?.headers['webhook-timestamp']}.${one?.text}`
    const former = createHmac('sha256', 's3cret').update(content).digest('base64')
    expect(one?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
    expect(one?.headers['webhook-signature']?.endsWith(` v1,${former}`)).toBe(true)
    expect(one?.body).toMatchObject({ type: 'webhook.test', recipient: bot.handle, reason: null })
  })

  test('on events get every event that the account sees, and only within the scopes that made them', async () => {
    const { bot, url, requests } = await agent(['channel:room:read', 'channel:room:post'])
    const den = await w.channel(`den${++names}`, { kind: 'private' })
    await w.joins(bot, den)
    await w.joins(ann, den)
    const fields = { name: 'all', url, on: 'events', types: ['message.*', 'reaction.added'] }
    const made = await bot.post<Webhook>('/v1/me/webhooks', fields)
    expect(made.status, made.text).toBe(201)
    const message = await ann.posts(room, 'to no one')
    await ann.posts(den, 'not for this token')
    await bot.posts(room, 'of my own')
    await ann.put(`/v1/messages/${message.id}/reactions/%F0%9F%91%8D`, {})
    await eventually(() => requests().length >= 2)
    await settled()
    const sent = requests().toSorted((one, other) => Number(one.body.seq) - Number(other.body.seq))
    expect(sent.map(({ body }) => body.type)).toEqual(['message.created', 'reaction.added'])
    expect(sent[0]?.body).toMatchObject({ channel: 'room', recipient: bot.handle, reason: null })
  })
})

test('a hint follows a window in which items were gathered; a person flushes it at once', async () => {
  const { bot, requests } = await pushed({ mode: 'inbox' })
  const other = await agent()
  await other.bot.posts(room, `@${bot.handle} one`)
  await other.bot.posts(room, `@${bot.handle} two`)
  await settled()
  expect(requests()).toEqual([])
  await eventually(() => requests().length > 0, SECOND)
  expect(requests()[0]?.body).toMatchObject({
    type: 'inbox.pending',
    recipient: bot.handle,
    count: 2,
    items: [
      { reason: 'mention', channel: 'room', sender_handle: other.bot.handle, sender_kind: 'agent' },
      { reason: 'mention' },
    ],
  })
  await eventually(async () => (await stateOf(bot)) === 'delivered')
  await other.bot.posts(room, `@${bot.handle} three`)
  await ann.posts(room, `@${bot.handle} now`)
  await eventually(() => requests().length > 1, 60)
  expect(requests()[1]?.body).toMatchObject({ count: 2 })
})

test('what was sent counts as notified, and presence shows how the webhook fares', async () => {
  const { bot, requests } = await pushed()
  const message = await ann.posts(room, `@${bot.handle} ping`)
  await eventually(() => requests().length > 0)
  const deliveries = `/v1/messages/${message.id}/deliveries`
  await eventually(async () => {
    const { body } = await ann.get<{ deliveries: Fields[] }>(deliveries)
    return body.deliveries[0]?.state === 'notified'
  })
  const { body } = await ann.get<{ presence: { reachable: Fields }[] }>(`/v1/presence?handle=${bot.handle}`)
  expect(body.presence[0]?.reachable).toMatchObject({ webhook: 'ok' })
})

test('wakes beyond the rate wait', async () => {
  await w.operator.put('/v1/config/webhooks.per_minute', { value: 2 })
  const { bot, requests } = await pushed()
  for (let i = 0; i < 3; i++) await ann.posts(room, `@${bot.handle} ping ${i}`)
  await eventually(() => requests().length === 2, 60)
  await settled()
  expect(requests()).toHaveLength(2)
  await eventually(() => requests().length === 3, 5 * SECOND)
  await w.operator.put('/v1/config/webhooks.per_minute', { value: 60 })
})
