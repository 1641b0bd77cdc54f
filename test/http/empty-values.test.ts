// Scripts send empty values when a variable is empty. The earlier server took them as absent.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Fields, type Message, type Person, type World, world } from '../support/world'
import { issuesOf } from './refusals'

let w: World
let ann: Person
beforeAll(async () => {
  w = await world()
  await w.channel('general')
  await w.channel('other')
  ann = await w.agent('ann', { channels: { general: 'member', other: 'member' } })
  for (const body of ['one', 'two']) await ann.posts('general', body)
})
afterAll(() => w[Symbol.asyncDispose]())

describe('empty ids in a post', () => {
  test.each([{ reply_to: '' }, { thread_id: '' }, { reply_to: '', thread_id: '' }])(
    'a post with the empty ids %j is posted as if they were absent',
    async (fields) => {
      const plain = { channel: 'other', body: 'hi', body_format: 'plaintext' }
      const { status, body } = await ann.post<Message>('/v1/messages', { ...plain, ...fields })
      expect(status).toBe(201)
      expect(body).toMatchObject({ reply_to: null, thread_id: null, body: 'hi' })
    },
  )

  test('an empty id beside a valid id is ignored', async () => {
    const root = await ann.posts('other', 'root')
    const reply = await ann.posts('other', 'reply', { reply_to: root.id, thread_id: '' })
    expect(reply).toMatchObject({ reply_to: root.id, thread_id: root.id })
    expect(await ann.posts('other', 'again', { reply_to: '', thread_id: root.id })).toMatchObject({
      reply_to: null,
      thread_id: root.id,
    })
  })

  test('an id of spaces is refused', async () => {
    for (const name of ['reply_to', 'thread_id'])
      expect(await ann.post('/v1/messages', { channel: 'other', body: 'hi', [name]: ' ' })).toMatchObject({
        status: 400,
        body: { code: `invalid_${name}` },
      })
  })
})

describe('empty query parameters', () => {
  const questions: readonly (readonly [path: string, parameters: readonly string[]])[] = [
    ['/v1/messages?channel=general', ['since', 'before', 'thread', 'from']],
    ['/v1/events?since=oldest', ['channel', 'type', 'thread']],
    ['/v1/events?since=oldest&channel=general', ['type', 'thread']],
  ]
  const rows = questions.flatMap(([path, names]) => names.map((name) => [path, name] as const))
  test.each(rows)('%s ignores an empty %s', async (path, name) => {
    const [plain, empty] = [await ann.get(path), await ann.get(`${path}&${name}=`)]
    expect(empty.status).toBe(200)
    expect(empty.text).toBe(plain.text)
    expect((plain.body.messages ?? plain.body.events) as unknown[]).not.toEqual([])
  })

  const lists: readonly (readonly [path: string, parameters: readonly string[]])[] = [
    ['/v1/admin/memberships', ['account', 'channel']],
    ['/v1/admin/accounts', ['cursor']],
    ['/v1/admin/audit', ['since', 'cursor']],
    ['/v1/config-history', ['cursor']],
  ]
  test.each(lists.flatMap(([path, names]) => names.map((name) => [path, name] as const)))(
    '%s ignores an empty %s',
    async (path, name) => {
      const [plain, empty] = [await w.operator.get<Fields>(path), await w.operator.get(`${path}?${name}=`)]
      expect({ status: empty.status, text: empty.text }).toEqual({ status: 200, text: plain.text })
    },
  )

  test('several empty parameters are ignored together', async () => {
    const all = 'since=&before=&thread=&from=&order=asc'
    expect(await ann.hears('general', Object.fromEntries(new URLSearchParams(all)))).toEqual(['one', 'two'])
  })

  test('an empty value is refused for a parameter with a fixed format', async () => {
    expect(issuesOf(await w.operator.get('/v1/admin/audit/verify?known='))).toEqual([
      'string_pattern_mismatch query.known',
    ])
    expect(issuesOf(await ann.get('/v1/messages?channel=general&order='))).toEqual([
      'literal_error query.order',
    ])
  })

  test('an empty channel is refused, because a page or a socket needs one', async () => {
    expect(issuesOf(await ann.get('/v1/messages?channel='))).toEqual(['string_too_short query.channel'])
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
    const headers = { ...upgrade, 'sec-websocket-key': btoa('0123456789abcdef') }
    expect(issuesOf(await ann.get('/v1/ws?channel=', headers))).toEqual(['string_too_short query.channel'])
  })
})
