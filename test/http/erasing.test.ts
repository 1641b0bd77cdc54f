import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { impatiently, untilJobsHave } from '../support/impatiently'
import { until } from '../support/sockets'
import {
  type Answer,
  type Fields,
  type Message,
  PASSWORD,
  type Person,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { codeOf } from './refusals'

interface Erased {
  readonly mode: string
  readonly messages_deleted: number
  readonly messages_anonymized: number
  readonly tokens_revoked: number
  readonly done: boolean
}

interface Account {
  readonly id: string
  readonly handle: string
  readonly display_name: string
  readonly email: string | null
  readonly archived_at: string | null
}

const ERASED = /^erased-[0-9a-f]{8}$/

let w: World
let ann: Person
let number = 0

beforeAll(async () => {
  w = await world()
  ann = await w.agent('ann')
})
afterAll(() => w[Symbol.asyncDispose]())

/** A new channel with ann and a new agent in it. */
async function roomWith(kind: 'public' | 'private' = 'private'): Promise<{ room: Room; bob: Person }> {
  number++
  const room = await w.channel(`room-${number}`, { kind })
  await w.joins(ann, room)
  const bob = await w.agent(`bob-${number}`, {
    displayName: `Robert ${number}`,
    channels: { [room.slug]: 'member' },
  })
  return { room, bob }
}

const erases = (who: Person, request: object = {}): Promise<Answer<Erased>> =>
  w.operator.post<Erased>(`/v1/admin/accounts/${who.id}/erase`, {
    confirm: who.handle,
    mode: 'anonymize',
    ...request,
  })
const accountOf = async ({ id }: Person): Promise<Account> => {
  const { body } = await w.operator.get<Account[]>('/v1/admin/accounts')
  const found = body.find((account) => account.id === id)
  if (!found) throw new Error('the account keeps its row')
  return found
}
const rows = async (table: string, where: string, ...values: (string | number)[]) =>
  (await w.sql(`SELECT * FROM ${table} WHERE ${where}`, ...values)).length
const innerId = async ({ id }: Person) => {
  const [row] = await w.sql<{ id: number }>(`SELECT id FROM accounts WHERE uuid = ${w.words.uuid(id)}`)
  return row?.id ?? 0
}
const eventsFor = async (reader: Person, since: string) =>
  (await reader.get<{ events: Fields[] }>(`/v1/events?since=${since}&limit=500`)).body.events
const now = async (reader: Person) =>
  (await reader.get<{ cursor: string }>('/v1/events?since=now&limit=1')).body.cursor

describe('an erased account', () => {
  test('the name, the profile and the e-mail address are gone, and the account stays archived', async () => {
    const carl = await w.human('carl', { displayName: 'Carl Example' })
    await w.operator.patch(`/v1/admin/accounts/${carl.id}`, { email: 'carl@example.org', about: 'Baker' })
    expect((await erases(carl)).body).toEqual({
      mode: 'anonymize',
      messages_deleted: 0,
      messages_anonymized: 0,
      tokens_revoked: 0,
      done: true,
    })
    expect(await accountOf(carl)).toMatchObject({
      handle: expect.stringMatching(ERASED),
      display_name: 'Erased account',
      email: null,
      about: '',
      archived_at: expect.any(String),
    })
    expect(codeOf(await carl.get('/v1/auth/me'))).toBe('401 invalid_session')
    const login = await w.guest.post('/v1/auth/login', { handle: 'carl', password: PASSWORD })
    expect(codeOf(login)).toBe('401 invalid_credentials')
  })

  test('its tokens are counted and deleted, and the names of tokens leave the log', async () => {
    const { bob } = await roomWith()
    const fields = { account_handle: bob.handle, scopes: ['channel:*:read'], name: 'roberts-phone' }
    await w.operator.post('/v1/admin/tokens', fields)
    await w.operator.post('/v1/admin/devices', { account_handle: bob.handle, device: 'roberts-watch' })
    expect((await erases(bob)).body.tokens_revoked).toBe(2)
    expect(codeOf(await bob.get('/v1/auth/me'))).toBe('401 invalid_token')
    const id = await innerId(bob)
    for (const table of ['tokens', 'sessions', 'pair_codes', 'memberships', 'idempotency'])
      expect({ table, rows: await rows(table, 'account_id = ?', id) }).toEqual({ table, rows: 0 })
    expect(await rows('events', "CAST(data AS text) LIKE '%roberts-%'")).toBe(0)
    expect(await rows('erasures', 'true')).toBe(0)
  })

  test('its messages stay under the new name if they are anonymized', async () => {
    const { room, bob } = await roomWith()
    await bob.posts(room, 'mine')
    await ann.posts(room, `@${bob.handle} yours`)
    expect((await erases(bob)).body).toMatchObject({ messages_deleted: 0, messages_anonymized: 1 })
    const { handle } = await accountOf(bob)
    const { messages } = (await ann.reads(room, { since: 'oldest' })).body
    expect(messages).toMatchObject([
      { body: 'mine', sender_handle: handle, sender_display_name: 'Erased account' },
      { body: `@${bob.handle} yours`, mentioned_handles: [handle] },
    ])
  })

  test('its messages become tombstones if they are deleted, with one event each', async () => {
    const { room, bob } = await roomWith()
    const root = await bob.posts(room, 'root')
    await ann.posts(room, 'reply', { reply_to: root.id })
    await bob.posts(room, 'answer', { reply_to: root.id })
    const since = await now(ann)
    const { body } = await erases(bob, { mode: 'delete_messages' })
    expect(body).toMatchObject({ messages_deleted: 2, messages_anonymized: 0, done: true })
    expect(await ann.hears(room, { since: 'oldest' })).toEqual(['reply'])
    const shown = await ann.get<Message>(`/v1/messages/${root.id}?include_deleted=true`)
    expect(shown.body).toMatchObject({ deleted: true, body: '', reply_count: 1 })
    const deleted = (await eventsFor(ann, since)).filter(({ type }) => type === 'message.deleted')
    expect(deleted).toMatchObject([{ message_id: root.id, by: 'erase', actor: null }, { by: 'erase' }])
  })

  test('its attachments are deleted with its messages, and uploads that no message has in any case', async () => {
    const { room, bob } = await roomWith()
    const uploads = async (body: string) => {
      const headers = { authorization: `Bearer ${bob.secret}`, 'content-type': 'text/plain' }
      const answer = await fetch(`${w.url}/v1/attachments`, { method: 'POST', headers, body })
      const file: { id: string } = JSON.parse(await answer.text())
      return file.id
    }
    const posted = await uploads('posted')
    await bob.posts(room, 'see', { attachments: [posted] })
    const id = await innerId(bob)
    await uploads('unused')
    await erases(bob)
    expect(await rows('attachments', 'account_id = ?', id)).toBe(1)
    expect((await ann.get(`/v1/attachments/${posted}`)).status).toBe(200)
    const again = await erases({ ...bob, handle: (await accountOf(bob)).handle } as Person, {
      mode: 'delete_messages',
    })
    expect(again.body).toMatchObject({ messages_deleted: 1, tokens_revoked: 0, done: true })
    expect(await rows('attachments', 'account_id = ?', id)).toBe(0)
  })

  test('its reactions are taken back, and it follows no thread', async () => {
    const { room, bob } = await roomWith()
    const root = await ann.posts(room, 'root')
    await bob.put(`/v1/messages/${root.id}/reactions/ok`)
    await bob.put(`/v1/messages/${root.id}/reactions/seen`)
    await ann.put(`/v1/messages/${root.id}/reactions/ok`)
    await bob.put(`/v1/threads/${root.id}/follow`)
    const id = await innerId(bob)
    const since = await now(ann)
    await erases(bob)
    const { body } = await ann.get<Message & { reactions: object[] }>(`/v1/messages/${root.id}`)
    expect(body.reactions).toEqual([{ emoji: 'ok', count: 1, handles: ['ann'] }])
    const { handle } = await accountOf(bob)
    const removed = (await eventsFor(ann, since)).filter(({ type }) => type === 'reaction.removed')
    expect(removed).toMatchObject(['ok', 'seen'].map((emoji) => ({ emoji, account: { handle } })))
    expect(await rows('reactions', 'account_id = ?', id)).toBe(0)
    expect(await rows('thread_members', 'account_id = ?', id)).toBe(0)
  })

  test('mentions of its handle are replaced if that is asked for, and the index of words follows', async () => {
    const { room, bob } = await roomWith()
    const said = `hi @${bob.handle}, @${bob.handle.toUpperCase()}! not @${bob.handle}x, a@${bob.handle} or @${bob.handle}@other`
    const message = await ann.posts(room, said)
    const found = async (q: string) =>
      (await ann.get<{ results: object[] }>(`/v1/search?q=${q}`)).body.results.length
    // Each post wakes the index, and the clock ends its rest.
    while ((await found(bob.handle)) === 0) {
      w.clock.advance(SECOND)
      await ann.posts(room, 'mark')
    }
    const since = await now(ann)
    await erases(bob, { redact_mentions: true })
    const { handle } = await accountOf(bob)
    const rest = `not @${bob.handle}x, a@${bob.handle} or @${bob.handle}@other`
    const shown = (await ann.get<Message>(`/v1/messages/${message.id}`)).body
    expect(shown).toMatchObject({ body: `hi @${handle}, @${handle}! ${rest}`, edited_at: null })
    expect((await eventsFor(ann, since)).at(-1)).toMatchObject({ type: 'message.edited', actor: null })
    expect(await found(handle)).toBe(1)
  })

  test('everybody who shared a channel with it learns of it, and nobody else', async () => {
    const { room, bob } = await roomWith()
    const stranger = await w.agent(`stranger-${number}`)
    const late = await w.agent(`late-${number}`)
    const since = await now(ann)
    await erases(bob)
    const erasures = async (reader: Person) =>
      (await eventsFor(reader, since)).filter(({ type }) => type === 'account.erased')
    const event = { type: 'account.erased', channel: null, account_id: bob.id, actor: null }
    expect(await erasures(ann)).toEqual([
      { ...event, seq: expect.any(Number), cursor: expect.any(String), at: expect.any(String) },
    ])
    expect(await erasures(stranger)).toEqual([])
    await w.joins(late, room)
    expect(await erasures(late)).toMatchObject([event])
  })

  test('a direct channel with it stays readable, and its name no longer has the handle', async () => {
    const { bob } = await roomWith()
    const chief = await w.agent(`chief-${number}`, { scopes: ['admin:*', 'dm:*:*', 'channel:*:*'] })
    const { body: direct } = await chief.post<Room>('/v1/dms', { handle: bob.handle })
    await bob.posts(direct, 'psst')
    await erases(bob)
    const { handle } = await accountOf(bob)
    const shown = await chief.get<{ name: string }>(`/v1/channels/${direct.slug}`)
    expect(shown.body.name).toBe([chief.handle, handle].sort().join(', '))
    expect(await chief.hears(direct, { since: 'oldest' })).toEqual(['psst'])
    const post = { channel: direct.slug, body: 'anybody there?' }
    expect(codeOf(await chief.post('/v1/messages', post))).toBe('404 account_not_found')
  })
})

describe('an erasure of many messages', () => {
  test('a request that waits no longer is answered, and the rest goes on in the background', async () => {
    const { room, bob } = await roomWith()
    await Promise.all(Array.from({ length: 300 }, (_, i) => bob.posts(room, `message ${i}`)))
    const { body } = await impatiently(w, erases(bob, { mode: 'delete_messages' }))
    expect(body.done).toBe(false)
    expect(body.messages_deleted).toBeLessThan(300)
    expect(codeOf(await bob.get('/v1/auth/me'))).toBe('401 invalid_token')
    await untilJobsHave(
      w,
      'erased the rest',
      async () => (await ann.hears(room, { since: 'oldest' })).length === 0,
    )
    await untilJobsHave(w, 'ended it', async () => (await rows('erasures', 'true')) === 0)
  })

  test('a legal hold that begins meanwhile keeps the texts of its channel, and the erasure ends', async () => {
    const { room, bob } = await roomWith()
    await Promise.all(Array.from({ length: 300 }, (_, i) => bob.posts(room, `message ${i}`)))
    const told = await ann.posts(room, `@${bob.handle} is told`)
    const request = { mode: 'delete_messages', redact_mentions: true }
    const { body } = await impatiently(w, erases(bob, request))
    expect(body.done).toBe(false)
    await w.operator.patch(`/v1/admin/channels/${room.id}`, { settings: { legal_hold: true } })
    const left = (await ann.hears(room, { before: 'now', limit: 200 })).length
    await untilJobsHave(w, 'ended it', async () => (await rows('erasures', 'true')) === 0)
    expect(left).toBeGreaterThan(1)
    expect((await ann.hears(room, { before: 'now', limit: 200 })).length).toBe(left)
    expect((await ann.get<Message>(`/v1/messages/${told.id}`)).body.body).toBe(`@${bob.handle} is told`)
  })

  test('no message that is posted meanwhile outlives it', async () => {
    const { room, bob } = await roomWith()
    const statuses: number[] = []
    const post = async () => {
      for (let i = 0; !statuses.includes(401); i++) {
        const { status } = await bob.post('/v1/messages', { channel: room.slug, body: `message ${i}` })
        statuses.push(status)
      }
    }
    const posting = Array.from({ length: 8 }, post)
    await until('some posts', () => statuses.length > 50)
    const { body } = await erases(bob, { mode: 'delete_messages' })
    await Promise.all(posting)
    const acknowledged = statuses.filter((status) => status === 201).length
    expect(statuses.every((status) => status === 201 || status === 401)).toBe(true)
    expect(body).toMatchObject({ messages_deleted: acknowledged, done: true })
    expect(await ann.hears(room, { since: 'oldest' })).toEqual([])
  })
})

describe('the handle of an erased account', () => {
  test('it means nobody until an account is made with it, which inherits nothing', async () => {
    const { room, bob } = await roomWith()
    await ann.posts(room, `@${bob.handle} before`)
    await erases(bob)
    const post = { channel: room.slug, body: `@${bob.handle} after` }
    const after = await ann.post<Message & { unresolved_mentions: string[] }>('/v1/messages', post)
    expect(after.body).toMatchObject({ mentioned_handles: [], unresolved_mentions: [bob.handle] })
    expect(codeOf(await ann.get(`/v1/accounts/${bob.handle}`))).toBe('404 account_not_found')
    const next = await w.agent(bob.handle)
    expect(next.id).not.toBe(bob.id)
    expect(codeOf(await next.reads(room))).toBe('404 channel_not_found')
    expect((await ann.get<{ handle: string }>(`/v1/accounts/${bob.handle}`)).status).toBe(404)
    await w.joins(next, room)
    const named = await ann.post<Message>('/v1/messages', { ...post, body: `@${bob.handle} again` })
    expect(named.body.mentioned_handles).toEqual([bob.handle])
    const mine = await next.get<{ messages: Message[] }>(
      `/v1/messages?channel=${room.slug}&mentions_me=true&since=oldest`,
    )
    expect(mine.body.messages.map(({ body }) => body)).toEqual([`@${bob.handle} again`])
  })

  test('aliases, tokens and settings name the erased account, and not the next one with its handle', async () => {
    const { room, bob } = await roomWith()
    const aliases = `/v1/channels/${room.slug}/aliases`
    const chief = await w.agent(`chief-${number}`, {
      scopes: ['admin:*'],
      channels: { [room.slug]: 'admin' },
    })
    await chief.put(aliases, { aliases: { team: [bob.handle, 'ann'] } })
    const scopes = [`dm:${bob.handle}:read`, 'channel:*:read', 'channel:*:post']
    const fields = { account_handle: 'ann', scopes, actors: [bob.handle, 'others'] }
    const { body: issued } = await w.operator.post<{ id: string; token: string }>('/v1/admin/tokens', fields)
    const allowed = [{ account: 'ann', as: [bob.handle] }]
    for (const value of [allowed, [...allowed, { account: bob.handle, as: ['*'] }]])
      await w.operator.put('/v1/config/impersonation_allowlist', { value })
    await erases(bob)
    const { handle } = await accountOf(bob)
    await w.agent(bob.handle, { channels: { [room.slug]: 'member' } })
    expect((await ann.get<{ aliases: object }>(aliases)).body.aliases).toEqual({ team: [handle, 'ann'] })
    const stored = await w.sql('SELECT actors FROM tokens WHERE name IS NULL AND actors IS NOT NULL')
    expect(JSON.stringify(stored)).toContain(handle)
    const acting = w.caller({ authorization: `Bearer ${issued.token}`, 'x-synapse-actor': bob.handle })
    expect(codeOf(await acting.get('/v1/auth/me'))).toBe('403 actor_claim_denied')
    const { body: all } = await w.operator.get<{ settings: { key: string; value: object }[] }>('/v1/config')
    expect(all.settings.find(({ key }) => key === 'impersonation_allowlist')?.value).toEqual([
      { account: 'ann', as: [handle] },
      { account: handle, as: ['*'] },
    ])
    expect(await rows('setting_changes', 'value LIKE ?', `%${bob.handle}%`)).toBe(0)
    expect(await rows('tokens', 'CAST(scopes AS text) LIKE ?', `%${bob.handle}%`)).toBe(0)
    await w.operator.delete('/v1/config/impersonation_allowlist')
  })
})

describe('an erasure is refused', () => {
  test('another handle, an unknown account and a wrong mode erase nothing', async () => {
    const { bob } = await roomWith()
    expect(codeOf(await erases(bob, { confirm: 'ann' }))).toBe('400 confirm_mismatch')
    expect(codeOf(await erases(bob, { mode: 'all' }))).toBe('422 validation_error')
    expect(codeOf(await erases({ ...bob, id: crypto.randomUUID() } as Person))).toBe('404 account_not_found')
    expect(codeOf(await w.operator.post('/v1/admin/accounts/bob/erase', {}))).toContain('4')
    expect((await accountOf(bob)).handle).toBe(bob.handle)
  })

  test('an account with a message under a legal hold stays as it is', async () => {
    const { room, bob } = await roomWith()
    await bob.posts(room, 'evidence')
    const hold = (legal_hold: boolean) =>
      w.operator.patch(`/v1/admin/channels/${room.id}`, { settings: { legal_hold } })
    await hold(true)
    const before = await w.trace()
    expect(codeOf(await erases(bob, { mode: 'delete_messages' }))).toBe('409 legal_hold')
    expect(await w.trace()).toEqual(before)
    expect((await bob.get('/v1/auth/me')).status).toBe(200)
    await hold(false)
    expect((await erases(bob, { mode: 'delete_messages' })).body).toMatchObject({ messages_deleted: 1 })
  })

  test('the account system and the last system admin are not erased', async () => {
    await using own = await world()
    const erase = ({ id, handle }: { id: string; handle: string }) =>
      own.operator.post(`/v1/admin/accounts/${id}/erase`, { confirm: handle, mode: 'anonymize' })
    const { body: system } = await own.operator.post<Account>('/v1/admin/accounts', {
      kind: 'agent',
      handle: 'sys',
    })
    await own.sql("UPDATE accounts SET handle = 'system' WHERE handle = 'sys'")
    await own.restart()
    expect(codeOf(await erase({ ...system, handle: 'system' }))).toBe('409 system_account')
    const first = await own.human('first', { isAdmin: true })
    expect(codeOf(await erase(first))).toBe('409 last_system_admin')
    await own.human('second', { isAdmin: true })
    expect((await erase(first)).status).toBe(200)
  })

  test('an erased account cannot be changed, unarchived, added or given a token', async () => {
    const { room, bob } = await roomWith()
    await erases(bob)
    expect(codeOf(await erases(bob))).toBe('400 confirm_mismatch')
    const path = `/v1/admin/accounts/${bob.id}`
    const { handle } = await accountOf(bob)
    const refusals = [
      w.operator.patch(path, { display_name: 'Back' }),
      w.operator.post(`${path}/unarchive`),
      w.operator.post('/v1/admin/memberships', { account_handle: handle, channel_slug: room.slug }),
      w.operator.post('/v1/admin/tokens', { account_handle: handle, scopes: ['channel:*:read'] }),
    ]
    for (const refusal of refusals) expect(codeOf(await refusal)).toBe('409 account_erased')
  })

  test('an erasure is audited without a name', async () => {
    const { bob } = await roomWith()
    await erases(bob)
    const { body } = await w.operator.get<{ entries: Fields[] }>(
      '/v1/admin/audit?action=account.erase&limit=1',
    )
    expect(body.entries[0]).toMatchObject({
      target_id: bob.id,
      metadata: { mode: 'anonymize', redact_mentions: false },
    })
    expect(JSON.stringify(body)).not.toContain(bob.handle)
  })

  test('an admin who erases itself gets the answer, and is named nowhere', async () => {
    const chief = await w.agent('chief-self', { scopes: ['admin:*'] })
    const answer = await chief.post<Erased>(`/v1/admin/accounts/${chief.id}/erase`, {
      confirm: 'chief-self',
      mode: 'delete_messages',
    })
    expect(answer.body).toMatchObject({ tokens_revoked: 1, done: true })
    const other = await w.agent('chief-other', { scopes: ['admin:*'] })
    expect(JSON.stringify(await eventsFor(other, 'oldest'))).not.toContain('chief-self')
  })
})
