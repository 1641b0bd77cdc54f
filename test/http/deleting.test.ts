import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { EventPage } from '../support/sockets'
import {
  type Fields,
  type Message,
  type Person,
  type Room,
  SECOND,
  type World,
  world,
} from '../support/world'
import { codeOf, leavesNoTrace } from './refusals'

let w: World
let general: Room
let ann: Person
let bob: Person
let chief: Person

beforeAll(async () => {
  w = await world()
  general = await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
  bob = await w.agent('bob', { channels: { general: 'member' } })
  const scopes = ['channel:*:read', 'channel:*:admin']
  chief = await w.agent('chief', { scopes, channels: { general: 'admin' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const pathOf = ({ id }: { id: string }) => `/v1/messages/${id}`
const deletes = (who: Person, message: { id: string }) => who.delete(pathOf(message))
const tombstone = async (who: Person, message: Message) =>
  (await who.get<Message>(`${pathOf(message)}?include_deleted=true`)).body
const threadOf = async ({ id }: Message) => {
  const { reply_count, last_reply_at } = (await bob.get<Message>(`${pathOf({ id })}?include_deleted=true`))
    .body
  return { reply_count, last_reply_at }
}

describe('a deleted message', () => {
  test('a deleted message leaves a tombstone without text, mentions, metadata and reactions', async () => {
    const posted = await ann.posts(general, '@bob a secret', {
      metadata: { a: 'secret' },
      client_msg_id: 'id',
    })
    await bob.put(`${pathOf(posted)}/reactions/ok`)
    expect((await deletes(ann, posted)).status).toBe(204)
    expect(await tombstone(ann, posted)).toEqual({
      ...omit(posted, 'client_msg_id', 'unresolved_mentions', 'unreachable', 'deliveries'),
      body: '',
      mentioned_handles: [],
      metadata: {},
      reactions: [],
      deleted: true,
    } as unknown as Message)
    expect(codeOf(await ann.get(pathOf(posted)))).toBe('404 message_not_found')
    expect(await bob.hears(general, { since: 'oldest', limit: 200 })).not.toContain('@bob a secret')
  })

  test('no table holds the text or a reaction of a deleted message', async () => {
    const word = `word${crypto.randomUUID()}`
    const posted = await ann.posts(general, word, { metadata: { word }, client_msg_id: `id-${word}` })
    await ann.patch(pathOf(posted), { body: `${word} edited` })
    await bob.post(`${pathOf(posted)}/reactions`, { emoji: 'ok' }, { 'idempotency-key': 'a reaction' })
    await deletes(ann, posted)
    for (const table of ['messages', 'events', 'reactions', 'audit', 'outbox'])
      expect(JSON.stringify(await w.sql(`SELECT * FROM ${table}`))).not.toContain(word)
    expect(await w.sql('SELECT * FROM reactions WHERE message_seq = ?', posted.seq)).toEqual([])
  })

  test('an event says who deleted it, and its posting is replayed as a tombstone', async () => {
    const root = await ann.posts(general, 'root')
    const reply = await bob.posts(general, 'reply', { reply_to: root.id })
    const seen = await ann.get<EventPage>(`/v1/events?since=${root.cursor}&channel=general`)
    expect(seen.body.events).toMatchObject([{ message: { body: 'reply' } }])
    await deletes(bob, reply)
    await deletes(chief, root)
    const { body } = await ann.get<EventPage>(`/v1/events?since=${root.cursor}&channel=general`)
    expect<unknown>(body.events).toMatchObject([
      { type: 'message.created', message: { id: reply.id, body: '', deleted: true } },
      {
        type: 'message.deleted',
        message_id: reply.id,
        thread_id: root.id,
        by: 'author',
        actor: { handle: 'bob' },
      },
      {
        type: 'message.deleted',
        message_id: root.id,
        thread_id: null,
        by: 'admin',
        actor: { handle: 'chief' },
      },
    ])
  })

  test('deleting a deleted message again answers 204 and writes nothing', async () => {
    const posted = await ann.posts(general, 'twice')
    await deletes(ann, posted)
    await leavesNoTrace(w, async () => {
      expect((await deletes(ann, posted)).status).toBe(204)
      expect((await deletes(chief, posted)).status).toBe(204)
    })
  })

  test('a deleted message takes no reply and no reaction, and its thread goes on', async () => {
    const root = await ann.posts(general, 'root')
    const reply = await bob.posts(general, 'reply', { reply_to: root.id })
    await deletes(ann, root)
    const to = (target: Fields) => bob.post('/v1/messages', { channel: 'general', body: 'x', ...target })
    expect(codeOf(await to({ reply_to: root.id }))).toBe('404 reply_target_not_found')
    expect((await to({ reply_to: reply.id })).body).toMatchObject({ thread_id: root.id })
    expect((await to({ thread_id: root.id })).body).toMatchObject({ thread_id: root.id })
    expect(codeOf(await bob.put(`${pathOf(root)}/reactions/ok`))).toBe('404 message_not_found')
    expect((await threadOf(root)).reply_count).toBe(3)
  })
})

test('the root of a thread counts its replies without deleted ones, and knows the last one that is left', async () => {
  const root = await ann.posts(general, 'root')
  const replies: Message[] = []
  for (const body of ['one', 'two', 'three']) {
    w.clock.advance(SECOND)
    replies.push(await bob.posts(general, body, { reply_to: root.id }))
  }
  const [one, two, three] = replies as [Message, Message, Message]
  await deletes(bob, two)
  expect(await threadOf(root)).toEqual({ reply_count: 2, last_reply_at: three.created_at })
  await deletes(bob, three)
  expect(await threadOf(root)).toEqual({ reply_count: 1, last_reply_at: one.created_at })
  await deletes(bob, one)
  expect(await threadOf(root)).toEqual({ reply_count: 0, last_reply_at: null })
  const four = await bob.posts(general, 'four', { thread_id: root.id })
  expect(await threadOf(root)).toEqual({ reply_count: 1, last_reply_at: four.created_at })
})

describe('a retry key after a deletion', () => {
  test('a repeated post is 404 when its message is deleted, and the key stays used', async () => {
    const post = { channel: 'general', body: 'once', client_msg_id: 'the-post' }
    const { id } = (await ann.post<Message>('/v1/messages', post)).body
    await deletes(ann, { id })
    expect(codeOf(await ann.post('/v1/messages', post))).toBe('404 message_not_found')
    expect(codeOf(await ann.post('/v1/messages', { ...post, body: 'x' }))).toBe('409 idempotency_conflict')
  })

  test('a stored answer that shows a deleted message is gone, and the repeated request is 404', async () => {
    const posted = await ann.posts(general, 'popular')
    const react = (emoji: string) =>
      bob.post(`${pathOf(posted)}/reactions`, { emoji }, { 'idempotency-key': 'the-reaction' })
    expect((await react('ok')).status).toBe(201)
    expect((await react('ok')).headers.get('idempotent-replayed')).toBe('true')
    const answers = async () =>
      (await w.sql('SELECT answer FROM idempotency WHERE subject = ? AND answer IS NOT NULL', posted.seq))
        .length
    expect(await answers()).toBe(1)
    await deletes(ann, posted)
    expect(await answers()).toBe(0)
    expect(codeOf(await react('ok'))).toBe('404 message_not_found')
    expect(codeOf(await react('no'))).toBe('409 idempotency_conflict')
  })
})

describe('who may delete a message', () => {
  test('its author and admins of the channel may, and others may not', async () => {
    const posted = await ann.posts(general, 'mine')
    const boss = await w.human('boss', { isAdmin: true, channels: { general: 'read_only' } })
    const outside = await w.human('outside', { isAdmin: true })
    const weak = await w.agent('weak', { channels: { general: 'admin' } })
    await leavesNoTrace(w, async () => {
      expect(codeOf(await deletes(bob, posted))).toBe('403 not_author')
      // A system admin first becomes a member.
      expect(codeOf(await deletes(outside, posted))).toBe('404 message_not_found')
      const refused = await deletes(weak, posted)
      expect(codeOf(refused)).toBe('403 missing_scope')
      expect(refused.body).toMatchObject({ gate: 'scope', required_scope: 'channel:general:admin' })
    })
    expect((await deletes(boss, posted)).status).toBe(204)
    expect((await deletes(chief, await ann.posts(general, 'another'))).status).toBe(204)
    expect((await deletes(ann, await ann.posts(general, 'my own'))).status).toBe(204)
  })

  test('the audit log has the deletions of admins, and not those of authors', async () => {
    const [own, other] = [await ann.posts(general, 'own'), await ann.posts(general, 'other')]
    await deletes(ann, own)
    await deletes(chief, other)
    const { body } = await w.operator.get<{ entries: Fields[] }>('/v1/admin/audit?action=message.delete')
    const targets = body.entries.map(({ target_id }) => target_id)
    expect([targets.includes(own.id), targets.includes(other.id)]).toEqual([false, true])
    expect(body.entries[0]).toMatchObject({
      target_type: 'message',
      metadata: { channel: 'general', channel_id: general.id },
    })
  })
})

test('under a legal hold nothing is deleted and no body edited, and the rest goes on', async () => {
  const held = await w.channel('held')
  for (const who of [ann, bob]) await w.joins(who, held)
  const message = await ann.posts(held, 'evidence')
  const hold = (isOn: boolean) =>
    w.operator.patch(`/v1/admin/channels/${held.id}`, { settings: { legal_hold: isOn } })
  expect((await hold(true)).status).toBe(200)
  const boss = await w.human('holder', { isAdmin: true, channels: { held: 'admin' } })
  await leavesNoTrace(w, async () => {
    for (const who of [ann, boss]) expect(codeOf(await deletes(who, message))).toBe('409 legal_hold')
    for (const change of [{ body: 'nothing' }, { body_format: 'plaintext' }])
      expect(codeOf(await ann.patch(pathOf(message), change))).toBe('409 legal_hold')
  })
  expect((await ann.patch(pathOf(message), { metadata: { a: 1 } })).status).toBe(200)
  expect((await bob.put(`${pathOf(message)}/reactions/ok`)).status).toBe(200)
  await bob.posts(held, 'more', { reply_to: message.id })
  expect((await hold(false)).status).toBe(200)
  expect((await deletes(ann, message)).status).toBe(204)
})

function omit(message: object, ...names: string[]): object {
  return Object.fromEntries(Object.entries(message).filter(([name]) => !names.includes(name)))
}
