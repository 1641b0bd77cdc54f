import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Answer, type Fields, MINUTE, type Person, type Room, type World, world } from '../support/world'
import { codeOf } from './refusals'

let w: World
let general: Room
let other: Room
let ann: Person
let bob: Person

beforeAll(async () => {
  w = await world()
  general = await w.channel('general')
  other = await w.channel('other')
  const scopes = ['channel:*:*', 'dm:*:*']
  ann = await w.agent('ann', { scopes, channels: { general: 'member', other: 'member' } })
  bob = await w.agent('bob', { scopes, channels: { general: 'member' } })
  const posted = await ann.posts(general, 'of ann')
  await ann.posts(other, 'elsewhere')
  const reply = await bob.posts(general, 'of bob', { reply_to: posted.id })
  await ann.put(`/v1/messages/${reply.id}/reactions/ok`)
  const gone = await ann.posts(general, 'deleted')
  await ann.delete(`/v1/messages/${gone.id}`)
  const dm = (await ann.post<Room>('/v1/dms', { handle: 'bob' })).body
  await ann.posts(dm.slug, 'to bob')
  await bob.posts(dm.slug, 'to ann')
})
afterAll(() => w[Symbol.asyncDispose]())

const linesOf = ({ text }: Answer): Fields[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const bodiesOf = (answer: Answer) =>
  linesOf(answer).flatMap(({ type, body }) => (type === 'message' ? String(body) : []))
const of = ({ id }: Person) => `/v1/admin/accounts/${id}/export`

test('an account exports its profile, memberships, messages and reactions, and both sides of direct channels', async () => {
  const answer = await ann.get('/v1/me/export')
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
  expect(bodiesOf(answer)).toEqual(['of ann', 'elsewhere', 'to bob', 'to ann'])
  const lines = linesOf(answer)
  expect(lines[0]).toMatchObject({ type: 'account', id: ann.id, handle: 'ann' })
  expect(lines.filter(({ type }) => type === 'membership').length).toBe(3)
  expect(lines.filter(({ type }) => type === 'reaction')).toMatchObject([{ channel: 'general', emoji: 'ok' }])
  expect(lines.some(({ type }) => type === 'token' || type === 'audit')).toBe(false)
})

test('a narrow token exports only what it reads', async () => {
  const { body } = await w.operator.post<{ token: string }>('/v1/admin/tokens', {
    account_handle: 'ann',
    scopes: ['channel:other:read'],
  })
  const answer = await w.bearer(body.token).get('/v1/me/export')
  expect(bodiesOf(answer)).toEqual(['elsewhere'])
  expect(linesOf(answer).filter(({ type }) => type === 'membership')).toMatchObject([{ channel: 'other' }])
})

test('an admin exports the side of another account, with tokens and audit entries, without a secret or a hash', async () => {
  const answer = await w.operator.get(of(ann))
  expect(bodiesOf(answer)).toEqual(['of ann', 'elsewhere', 'to bob'])
  expect(linesOf(answer).some(({ type }) => type === 'token')).toBe(true)
  expect(answer.text).not.toContain(ann.secret)
  expect(answer.text).not.toContain(Bun.SHA256.hash(ann.secret, 'hex'))
  const { body } = await w.operator.get<{ entries: Fields[] }>(
    '/v1/admin/audit?action=account.export&limit=1',
  )
  expect(body.entries).toMatchObject([{ target_id: ann.id }])
})

test('an account is exported once at a time, and again after the end, or when nobody read for a minute', async () => {
  expect((await bob.get('/v1/me/export')).status).toBe(200)
  await bob.fetch('/v1/me/export', { method: 'HEAD' })
  expect(codeOf(await bob.get('/v1/me/export'))).toBe('409 export_running')
  expect(codeOf(await w.operator.get(of(bob)))).toBe('409 export_running')
  expect((await ann.get('/v1/me/export')).status).toBe(200)
  w.clock.advance(MINUTE)
  expect((await bob.get('/v1/me/export')).status).toBe(200)
})

test('an unknown account is not exported', async () => {
  expect(codeOf(await w.operator.get('/v1/admin/accounts/nobody/export'))).toBe('400 invalid_id')
  const unknown = `/v1/admin/accounts/${crypto.randomUUID()}/export`
  expect(codeOf(await w.operator.get(unknown))).toBe('404 account_not_found')
})
