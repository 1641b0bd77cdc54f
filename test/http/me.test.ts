import { describe, expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { type Fields, HOUR, type Person, type World, world } from '../support/world'
import { expectRefusal, issuesOf } from './refusals'

describe('GET /v1/auth/me', () => {
  test('the answer describes the account and the token', async () => {
    await using w = await world()
    const ann = await w.agent('ann', {
      displayName: 'Ann',
      scopes: ['channel:a:read', 'config:read'],
      expiresAt: '2026-05-07T15:00:00+01:00',
    })
    await w.sql("UPDATE tokens SET name = 'laptop'")
    const { status, body, headers } = await ann.get('/v1/auth/me')
    expect(status).toBe(200)
    expect(body).toEqual({
      id: ann.id,
      account_id: ann.id,
      handle: 'ann',
      kind: 'agent',
      display_name: 'Ann',
      via: 'bearer',
      scopes: ['channel:a:read', 'config:read'],
      is_admin: false,
      token_id: ann.tokenId,
      token_name: 'laptop',
      expires_at: '2026-05-07T14:00:00.000000Z',
      warnings: [],
    })
    expect(headers.get('set-cookie')).toBeNull()
    w.clock.advance(2 * HOUR)
    expectRefusal(await ann.get('/v1/auth/me'), 401, { code: 'token_expired', detail: 'Token expired' })
  })

  test('the answer says whether the caller is a system admin', async () => {
    await using w = await world({ settings: { SYNAPSE_ADMIN_HANDLES: 'Listed, agent' } })
    const isAdmin = async (person: Person) => (await person.get('/v1/auth/me')).body.is_admin
    expect(await isAdmin(await w.human('flagged', { isAdmin: true }))).toBeTrue()
    expect(await isAdmin(await w.human('listed'))).toBeTrue()
    expect(await isAdmin(await w.human('plain'))).toBeFalse()
    // The token of an agent makes it an administrator, never its handle.
    expect(await isAdmin(await w.agent('agent'))).toBeFalse()
    expect(await isAdmin(await w.agent('root', { scopes: ['channel:a:read', 'admin:*'] }))).toBeTrue()
  })

  test('a changed name shows in the next answer', async () => {
    await using w = await world()
    const ann = await w.agent('ann')
    await ann.get('/v1/auth/me')
    await w.operator.patch(`/v1/admin/accounts/${ann.id}`, { display_name: 'Anna' })
    expect((await ann.get('/v1/auth/me')).body.display_name).toBe('Anna')
  })
})

describe('GET /v1/server', () => {
  test('the answer has version, epoch, head, features and limits', async () => {
    await using w = await world({ settings: { SYNAPSE_WAIT_MAX_S: '30' } })
    await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const { cursor } = await ann.posts('general', 'hi')
    const { status, body } = await ann.get<{ epoch: string; limits: Fields }>('/v1/server')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      version: '1.0.0',
      head_cursor: cursor,
      limits: { body_code_points: 16_000, wait_seconds: 30, request_bytes: 1_048_576 },
    })
    expect(body.epoch).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(body).toHaveProperty('features')
  })
})

describe('health', () => {
  test('the public health endpoints answer as in the earlier server', async () => {
    await using w = await world()
    for (const path of ['/v1/healthz', '/healthz', '/health'])
      expect((await w.guest.get(path)).body).toEqual({ status: 'ok', service: 'synapse', version: '1.0.0' })
    expect((await w.guest.get('/readyz')).body).toMatchObject({ status: 'ready' })
  })

  test('only administrators see the full health report', async () => {
    await using w = await world()
    const brief = (await (await w.agent('ann')).get('/v1/health')).body
    expect(Object.keys(brief)).toEqual(['version', 'boot_id', 'uptime_s', 'stopping'])
    const full = (await (await w.human('boss', { isAdmin: true })).get('/v1/health')).body
    expect(full).toMatchObject({ store: w.database.kind, last_seq: (await w.trace()).events })
    // There are no pairs of servers to report.
    expect(full.federation).toEqual({
      did: expect.stringMatching(/^did:key:z6Mk/),
      pairs_by_state: {},
      max_lag_s: 0,
      quarantine: 0,
    })
  })

  test('administrators see when the last backup was made and why the next one failed', async () => {
    await using w = await world()
    const told = async () => (await w.operator.get<{ backup: object }>('/v1/health')).body.backup
    const backUp = async () => (await w.operator.post('/v1/admin/backups', {})).status
    const none = {
      last_ok_at: null,
      last_error: null,
      last_verified_at: null,
      heartbeat: null,
      dated_ahead: [],
    }
    expect(await told()).toEqual(none)
    expect(await backUp()).toBe(201)
    const at = new Date(w.clock.now() / 1000).toISOString()
    // On Postgres there is no copy to verify.
    const last_verified_at = w.database.url === undefined ? at : null
    expect(await told()).toEqual({ ...none, last_ok_at: at, last_verified_at })
    rmSync(`${w.home}-backups`, { recursive: true })
    writeFileSync(`${w.home}-backups`, 'no folder')
    w.clock.advance(HOUR)
    expect(await backUp()).toBe(500)
    expect(await told()).toEqual({
      ...none,
      last_ok_at: at,
      last_error: expect.stringContaining('cannot be used'),
    })
  })
})

describe('GET /v1/me/access', () => {
  const scene = async () => {
    const w: World = await world()
    for (const [slug, kind] of [
      ['general', 'public'],
      ['vault', 'private'],
      ['attic', 'public'],
    ] as const)
      await w.channel(slug, { kind })
    const { body } = await w.operator.get<{ id: string; slug: string }[]>('/v1/admin/channels')
    const attic = body.find(({ slug }) => slug === 'attic')
    if (attic) await w.archives(attic)
    return { w, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
  }
  const access = async (person: Person, slug: string) =>
    (await person.get(`/v1/me/access?channel=${slug}`)).body
  const required = ['channel:general:read', 'channel:general:post']

  test('a member with access passes every check', async () => {
    await using s = await scene()
    const ann = await s.w.agent('ann', { channels: { general: 'member' } })
    expect(await access(ann, 'GENERAL')).toEqual({
      channel: 'general',
      visible: true,
      archived: false,
      gates: {
        membership: { ok: true, role: 'member' },
        scope: { ok: true, read: true, post: true, granted: ['channel:*:read', 'channel:*:post'], required },
        role: { ok: true },
      },
      fix: null,
    })
    const bob = await s.w.human('bob', { channels: { general: 'admin' } })
    expect(await access(bob, 'general')).toMatchObject({
      gates: { membership: { ok: true, role: 'admin' }, scope: { ok: true, granted: [] } },
      fix: null,
    })
  })

  test('the answer names the first failed check and the command that repairs it', async () => {
    await using s = await scene()
    const stranger = await s.w.agent('stranger', { scopes: ['channel:general:read'] })
    expect(await access(stranger, 'general')).toMatchObject({
      gates: {
        membership: { ok: false, role: null },
        scope: { ok: false, read: true, post: false },
        role: { ok: false },
      },
      fix: 'synapse admin add-member stranger general',
    })
    const ears = await s.w.agent('ears', {
      channels: { general: 'read_only' },
      scopes: ['channel:general:read'],
    })
    expect((await access(ears, 'general')).fix).toBe(
      'synapse admin issue-token --account ears --scopes "channel:general:read,channel:general:post"',
    )
    const reader = await s.w.human('reader', { channels: { general: 'read_only' } })
    expect(await access(reader, 'general')).toMatchObject({
      gates: { membership: { ok: true, role: 'read_only' }, role: { ok: false } },
      fix: 'synapse admin set-role reader general --role member',
    })
    expect(await access(reader, 'attic')).toMatchObject({
      visible: true,
      archived: true,
      fix: 'synapse admin unarchive-channel attic',
    })
  })

  test('the answer agrees with what reads and posts actually do', async () => {
    await using s = await scene()
    const people = [
      await s.w.agent('a', { channels: { general: 'member' } }),
      await s.w.agent('b', { channels: { general: 'read_only' } }),
      await s.w.agent('c', { channels: { general: 'admin' }, scopes: ['channel:general:read'] }),
      await s.w.agent('d', { scopes: ['admin:*'] }),
      await s.w.human('e', { channels: { general: 'member' } }),
    ]
    for (const person of people) {
      const { gates } = (await access(person, 'general')) as {
        gates: {
          membership: { ok: boolean }
          scope: { read: boolean; post: boolean }
          role: { ok: boolean }
        }
      }
      const mayRead = gates.membership.ok && gates.scope.read
      const mayPost = gates.membership.ok && gates.scope.post && gates.role.ok
      expect((await person.reads('general')).status).toBe(mayRead ? 200 : 403)
      const posted = await person.post('/v1/messages', { channel: 'general', body: 'hi' })
      expect(posted.status).toBe(mayPost ? 201 : 403)
    }
  })

  test('the channel parameter is required', async () => {
    await using w = await world()
    const ann = await w.agent('ann')
    expect(issuesOf(await ann.get('/v1/me/access'))).toEqual(['missing query.channel'])
  })
})
