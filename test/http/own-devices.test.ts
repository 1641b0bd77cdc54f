import { describe, expect, test } from 'bun:test'
import { type Fields, type World, world } from '../support/world'
import { expectRefusal } from './refusals'

interface Device {
  readonly id: string
  readonly code: string
  readonly typed_code: string
  readonly state: string
}

/** Ada, an admin, Bo, who is none, and an agent. */
async function scene() {
  const w: World = await world()
  await w.channel('general')
  const ada = await w.human('ada', { isAdmin: true, channels: { general: 'member' } })
  const bo = await w.human('bo', { channels: { general: 'member' } })
  const scout = await w.agent('scout', { channels: { general: 'member' } })
  const redeem = (code: string, as: 'token' | 'session') =>
    w.guest.post<{ token?: string; scopes: string[] }>('/v1/pair/redeem', { code, as })
  return { w, ada, bo, scout, redeem, [Symbol.asyncDispose]: () => w[Symbol.asyncDispose]() }
}

describe('devices of ones own', () => {
  test('a person lets a device in, which signs in as that person', async () => {
    await using s = await scene()
    const { status, body } = await s.bo.post<Device>('/v1/me/devices', { device: 'browser-phone' })
    expect(status).toBe(201)
    expect<Fields>({ ...body }).toMatchObject({
      device: 'browser-phone',
      account_handle: 'bo',
      actors: null,
      state: 'active',
    })
    const entered = await s.redeem(body.typed_code, 'session')
    const cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const me = () => s.w.caller({ cookie }).get('/v1/auth/me')
    expect((await me()).body).toMatchObject({ handle: 'bo', via: 'session' })
    const revoked = await s.bo.post<Device>(`/v1/me/devices/${body.id}/revoke`)
    expect(revoked.body.state).toBe('revoked')
    expect((await me()).status).toBe(401)
  })

  test('a person sees and ends own devices alone', async () => {
    await using s = await scene()
    const { body: mine } = await s.bo.post<Device>('/v1/me/devices', { device: 'phone' })
    const { body: hers } = await s.ada.post<Device>('/v1/me/devices', { device: 'tablet' })
    const listed = await s.bo.get<{ devices: Device[] }>('/v1/me/devices')
    expect(listed.body.devices.map(({ id }) => id)).toEqual([mine.id])
    expect(listed.text).not.toContain(mine.code)
    for (const id of [hers.id, Bun.randomUUIDv7()])
      expectRefusal(await s.bo.post(`/v1/me/devices/${id}/revoke`), 404, {
        code: 'device_not_found',
        detail: 'Device not found',
      })
    const { body } = await s.ada.get<{ devices: Device[] }>('/v1/me/devices')
    expect(body.devices.map(({ state }) => state)).toEqual(['active'])
  })

  test('agents have none', async () => {
    await using s = await scene()
    for (const answer of [
      await s.scout.get('/v1/me/devices'),
      await s.scout.post('/v1/me/devices', { device: 'x' }),
    ])
      expect([answer.status, answer.body.code]).toEqual([403, 'humans_only'])
  })

  test('a person who is no admin makes no code with rights of an admin', async () => {
    await using s = await scene()
    const asked = { device: 'x', scopes: ['audit:read'] }
    expect((await s.bo.post('/v1/me/devices', asked)).body).toMatchObject({ code: 'scope_escalation' })
    expect((await s.ada.post('/v1/me/devices', asked)).status).toBe(201)
  })

  test('a token makes codes within its scopes, and none that signs a browser in', async () => {
    await using s = await scene()
    const scopes = ['human:act', 'channel:*:read', 'channel:*:post']
    const { body } = await s.ada.post<{ token: string }>('/v1/me/tokens', { name: 'laptop', scopes })
    const laptop = s.w.bearer(body.token)
    for (const device of ['browser-phone', 'phone'])
      expect((await laptop.post('/v1/me/devices', { device })).body).toMatchObject({
        code: 'scope_escalation',
      })
    const viewer = await laptop.post<Device>('/v1/me/devices', { device: 'viewer-hall' })
    expect(viewer.status).toBe(201)
    expect((await s.redeem(viewer.body.code, 'session')).body).toMatchObject({ code: 'scope_escalation' })
    expect((await s.redeem(viewer.body.code, 'token')).body.scopes).toEqual(['channel:*:read'])
  })
})
