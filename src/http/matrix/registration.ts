/** Making accounts: by people, and by programs that know the secret of the configuration. */
import type { Core } from '../../core'
import type { Matrix } from '../../core/matrix'
import type { RegistrationRequest } from '../../core/matrix/login/registration'
import { clientOf } from '../client'
import type { Endpoint } from '../endpoint'
import { maybe, type Static, Type, text } from '../schema'
import { validator } from '../validation'
import { matrixEndpoint } from './endpoint'
import { matrixError, unrecognized } from './errors'
import { loginJson } from './login'

const registerBody = Type.Object({
  username: maybe(text()),
  password: maybe(text({ secret: true })),
  device_id: maybe(text()),
  initial_device_display_name: maybe(text()),
  inhibit_login: maybe(Type.Boolean()),
  refresh_token: maybe(Type.Boolean()),
})

const sharedBody = Type.Object({
  nonce: text(),
  username: text(),
  password: text({ secret: true }),
  admin: maybe(Type.Boolean()),
  user_type: maybe(text()),
  displayname: maybe(text({ minLength: 1, maxLength: 256 })),
  mac: text({ secret: true }),
})

export function registrationEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const { registration } = matrix
  const check = validator(registerBody, 'body')
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/register',
      who: 'anyone',
      summary: 'Make an account',
      handle: async ({ members, query, request }) => {
        if (query.text('kind') === 'guest')
          throw matrixError(403, 'M_GUEST_ACCESS_FORBIDDEN', 'There are no guests on this server')
        const { auth, ...parameters } = members
        const made = await registration.register(
          { parameters, auth },
          // The validator checks them against the schema.
          (given) => requestIn(check(given) as Static<typeof registerBody>),
          clientOf(core, request),
        )
        return { status: 200, json: registeredJson(core, matrix, made) }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/register/available',
      who: 'anyone',
      summary: 'Whether a user name is free',
      handle: async ({ query, request }) => {
        await registration.checkAvailable(query.required('username'), clientOf(core, request))
        return { status: 200, json: { available: true } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v1/register/m.login.registration_token/validity',
      who: 'anyone',
      summary: 'Whether a registration token is valid',
      handle: async ({ query, request }) => {
        const valid = await matrix.registrationTokens.isValid(
          query.required('token'),
          clientOf(core, request),
        )
        return { status: 200, json: { valid } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_synapse/admin/v1/register',
      who: 'anyone',
      summary: 'A nonce for a registration with the secret',
      handle: async ({ request }) => {
        if (!registration.hasSecret) throw unrecognized()
        return { status: 200, json: { nonce: await registration.nonce(clientOf(core, request)) } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_synapse/admin/v1/register',
      who: 'anyone',
      summary: 'Make an account with the secret of the configuration',
      handle: async ({ members, request }) => {
        if (!registration.hasSecret) throw unrecognized()
        const body = checkShared(members) as Static<typeof sharedBody>
        const made = await registration.withSecret(
          {
            nonce: body.nonce,
            username: body.username,
            password: body.password,
            admin: body.admin === true,
            userType: body.user_type ?? undefined,
            displayName: body.displayname ?? undefined,
            mac: body.mac,
          },
          clientOf(core, request),
        )
        return { status: 200, json: registeredJson(core, matrix, made) }
      },
    }),
  ]
}

const checkShared = validator(sharedBody, 'body')

function requestIn(body: Static<typeof registerBody>): RegistrationRequest {
  return {
    username: body.username ?? undefined,
    password: body.password ?? undefined,
    session: {
      deviceId: body.device_id ?? undefined,
      name: body.initial_device_display_name ?? undefined,
      renewable: body.refresh_token === true,
    },
    inhibitLogin: body.inhibit_login === true,
  }
}

type Made = Awaited<ReturnType<Matrix['registration']['register']>>

function registeredJson(core: Core, matrix: Matrix, made: Made) {
  return 'accessToken' in made
    ? loginJson(core, matrix, made)
    : { user_id: made.userId, home_server: matrix.serverName }
}
