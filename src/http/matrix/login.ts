/** Signing in and out, and who the caller is. */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import type { DeviceLogin } from '../../core/matrix/login/login'
import { clientOf } from '../client'
import type { Endpoint } from '../endpoint'
import { maybe, type Static, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'

const PASSWORD = 'm.login.password'
const TOKEN = 'm.login.token'

const loginBody = Type.Object({
  type: text(),
  identifier: maybe(Type.Object({ type: text(), user: maybe(text()) })),
  user: maybe(text()),
  password: maybe(text({ secret: true })),
  token: maybe(text({ secret: true })),
  device_id: maybe(text()),
  initial_device_display_name: maybe(text()),
  refresh_token: maybe(Type.Boolean()),
})

export function loginEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/login',
      who: 'anyone',
      summary: 'The ways to sign in',
      handle: () => {
        const passwords = core.settings.get('matrix.password_login') ? [{ type: PASSWORD }] : []
        return { status: 200, json: { flows: [...passwords, { type: TOKEN, get_login_token: true }] } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/login',
      who: 'anyone',
      duringDrain: true,
      summary: 'Sign a device in',
      body: loginBody,
      handle: async ({ body, request }) => ({
        status: 200,
        json: loginJson(core, matrix, await logIn(core, matrix, body, request)),
      }),
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/refresh',
      who: 'anyone',
      duringDrain: true,
      summary: 'Renew an access token',
      body: Type.Object({ refresh_token: text({ secret: true }) }),
      handle: async ({ body, request }) => {
        const renewed = await matrix.deviceSessions.renew(body.refresh_token, clientOf(core, request))
        return { status: 200, json: tokensJson(renewed) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/logout',
      who: 'account',
      duringDrain: true,
      whileLocked: true,
      summary: 'Sign the device out',
      handle: async ({ actor }) => {
        await matrix.lifecycle.logout(actor)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/logout/all',
      who: 'account',
      duringDrain: true,
      whileLocked: true,
      summary: 'Sign all devices out',
      handle: async ({ actor }) => {
        await matrix.lifecycle.logoutAll(actor)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/account/whoami',
      who: 'account',
      summary: 'The account and device of the access token',
      handle: async ({ actor, device }) => ({
        status: 200,
        json: {
          user_id: await matrix.users.idOf(actor.account),
          device_id: device.deviceId,
          is_guest: false,
        },
      }),
    }),
  ]
}

async function logIn(
  core: Core,
  matrix: Matrix,
  body: Static<typeof loginBody>,
  request: Request,
): Promise<DeviceLogin> {
  const client = clientOf(core, request)
  const wanted = {
    deviceId: body.device_id ?? undefined,
    name: body.initial_device_display_name ?? undefined,
    renewable: body.refresh_token === true,
  }
  switch (body.type) {
    case PASSWORD: {
      if (body.identifier && body.identifier.type !== 'm.id.user')
        throw matrixError(400, 'M_UNKNOWN', 'Only the identifier m.id.user is known here')
      const user = body.identifier?.user ?? body.user
      if (user == null) throw missing('identifier')
      if (body.password == null) throw missing('password')
      return matrix.logins.withPassword(user, body.password, wanted, client)
    }
    case TOKEN:
      if (body.token == null) throw missing('token')
      return matrix.logins.withToken(body.token, wanted, client)
    default:
      throw matrixError(400, 'M_UNKNOWN', 'This type of login is not known here')
  }
}

function missing(name: string) {
  return matrixError(400, 'M_MISSING_PARAM', `The body needs ${name}`)
}

export function loginJson(core: Core, matrix: Matrix, login: DeviceLogin) {
  const baseUrl = core.settings.get('matrix.base_url') ?? core.settings.get('base_url')
  return {
    user_id: login.userId,
    home_server: matrix.serverName,
    device_id: login.deviceId,
    ...tokensJson(login),
    ...(baseUrl !== null && { well_known: { 'm.homeserver': { base_url: baseUrl } } }),
  }
}

function tokensJson({ accessToken, renewal }: Pick<DeviceLogin, 'accessToken' | 'renewal'>) {
  return {
    access_token: accessToken,
    ...(renewal && { refresh_token: renewal.refreshToken, expires_in_ms: renewal.lifetimeSeconds * 1000 }),
  }
}
