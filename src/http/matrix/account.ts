/** The account of the caller: its password, its end, its capabilities, and what proves it to others. */
import type { Core } from '../../core'
import { requireStrong } from '../../core/identity/accounts'
import type { Matrix } from '../../core/matrix'
import { ROOM_VERSIONS } from '../../core/matrix'
import { LOGIN_TOKEN_SECONDS, OPENID_SECONDS } from '../../core/matrix/login/issued-tokens'
import type { Endpoint } from '../endpoint'
import { maybe, Type, text } from '../schema'
import { matrixEndpoint } from './endpoint'
import { matrixError } from './errors'
import { passwordStage } from './interactive'
import { ownUser } from './own-user'

export function accountEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const toChange = passwordStage(
    core,
    matrix,
    Type.Object({ new_password: text({ secret: true }), logout_devices: maybe(Type.Boolean()) }),
  )
  const toDeactivate = passwordStage(core, matrix, Type.Object({ erase: maybe(Type.Boolean()) }))
  const toHandOver = passwordStage(core, matrix, Type.Object({}))
  return [
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/account/password',
      who: 'account',
      summary: 'Set a new password',
      handle: async (call) => {
        const { new_password: wanted } = call.members
        if (typeof wanted === 'string') requireStrong(wanted, core.settings)
        const { actor, passed, body } = await toChange(call, 'POST account/password')
        await matrix.lifecycle.changePassword(actor, body.new_password, body.logout_devices ?? true, passed)
        return { status: 200, json: {} }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/account/deactivate',
      who: 'account',
      summary: 'Deactivate the account, for good',
      handle: async (call) => {
        const { actor, passed, body } = await toDeactivate(call, 'POST account/deactivate')
        await matrix.lifecycle.deactivate(actor, body.erase === true, passed)
        return { status: 200, json: { id_server_unbind_result: 'no-support' } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v1/login/get_token',
      who: 'account',
      summary: 'A token that signs another device in',
      handle: async (call) => {
        const { actor, passed } = await toHandOver(call, 'POST login/get_token')
        const token = await matrix.issuedTokens.login(actor, passed)
        return { status: 200, json: { login_token: token, expires_in_ms: LOGIN_TOKEN_SECONDS * 1000 } }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'POST',
      path: '/_matrix/client/v3/user/:user/openid/request_token',
      who: 'account',
      summary: 'A token that proves the user id to a service',
      handle: async ({ actor, params }) => {
        await ownUser(matrix, actor, params.user)
        const json = {
          access_token: await matrix.issuedTokens.openId(actor),
          token_type: 'Bearer',
          matrix_server_name: matrix.serverName,
          expires_in: OPENID_SECONDS,
        }
        return { status: 200, json }
      },
    }),
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/federation/v1/openid/userinfo',
      who: 'anyone',
      summary: 'The user id that a token proves',
      handle: async ({ query }) => {
        const token = query.text('access_token')
        if (token === undefined) throw matrixError(401, 'M_MISSING_TOKEN', 'The query needs access_token')
        const sub = await matrix.issuedTokens.userOf(token)
        if (sub === undefined)
          throw matrixError(401, 'M_UNKNOWN_TOKEN', 'This token is unknown or has expired')
        return { status: 200, json: { sub } }
      },
    }),
    ...capabilityEndpoints(core, matrix),
    ...thirdPartyEndpoints(matrix),
  ]
}

function capabilityEndpoints(core: Core, matrix: Matrix): Endpoint[] {
  const empty = (path: string, summary: string) =>
    matrixEndpoint(matrix, {
      method: 'GET',
      path,
      who: 'account',
      summary,
      handle: () => ({ status: 200, json: {} }),
    })
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: '/_matrix/client/v3/capabilities',
      who: 'account',
      summary: 'What the caller can do here',
      handle: ({ actor }) => ({
        status: 200,
        json: {
          capabilities: {
            'm.room_versions': {
              default: core.settings.get('matrix.room_version'),
              available: Object.fromEntries(ROOM_VERSIONS.map((version) => [version, 'stable'])),
            },
            'm.change_password': { enabled: actor.account.kind === 'human' },
            'm.set_displayname': { enabled: true },
            'm.set_avatar_url': { enabled: true },
            'm.3pid_changes': { enabled: false },
            'm.get_login_token': { enabled: actor.account.kind === 'human' },
            'm.profile_fields': { enabled: true },
            'm.forget_forced_upon_leave': { enabled: false },
          },
        },
      }),
    }),
    ...empty('/_matrix/client/v3/voip/turnServer', 'Servers that relay calls: none'),
    ...empty('/_matrix/client/v3/thirdparty/protocols', 'Networks that are bridged'),
  ]
}

/** Addresses of other networks belong to no account here. */
function thirdPartyEndpoints(matrix: Matrix): Endpoint[] {
  const base = '/_matrix/client/v3/account/3pid'
  const denied = (path: string, who: 'account' | 'anyone') =>
    matrixEndpoint(matrix, {
      method: 'POST',
      path,
      who,
      summary: 'Refused: accounts have no addresses here',
      handle: () => {
        throw matrixError(
          403,
          'M_THREEPID_DENIED',
          'Accounts have no e-mail addresses and phone numbers here',
        )
      },
    })
  return [
    ...matrixEndpoint(matrix, {
      method: 'GET',
      path: base,
      who: 'account',
      summary: 'The addresses of the account: none',
      handle: () => ({ status: 200, json: { threepids: [] } }),
    }),
    ...['', '/add', '/bind', '/delete', '/unbind'].flatMap((end) => denied(`${base}${end}`, 'account')),
    ...['account/3pid', 'account/password', 'register'].flatMap((of) =>
      ['email', 'msisdn'].flatMap((medium) =>
        denied(`/_matrix/client/v3/${of}/${medium}/requestToken`, 'anyone'),
      ),
    ),
  ]
}
