import { Type } from '@sinclair/typebox'
import { isOwnServerName, MAX_SERVER_NAME } from '../core/kernel/server-name'
import { InvalidValue } from './config-error'
import { boot, runtime } from './declare'
import { parseTargets } from './network'
import { parseBaseUrl } from './origin'
import { oneOf, rate, whole } from './shapes'

/** The settings of the Matrix homeserver. */

const group = 'Matrix'

const jsonObject = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], { default: null })

export const matrixSettings = {
  'matrix.server_name': boot(Type.String(), {
    group,
    shownDefault: 'none: no homeserver',
    example: 'example.org',
    description:
      'The name of this Matrix homeserver, which every user id and room id contains: `@ada:example.org`. It can never be changed. Without it there is no homeserver.',
    normalise: serverName,
  }),
  'matrix.base_url': runtime(Type.Union([Type.String(), Type.Null()], { default: null }), {
    group,
    shownDefault: '`base_url`',
    example: 'https://matrix.example.org',
    description:
      'The origin at which Matrix clients reach the homeserver, as `/.well-known/matrix/client` says.',
    normalise: parseBaseUrl,
  }),
  'matrix.delegate': runtime(Type.Union([Type.String(), Type.Null()], { default: null }), {
    group,
    shownDefault: 'host and port of `matrix.base_url` or `base_url`, else the server name with port 443',
    example: 'matrix.example.org:443',
    description: 'Where other homeservers reach this one, as `/.well-known/matrix/server` says.',
    normalise: serverName,
  }),
  'matrix.well_known': runtime(jsonObject, {
    group,
    shownDefault: 'none',
    example: '{"org.example.feature":{"enabled":true}}',
    description: 'Further members of `/.well-known/matrix/client`, a JSON object.',
  }),
  'matrix.support': runtime(jsonObject, {
    group,
    shownDefault: 'none',
    example: '{"contacts":[{"role":"m.role.admin","email_address":"admin@example.org"}]}',
    description:
      'The document `/.well-known/matrix/support`, a JSON object. Without it the document does not exist.',
  }),
  'matrix.profiles_need_token': runtime(Type.Boolean({ default: false }), {
    group,
    description: 'Show profiles only to those who are signed in.',
  }),
  'matrix.public_directory': runtime(Type.Boolean({ default: false }), {
    group,
    description: 'Show the directory of public rooms also to those who are not signed in.',
  }),
  'matrix.registration': runtime(oneOf('closed', ['closed', 'token', 'open']), {
    group,
    shownDefault: '`closed`; `token` if `matrix.registration_token` is set',
    description:
      'Who may make an account over Matrix: nobody (`closed`), those with a registration token (`token`), or everybody (`open`). The first person becomes a system admin.',
  }),
  'matrix.registration_token': boot(Type.String(), {
    group,
    secret: 'whole',
    shownDefault: 'none',
    description: 'A registration token that can be used any number of times.',
  }),
  'matrix.registration_secret': boot(Type.String(), {
    group,
    secret: 'whole',
    shownDefault: 'none: programs cannot make accounts',
    description:
      'A secret with which programs make accounts at `/_synapse/admin/v1/register`, also while registration is closed.',
  }),
  'matrix.query_token': runtime(Type.Boolean({ default: true }), {
    group,
    description:
      'Accept access tokens in the query as `access_token`. Older clients send them nowhere else; proxies may log them.',
  }),
  'matrix.password_login': runtime(Type.Boolean({ default: true }), {
    group,
    description: 'Let people sign in to Matrix with their passwords.',
  }),
  'matrix.access_token_s': runtime(whole(60, 31_536_000, 3600), {
    group,
    description:
      'Seconds until an access token must be renewed. Only for clients that ask for refresh tokens.',
  }),
  'matrix.room_version': runtime(
    Type.Union([Type.Literal('10'), Type.Literal('11'), Type.Literal('12')], { default: '11' }),
    { group, description: 'The version of rooms that are made from now on.' },
  ),
  'matrix.create_rooms': runtime(oneOf('all', ['all', 'admins']), {
    group,
    description: 'Who makes rooms over Matrix: everybody, or administrators alone.',
  }),
  'matrix.rooms_max': runtime(whole(0, 10_000_000, 20_000), {
    group,
    description: 'Rooms made over Matrix. They do not count towards `quota.channels`.',
  }),
  'matrix.agents_autojoin': runtime(Type.Boolean({ default: true }), {
    group,
    description: 'Agents that are invited to a room are in it at once.',
  }),
  'matrix.federate_channels': runtime(Type.Boolean({ default: false }), {
    group,
    description:
      'Rooms of channels that are made from now on can be joined from other homeservers. A room keeps what it was made with.',
  }),
  'matrix.push_targets': runtime(Type.Array(Type.String(), { default: [] }), {
    group,
    example: 'ntfy.lan,192.168.1.0/24',
    description:
      'Push gateways outside the public internet that this server may call, by host or network. A host of this list needs neither https nor the path `/_matrix/push/v1/notify`.',
    normalise: parseTargets,
  }),
  'matrix.presence': runtime(Type.Boolean({ default: true }), {
    group,
    description: 'Matrix clients see who is online, and tell it by asking for news.',
  }),
  'matrix.directory_all': runtime(Type.Boolean({ default: false }), {
    group,
    description:
      'Who searches for users over Matrix finds all accounts, not only those that share a room with it or are in a public one.',
  }),
  'rate.crypto': rate('1200/600', 'Keys of devices over Matrix', group),
  'rate.media': rate('1200/400', 'Uploads and downloads of files over Matrix', group),
  'matrix.media.max_bytes': runtime(whole(1, 1_073_741_824, 52_428_800), {
    group,
    description: 'The largest file that is uploaded over Matrix, in bytes.',
  }),
  'matrix.media.quota': runtime(whole(0, 1_099_511_627_776, 5_368_709_120), {
    group,
    description: 'Bytes of all files that one account uploads over Matrix.',
  }),
  'matrix.media.previews': runtime(Type.Boolean({ default: false }), {
    group,
    description:
      'The server reads pages of the web that Matrix clients ask for, and shows their titles and images. Pages in private networks only as `webhooks.allow_targets` allows.',
  }),
  'matrix.media.keep_days': runtime(whole(0, 36_500, 0), {
    group,
    description:
      'Days after which a file uploaded over Matrix is deleted that no event, profile or account data names; 0 keeps all of them.',
  }),
  'matrix.media.legacy': runtime(oneOf('frozen', ['frozen', 'open']), {
    group,
    description:
      'What older clients may download without a token: `frozen` (only avatars of rooms in the public directory) or `open` (all files uploaded over Matrix).',
  }),
}

/** @throws InvalidValue */
function serverName(text: string): string {
  const name = text.toLowerCase()
  if (isOwnServerName(name)) return name
  throw new InvalidValue(
    `'${text}' is not a server name`,
    `write a host name of at most ${MAX_SERVER_NAME} characters, with a port or without, such as example.org`,
  )
}
