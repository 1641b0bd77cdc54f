// Texts for other readers are valid Unicode and visible: checked for all endpoints by their schemas, and over HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Kind, type TSchema, Type } from '@sinclair/typebox'
import { describedEndpoints } from '../../scripts/offline-endpoints'
import { ValidationError } from '../../src/http/errors'
import { validator } from '../../src/http/validation'
import { type Fields, type World, world } from '../support/world'
import { issuesOf, leavesNoTrace } from './refusals'

interface Leaf {
  /** The name of a field: `POST /v1/messages metadata`. */
  readonly place: string
  readonly schema: TSchema
}

/** The innermost schemas within a schema. */
function leavesOf(place: string, schema: TSchema): Leaf[] {
  if (schema.anyOf) return schema.anyOf.flatMap((one: TSchema) => leavesOf(place, one))
  if (schema.items) return leavesOf(`${place}[]`, schema.items)
  const properties = Object.entries<TSchema>(schema.properties ?? {})
  if (properties.length > 0) return properties.flatMap(([name, one]) => leavesOf(`${place} ${name}`, one))
  return [{ place, schema }]
}

const leaves = describedEndpoints().flatMap(({ method, path, body }) =>
  body ? leavesOf(`${method} ${path}`, body) : [],
)

/** The issue of a body with this value in one place, or undefined. */
function refusal(schema: TSchema, value: unknown): string | undefined {
  try {
    validator(Type.Object({ place: schema }), 'body')({ place: value })
    return undefined
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    return error.issues.map(({ type }) => type).join(' ')
  }
}

describe('every text in every body of every endpoint', () => {
  test('every text has a kind that is checked', () => {
    const unchecked = leaves.filter(({ schema }) => {
      const kind = schema[Kind]
      if (kind === 'Text' || kind === 'Words' || kind === 'FreeObject' || kind === 'Anything') return false
      // Bytes are no text.
      return !['Integer', 'Number', 'Boolean', 'Null', 'Literal', 'Streamed'].includes(kind)
    })
    expect(unchecked.map(({ place }) => place)).toEqual([])
    expect(leaves.length).toBeGreaterThan(60)
  })

  test.each(leaves.filter(({ schema }) => schema[Kind] === 'Text'))(
    '$place must be valid Unicode',
    ({ schema }) => {
      expect(refusal(schema, `x\ud800${'x'.repeat(10)}`)).toContain('string_unicode')
    },
  )

  test.each(leaves.filter(({ schema }) => schema[Kind] === 'FreeObject' || schema[Kind] === 'Anything'))(
    '$place must be valid Unicode at any depth',
    ({ schema }) => {
      for (const value of [{ a: '\ud800' }, { a: [{ b: ['\udc00'] }] }, { a: { '\ud800': 1 } }])
        expect(refusal(schema, value)).toBe('string_unicode')
      expect(refusal(schema, { a: '😀', b: [1, null, true] })).toBeUndefined()
    },
  )

  const NAMES = /^(?:display_name|instance|name|token_name|device|email|capabilities\[\])$/
  const PROSE = /^(?:about|description|note|topic)$/
  const nameOf = ({ place }: Leaf) => place.split(' ').at(-1) ?? ''
  const texts = leaves.filter(({ schema }) => schema[Kind] === 'Text')
  const named = texts.filter((leaf) => NAMES.test(nameOf(leaf)))
  const described = texts.filter((leaf) => PROSE.test(nameOf(leaf)))

  // Values with an alphabet of their own (names, ids, secrets, instants, retry keys), emoji, which the core checks, and
  // bodies, which may be anything.
  const LOOKED_UP = [
    'acceptedOutputModes[]',
    'account',
    'account_handle',
    'action',
    'actors[]',
    'approvers[]',
    'attachments[]',
    'before',
    'body',
    'body_format',
    'boot_id',
    'channel',
    'channel_slug',
    'channels[]',
    'client_msg_id',
    'code',
    'confirm',
    'consumer',
    'contextId',
    'current',
    'cursor',
    'emoji',
    'expires_at',
    'handle',
    'key',
    'label',
    'mediaType',
    'messageId',
    'message_id',
    'message_ids[]',
    'new',
    'option',
    'passphrase',
    'password',
    'question',
    'reply_to',
    'resource',
    'room',
    'scopes[]',
    'secret',
    'slug',
    'taskId',
    'text',
    'thread',
    'thread_id',
    'types[]',
  ]
  test.each(named)('$place must be visible and in one line', ({ schema }) => {
    for (const text of ['\u200b@\u202e', 'x@\u001b[2J', 'x@\ny', '\u200b\u2060', '   '])
      expect(refusal(schema, text)).toContain('value_error')
  })

  test('every character of an e-mail address must be visible', () => {
    const addresses = named.filter((leaf) => nameOf(leaf) === 'email')
    expect(addresses.length).toBeGreaterThan(1)
    for (const { schema } of addresses) {
      for (const hidden of ['\u200b', '\u00ad', '\u200d', '\ufe0f', '\u2800', '\u3164', '\u200e'])
        expect([hidden, refusal(schema, `an${hidden}n@example.org`)]).toEqual([hidden, 'value_error'])
      expect(refusal(schema, 'jörg+news@bücher.example')).toBeUndefined()
    }
  })

  test.each(described)('$place must be visible and may have several lines', ({ schema }) => {
    for (const text of ['\u202ex', 'x\u001b[2J', 'x\ry', '\u200b\u2060'])
      expect(refusal(schema, text)).toBe('value_error')
    expect(refusal(schema, 'one\n\ttwo\r\nthree')).toBeUndefined()
    expect(refusal(schema, '')).toBeUndefined()
  })

  test('every text that others will read has a form that is checked', () => {
    const rest = texts.filter(({ schema }) => schema.form === undefined)
    expect([...new Set(rest.map(nameOf))].toSorted()).toEqual(LOOKED_UP)
    expect(named.length).toBeGreaterThanOrEqual(10)
  })
})

describe('over HTTP', () => {
  let w: World
  beforeAll(async () => {
    w = await world()
    await w.channel('general')
  })
  afterAll(() => w[Symbol.asyncDispose]())

  const invisible = ['\u200b\u200d', 'a\nb', '\u001b]0;x\u0007', 'a\u202eb']

  test('an invisible display name is refused in every endpoint that sets one', async () => {
    const bob = await w.agent('bob', { channels: { general: 'member' } })
    await leavesNoTrace(w, async () => {
      for (const display_name of invisible) {
        expect(issuesOf(await bob.patch('/v1/me', { display_name }))).toEqual([
          'value_error body.display_name',
        ])
        const path = `/v1/admin/accounts/${bob.id}`
        expect(issuesOf(await w.operator.patch(path, { display_name }))).toEqual([
          'value_error body.display_name',
        ])
      }
    })
    const display_name = '👩\u200d🚀 می\u200cخواهم 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}'
    expect((await bob.patch('/v1/me', { display_name, about: 'one\ntwo' })).body).toMatchObject({
      display_name,
      about: 'one\ntwo',
    })
  })

  test('the name of the instance must be visible as well', async () => {
    for (const value of invisible.slice(0, 1).concat(invisible.slice(2)))
      expect((await w.operator.put('/v1/config/instance.name', { value })).body).toMatchObject({
        code: 'setting_invalid',
      })
  })

  test('a setting with a lone surrogate in a key is refused', async () => {
    const answer = await w.operator.fetch('/v1/config/named_aliases', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"value":{"general":{"\\ud800":["bob"]}}}',
    })
    expect(issuesOf(answer)).toEqual(['string_unicode body.value.general'])
  })

  test('names stored before this rule are shown unchanged', async () => {
    const old = await w.agent('old', { channels: { general: 'member' } })
    const name = '\u200b\u001b[2J\u202e'
    await w.sql('UPDATE accounts SET display_name = ? WHERE handle = ?', name, 'old')
    await w.restart()
    const { body } = await old.get<Fields>('/v1/auth/me')
    expect(body.display_name).toBe(name)
  })
})
