import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Answer, type Fields, type Person, type World, world } from '../support/world'
import { issuesOf, leavesNoTrace } from './refusals'

let w: World
let ann: Person

beforeAll(async () => {
  w = await world()
  await w.channel('general')
  ann = await w.agent('ann', { channels: { general: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const good = { channel: 'general', body: 'hi' }

/** The complete issues of a refusal. */
async function detail(answer: Promise<Answer>): Promise<unknown> {
  const { status, body, headers } = await answer
  expect(status).toBe(422)
  expect(Object.keys(body)).toEqual(['detail', 'code', 'request_id'])
  expect(body).toMatchObject({ code: 'validation_error', request_id: headers.get('x-request-id') })
  return body.detail
}

describe('issues of a body', () => {
  const tooLong = 'x'.repeat(65)
  const rows: [string, Fields, Fields][] = [
    ['missing', { body: 'hi' }, { loc: ['body', 'channel'], msg: 'Field required', input: null }],
    [
      'string_type',
      { ...good, channel: 5 },
      { loc: ['body', 'channel'], msg: 'Input should be a valid string', input: 5 },
    ],
    [
      'string_too_short',
      { ...good, channel: '' },
      {
        loc: ['body', 'channel'],
        msg: 'String should have at least 1 character',
        input: '',
        ctx: { min_length: 1 },
      },
    ],
    [
      'string_too_long',
      { ...good, channel: tooLong },
      {
        loc: ['body', 'channel'],
        msg: 'String should have at most 64 characters',
        input: tooLong,
        ctx: { max_length: 64 },
      },
    ],
    [
      'literal_error',
      { ...good, priority: 'asap' },
      {
        loc: ['body', 'priority'],
        msg: "Input should be 'urgent', 'normal' or 'fyi'",
        input: 'asap',
        ctx: { expected: "'urgent', 'normal' or 'fyi'" },
      },
    ],
    [
      'dict_type',
      { ...good, metadata: ['a'] },
      { loc: ['body', 'metadata'], msg: 'Input should be a valid dictionary', input: ['a'] },
    ],
  ]
  test.each(rows)('the issue %s has the wording of pydantic', async (type, sent, issue) => {
    expect(await detail(ann.post('/v1/messages', sent))).toEqual([{ type, ...issue }])
  })

  test('a body that is not an object gives the issue model_attributes_type', async () => {
    for (const sent of [[], 'text', 5, true, null])
      expect(await detail(ann.post('/v1/messages', sent))).toEqual([
        {
          type: 'model_attributes_type',
          loc: ['body'],
          msg: 'Input should be a valid dictionary or object to extract fields from',
          input: null,
        },
      ])
  })

  test('an absent body gives the issue missing', async () => {
    const missing = [{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }]
    expect(await detail(ann.post('/v1/messages'))).toEqual(missing)
    expect(await detail(ann.fetch('/v1/messages', { method: 'POST', body: '' }))).toEqual(missing)
  })
})

describe('issues of a query', () => {
  const int = 'Input should be a valid integer, unable to parse string as an integer'
  const rows: [string, string, Fields][] = [
    ['missing', '', { loc: ['query', 'channel'], msg: 'Field required', input: null }],
    [
      'string_too_short',
      'channel=',
      {
        loc: ['query', 'channel'],
        msg: 'String should have at least 1 character',
        input: '',
        ctx: { min_length: 1 },
      },
    ],
    ['int_parsing', 'channel=general&limit=ten', { loc: ['query', 'limit'], msg: int, input: 'ten' }],
    ['int_parsing', 'channel=general&limit=', { loc: ['query', 'limit'], msg: int, input: '' }],
    ['int_parsing', 'channel=general&limit=1.5', { loc: ['query', 'limit'], msg: int, input: '1.5' }],
    ['int_parsing', 'channel=general&limit=1e1', { loc: ['query', 'limit'], msg: int, input: '1e1' }],
    [
      'greater_than_equal',
      'channel=general&limit=0',
      {
        loc: ['query', 'limit'],
        msg: 'Input should be greater than or equal to 1',
        input: 0,
        ctx: { ge: 1 },
      },
    ],
    [
      'less_than_equal',
      'channel=general&limit=201',
      {
        loc: ['query', 'limit'],
        msg: 'Input should be less than or equal to 200',
        input: 201,
        ctx: { le: 200 },
      },
    ],
    [
      'less_than_equal',
      'channel=general&wait=61',
      { loc: ['query', 'wait'], msg: 'Input should be less than or equal to 60', input: 61, ctx: { le: 60 } },
    ],
    [
      'bool_parsing',
      'channel=general&mentions_me=maybe',
      {
        loc: ['query', 'mentions_me'],
        msg: 'Input should be a valid boolean, unable to interpret input',
        input: 'maybe',
      },
    ],
    [
      'literal_error',
      'channel=general&order=up',
      {
        loc: ['query', 'order'],
        msg: "Input should be 'asc' or 'desc'",
        input: 'up',
        ctx: { expected: "'asc' or 'desc'" },
      },
    ],
  ]
  test.each(rows)('the issue %s has the wording of pydantic (%s)', async (type, query, issue) => {
    expect(await detail(ann.get(`/v1/messages?${query}`))).toEqual([{ type, ...issue }])
  })

  test.each(['true', 'True', '1', 'yes', 'ON', 'false', '0', 'No', 'off'])(
    '%s is accepted as a boolean',
    async (word) => {
      expect((await ann.reads('general', { mentions_me: word })).status).toBe(200)
    },
  )

  test.each(['1', '200', '+7', ' 7 ', '007'])('%p is accepted as an integer', async (word) => {
    expect((await ann.reads('general', { limit: word })).status).toBe(200)
  })

  test('the last of several equal parameters counts', async () => {
    expect((await ann.get('/v1/messages?channel=nowhere&channel=general')).status).toBe(200)
  })
})

test('all issues are reported at once, in the order of the fields', async () => {
  const sent = { body: '', thread_id: 5, metadata: 'x', client_msg_id: '', priority: 1, extra: 'ignored' }
  expect(issuesOf(await ann.post('/v1/messages', sent))).toEqual([
    'missing body.channel',
    'string_too_short body.body',
    'string_type body.thread_id',
    'string_type body.priority',
    'dict_type body.metadata',
    'string_too_short body.client_msg_id',
  ])
  expect(issuesOf(await ann.get('/v1/messages?limit=x&order=up&wait=-1'))).toEqual([
    'missing query.channel',
    'int_parsing query.limit',
    'literal_error query.order',
    'greater_than_equal query.wait',
  ])
})

test('a hundred issues are reported at most, so that an answer stays about as small as its request', async () => {
  const capabilities = Array.from({ length: 100_000 }, () => 1)
  const answer = await ann.patch('/v1/me', { capabilities })
  expect(issuesOf(answer)).toEqual([
    'too_long body.capabilities',
    ...Array.from({ length: 99 }, (_, i) => `string_type body.capabilities.${i}`),
  ])
  expect(answer.text.length).toBeLessThan(JSON.stringify({ capabilities }).length + 20_000)
})

describe('issues and secrets', () => {
  const canary = 'canary-5d1f'
  const rows: [string, string, unknown][] = [
    ['a message that is too long', '/v1/messages', { channel: 'general', body: canary.repeat(2000) }],
    ['a message that is not a string', '/v1/messages', { channel: 'general', body: [canary] }],
    ['a message in a list', '/v1/messages', [{ channel: 'general', body: canary }]],
    ['a message that is the whole body', '/v1/messages', canary],
    ['a password that is not a string', '/v1/auth/login', { handle: 'ann', password: [canary] }],
    ['a password with a lone surrogate', '/v1/auth/login', { handle: 'ann', password: `${canary}\ud800` }],
    ['a password in a list', '/v1/auth/login', [{ handle: 'ann', password: canary }]],
    ['a password beside something wrong', '/v1/auth/login', { handle: 5, password: canary }],
  ]
  test.each(rows)('an issue does not repeat the content of %s', async (_, path, sent) => {
    const { status, text } = await ann.post(path, sent)
    expect(status).toBe(422)
    expect(text).not.toContain('canary')
  })

  test('an issue does not repeat the password of a new account', async () => {
    const root = await w.agent('root', { scopes: ['admin:*'] })
    for (const sent of [
      { kind: 'human', handle: 'x', password: [canary] },
      [{ kind: 'human', handle: 'x', password: canary }],
    ])
      expect((await root.post('/v1/admin/accounts', sent)).text).not.toContain('canary')
  })
})

describe('lengths are counted in code points', () => {
  test.each([
    ['letters', 'a'],
    ['emoji', '😀'],
  ])('a message may have 16,000 %s and not 16,001', async (_, letter) => {
    const longest = letter.repeat(16_000)
    expect((await ann.posts('general', longest)).body).toBe(longest)
    await leavesNoTrace(w, async () => {
      expect(await detail(ann.post('/v1/messages', { ...good, body: `${longest}${letter}` }))).toEqual([
        {
          type: 'string_too_long',
          loc: ['body', 'body'],
          msg: 'String should have at most 16000 characters',
          input: null,
          ctx: { max_length: 16_000 },
        },
      ])
    })
  })

  test('client_msg_id may have 128 emoji, like 128 other characters', async () => {
    expect((await ann.post('/v1/messages', { ...good, client_msg_id: '😀'.repeat(128) })).status).toBe(201)
    expect(issuesOf(await ann.post('/v1/messages', { ...good, client_msg_id: '😀'.repeat(129) }))).toEqual([
      'string_too_long body.client_msg_id',
    ])
  })
})

describe('null values', () => {
  test.each(['thread_id', 'reply_to', 'priority', 'metadata', 'client_msg_id'])(
    'null counts as absent for %s',
    async (name) => {
      expect((await ann.post('/v1/messages', { ...good, [name]: null })).status).toBe(201)
    },
  )

  test.each(['channel', 'body'])('null is refused for %s, which is required', async (name) => {
    expect(issuesOf(await ann.post('/v1/messages', { ...good, [name]: null }))).toEqual([
      `string_type body.${name}`,
    ])
  })
})

test('unknown keys are ignored in a body and in a query', async () => {
  const sent = { ...good, sender_handle: 'somebody', seq: 1, id: 'x', created_at: 'x', constructor: 1 }
  expect((await ann.post('/v1/messages', sent)).body).toMatchObject({ sender_handle: 'ann' })
  expect((await ann.get('/v1/messages?channel=general&token=x&nonsense=1')).status).toBe(200)
})
