// Push rules: what users make, change and remove, and how their devices learn of it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { World } from '../support/world'
import { homeserver, type MatrixClient, refused, signIn, V3 } from './homeserver'

const RULES = `${V3}/pushrules`
const rulePath = (kind: string, id: string) => `${RULES}/global/${kind}/${encodeURIComponent(id)}`

interface Rule {
  readonly rule_id: string
  readonly default: boolean
  readonly enabled: boolean
  readonly actions: readonly unknown[]
  readonly conditions?: readonly unknown[]
  readonly pattern?: string
}

type Rules = Readonly<Record<string, readonly Rule[]>>

let w: World
let people = 0
beforeAll(async () => {
  w = await homeserver()
})
afterAll(() => w[Symbol.asyncDispose]())

const newPerson = async () => signIn(w, await w.human(`reader${people++}`))
const rulesOf = async (client: MatrixClient) => (await client.get<Rules>(`${RULES}/global/`)).body
const ids = (rules: readonly Rule[] | undefined) => rules?.map(({ rule_id }) => rule_id)
const word = { pattern: 'cake', actions: ['notify'] }

describe('a new rule', () => {
  test('comes first in its kind, below the master rule, and is enabled', async () => {
    const ada = await newPerson()
    for (const id of ['a', 'b']) expect((await ada.put(rulePath('override', id), always)).status).toBe(200)
    const { override } = await rulesOf(ada)
    expect(ids(override)?.slice(0, 4)).toEqual(['.m.rule.master', 'b', 'a', '.m.rule.suppress_notices'])
    const { body } = await ada.get<Rule>(rulePath('override', 'a'))
    expect(body).toEqual({ rule_id: 'a', default: false, enabled: true, ...always } as never)
  })

  test('goes before or after another one', async () => {
    const ada = await newPerson()
    for (const [id, query] of [
      ['a', ''],
      ['b', '?after=a'],
      ['c', '?before=b'],
      ['d', '?before=a&after=b'],
    ])
      expect((await ada.put(`${rulePath('content', id ?? '')}${query}`, word)).status).toBe(200)
    expect(ids((await rulesOf(ada)).content)).toEqual(['d', 'a', 'c', 'b'])
    expect(refused(await ada.put(`${rulePath('content', 'e')}?before=x`, word))).toEqual([404, 'M_NOT_FOUND'])
    expect(refused(await ada.put(`${rulePath('override', 'e')}?after=.m.rule.reaction`, always))).toEqual([
      404,
      'M_NOT_FOUND',
    ])
  })

  test('with a known id replaces the rule at its place, which stays disabled', async () => {
    const ada = await newPerson()
    for (const id of ['a', 'b']) await ada.put(rulePath('content', id), word)
    await ada.put(`${rulePath('content', 'a')}/enabled`, { enabled: false })
    await ada.put(rulePath('content', 'a'), { pattern: 'pie', actions: [] })
    const { content } = await rulesOf(ada)
    expect(content?.map(({ rule_id, pattern, enabled }) => [rule_id, pattern, enabled])).toEqual([
      ['b', 'cake', true],
      ['a', 'pie', false],
    ])
  })

  test('of a room or sender has neither conditions nor a pattern', async () => {
    const ada = await newPerson()
    await ada.put(rulePath('room', '!a:example.org'), { actions: [], conditions: [], pattern: 'x' })
    await ada.put(rulePath('sender', '@b:example.org'), { actions: ['dont_notify'] })
    const { room, sender } = await rulesOf(ada)
    expect([room, sender]).toEqual([
      [{ rule_id: '!a:example.org', default: false, enabled: true, actions: [] }],
      [{ rule_id: '@b:example.org', default: false, enabled: true, actions: ['dont_notify'] }],
    ])
  })
})

const always = { conditions: [], actions: ['notify'] }

describe('refused is', () => {
  const bad: readonly [string, string, string, object, number, string][] = [
    ['an unknown scope', 'PUT', '/device/override/a', always, 400, 'M_INVALID_PARAM'],
    ['a path without a rule', 'PUT', '/global/override', always, 400, 'M_INVALID_PARAM'],
    ['a path with an empty rule', 'PUT', '/global/override/', always, 400, 'M_INVALID_PARAM'],
    ['a scope without a slash', 'GET', '/global', {}, 400, 'M_INVALID_PARAM'],
    ['a kind alone', 'GET', '/global/override/', {}, 400, 'M_INVALID_PARAM'],
    ['an unknown kind', 'PUT', '/global/wish/a', always, 400, 'M_INVALID_PARAM'],
    ['an unknown kind of a rule that is read', 'GET', '/global/wish/a', {}, 400, 'M_INVALID_PARAM'],
    ['an unknown attribute', 'GET', '/global/override/.m.rule.master/color', {}, 400, 'M_INVALID_PARAM'],
    ['an attribute that is set and unknown', 'PUT', '/global/override/a/color', {}, 400, 'M_INVALID_PARAM'],
    ['an id with a slash', 'PUT', '/global/override/a%2Fb', always, 400, 'M_INVALID_PARAM'],
    ['an id with a backslash', 'PUT', '/global/override/a%5Cb', always, 400, 'M_INVALID_PARAM'],
    ['an id with a dot before it', 'PUT', '/global/override/.a', always, 400, 'M_INVALID_PARAM'],
    ['a long id', 'PUT', `/global/override/${'x'.repeat(256)}`, always, 400, 'M_INVALID_PARAM'],
    ['a rule without conditions', 'PUT', '/global/override/a', { actions: [] }, 400, 'M_MISSING_PARAM'],
    ['one of another kind', 'PUT', '/global/underride/a', { actions: [] }, 400, 'M_MISSING_PARAM'],
    ['a rule without a pattern', 'PUT', '/global/content/a', { actions: [] }, 400, 'M_MISSING_PARAM'],
    ['a pattern that is no text', 'PUT', '/global/content/a', { ...word, pattern: 1 }, 400, 'M_BAD_JSON'],
    [
      'a long pattern',
      'PUT',
      '/global/content/a',
      { ...word, pattern: '*'.repeat(256) },
      400,
      'M_INVALID_PARAM',
    ],
    ['a rule without actions', 'PUT', '/global/room/a', {}, 400, 'M_MISSING_PARAM'],
    ['an unknown action', 'PUT', '/global/room/a', { actions: ['shout'] }, 400, 'M_INVALID_PARAM'],
    ['an action without a tweak', 'PUT', '/global/room/a', { actions: [{}] }, 400, 'M_INVALID_PARAM'],
    ['actions that are no list', 'PUT', '/global/room/a', { actions: 'notify' }, 400, 'M_BAD_JSON'],
    ['a condition without a kind', 'PUT', '/global/override/a', withCondition({}), 400, 'M_INVALID_PARAM'],
    [
      'a condition without its members',
      'PUT',
      '/global/override/a',
      withCondition({ kind: 'event_match', key: 'type' }),
      400,
      'M_INVALID_PARAM',
    ],
    [
      'a state that is no boolean',
      'PUT',
      '/global/override/.m.rule.master/enabled',
      { enabled: 'no' },
      400,
      'M_BAD_JSON',
    ],
    ['a state that is missing', 'PUT', '/global/override/.m.rule.master/enabled', {}, 400, 'M_MISSING_PARAM'],
    [
      'the removal of a rule of the server',
      'DELETE',
      '/global/override/.m.rule.master',
      {},
      400,
      'M_INVALID_PARAM',
    ],
    ['an unknown rule that is read', 'GET', '/global/override/a', {}, 404, 'M_NOT_FOUND'],
    ['one that is removed', 'DELETE', '/global/override/a', {}, 404, 'M_NOT_FOUND'],
    ['one that is enabled', 'PUT', '/global/override/a/enabled', { enabled: true }, 404, 'M_NOT_FOUND'],
    ['one whose actions are set', 'PUT', '/global/override/a/actions', { actions: [] }, 404, 'M_NOT_FOUND'],
    ['the list without its slash', 'GET', '', {}, 404, 'M_UNRECOGNIZED'],
    ['a change of the list without its slash', 'PUT', '', {}, 400, 'M_INVALID_PARAM'],
  ]

  let ada: MatrixClient
  beforeAll(async () => {
    ada = await newPerson()
  })

  test.each(bad)('%s', async (_, method, path, body, status, errcode) => {
    const answer = await ada.request(method, `${RULES}${path}`, method === 'GET' ? undefined : body)
    expect(refused({ status: answer.status, body: answer.body ?? {} })).toEqual([status, errcode])
  })

  test('account data of their type', async () => {
    const path = `${V3}/user/${encodeURIComponent(ada.userId)}/account_data/m.push_rules`
    expect(refused(await ada.put(path, {}))).toEqual([405, 'M_BAD_JSON'])
  })

  test('more than a thousand rules of one user', async () => {
    const eve = await newPerson()
    const rules = Array.from({ length: 1000 }, (_, i) => ({
      ...{ rule_id: `r${i}`, default: false, enabled: true, actions: [] },
    }))
    await eve.put(rulePath('room', 'first'), { actions: [] })
    await w.sql(
      'UPDATE matrix_account_data SET json = ? WHERE type = ? AND account_id = (SELECT account_id FROM matrix_users WHERE localpart = ?)',
      JSON.stringify({ own: { room: rules }, changed: {} }),
      'm.push_rules',
      eve.userId.slice(1).split(':')[0] ?? '',
    )
    expect(refused(await eve.put(rulePath('sender', 'one'), { actions: [] }))).toEqual([
      400,
      'M_INVALID_PARAM',
    ])
    expect((await eve.put(rulePath('room', 'r7'), { actions: ['notify'] })).status).toBe(200)
  })
})

const withCondition = (condition: object) => ({ actions: [], conditions: [condition] })

test('a rule of the server is disabled and does something else', async () => {
  const ada = await newPerson()
  const path = rulePath('underride', '.m.rule.message')
  await ada.put(`${path}/actions`, { actions: [] })
  await ada.put(`${path}/enabled`, { enabled: false })
  const { body } = await ada.get<Rule>(path)
  expect([body.default, body.enabled, body.actions]).toEqual([true, false, []])
  expect((await ada.get(`${path}/enabled`)).body).toEqual({ enabled: false } as never)
  expect((await ada.get(`${path}/actions`)).body).toEqual({ actions: [] } as never)
})

test('names of members of every object are rule ids like others', async () => {
  const ada = await newPerson()
  for (const id of ['__proto__', 'constructor', 'toString']) {
    expect((await ada.put(rulePath('content', id), word)).status).toBe(200)
    expect((await ada.put(`${rulePath('content', id)}/enabled`, { enabled: false })).status).toBe(200)
  }
  expect(ids((await rulesOf(ada)).content)).toEqual(['toString', 'constructor', '__proto__'])
})

test('every change reaches all devices as account data', async () => {
  const person = await w.human(`reader${people++}`)
  const [phone, desk] = [await signIn(w, person), await signIn(w, person)]
  interface Sync {
    next_batch: string
    account_data: { events: { type: string; content: { global: Rules } }[] }
  }
  const first = await desk.get<Sync>(`${V3}/sync`)
  const rulesIn = ({ body }: { body: Sync }) =>
    body.account_data.events
      .filter(({ type }) => type === 'm.push_rules')
      .map(({ content }) => content.global)
  expect(rulesIn(first)).toEqual([await rulesOf(desk)])
  const waiting = desk.get<Sync>(`${V3}/sync?timeout=30000&since=${first.body.next_batch}`)
  await phone.put(rulePath('content', 'a'), word)
  const woken = await waiting
  expect(rulesIn(woken)).toEqual([await rulesOf(desk)])
  expect(ids(rulesIn(woken)[0]?.content)).toEqual(['a'])
  await phone.delete(rulePath('content', 'a'))
  const then = await desk.get<Sync>(`${V3}/sync?since=${woken.body.next_batch}`)
  expect(rulesIn(then).map(({ content }) => content)).toEqual([[]])
  expect(rulesIn(await desk.get<Sync>(`${V3}/sync`))).toEqual(rulesIn(then))
  const path = `${V3}/user/${encodeURIComponent(desk.userId)}/account_data/m.push_rules`
  expect((await desk.get(path)).body as unknown).toEqual({ global: await rulesOf(desk) })
})
