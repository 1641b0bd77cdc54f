// Answers of the homeserver are those that the specification of Matrix describes.
import { expect, test } from 'bun:test'
import { type Caller, PASSWORD } from '../support/world'
import { matrixEndpoints } from './endpoints'
import { homeserver, signIn, V3 } from './homeserver'
import { Specification } from './specification'

const specification = Specification.read()
if (!specification) console.warn('skipped: the specification of Matrix is not beside this checkout')

/** Endpoints that the specification does not have, whose answers are no JSON, or that always refuse. */
const OTHERS =
  /^[A-Z]+ \/(?:_synapse|_tuwunel)|\/media\/|3pid|requestToken|room_keys|im\.nheko\.summary|^POST .*\/(?:send|state|redact)\/:/

/** What is no path of the specification, and refuses. */
const REFUSING = /\/pushrules(?:\/\*)?$/

/** Without servers that relay calls, clients are told nothing of them. */
const NO_CALLS = /\/voip\/turnServer/

/** Notes what is wrong with the answers that a client gets, and which endpoints were asked. */
class Observer {
  readonly problems: string[] = []
  readonly asked = new Set<string>()

  constructor(private readonly against: Specification) {}

  async send(caller: Caller, method: string, path: string, body?: unknown): Promise<Record<string, never>> {
    const answer = await caller.request<Record<string, never>>(method, path, body)
    this.asked.add(`${method} ${path.replace(/\?.*/, '')} ${answer.status}`)
    const found = this.against.problemsOf(method, path, answer.status, answer.body)
    if (answer.status < 400 && found === undefined)
      this.problems.push(`${method} ${path}: the specification has no answer ${answer.status}`)
    if (NO_CALLS.test(path)) return answer.body
    for (const problem of found ?? []) this.problems.push(`${method} ${path} ${answer.status}: ${problem}`)
    return answer.body
  }

  /** Reports whether an endpoint answered with success. */
  hasSeen(method: string, path: string): boolean {
    const pattern = new RegExp(
      `^${method} ${path.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')} 2\\d\\d$`,
    )
    return [...this.asked].some((one) => pattern.test(one))
  }
}

test.skipIf(!specification)('every answer has the shape of the specification', async () => {
  if (!specification) return
  await using w = await homeserver({
    SYNAPSE_MATRIX_REGISTRATION_TOKEN: 'let-me-in',
    SYNAPSE_MATRIX_SUPPORT: '{"support_page":"https://example.org/help"}',
  })
  await w.channel('family')
  const ada = await signIn(w, await w.human('ada', { channels: { family: 'admin' } }), {
    device_id: 'ADA',
    refresh_token: true,
  })
  const bob = await signIn(w, await w.human('bob', { channels: { family: 'member' } }))
  const observer = new Observer(specification)
  const as = (caller: Caller) => (method: string, path: string, body?: unknown) =>
    observer.send(caller, method, path.startsWith('/') ? path : `${V3}/${path}`, body)
  const [guest, own, other] = [as(w.guest), as(ada), as(bob)]
  const me = encodeURIComponent(ada.userId)
  const proof = (session: unknown) => ({
    auth: {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: 'ada' },
      password: PASSWORD,
      session,
    },
  })
  const proven = async (method: string, path: string, body: object = {}) => {
    const { session } = await own(method, path, body)
    return own(method, path, { ...body, ...proof(session) })
  }

  for (const path of ['client', 'server', 'support']) await guest('GET', `/.well-known/matrix/${path}`)
  for (const path of ['/_matrix/client/versions', '/_matrix/federation/v1/version', '/_matrix/key/v2/server'])
    await guest('GET', path)
  await guest('GET', 'login')
  await guest('POST', 'login', { type: 'm.login.password', user: 'bob', password: PASSWORD })
  await guest('POST', 'login', { type: 'm.login.password', user: 'bob', password: 'wrong' })
  await guest('GET', 'account/whoami')
  await guest('POST', 'refresh', {})
  await guest('GET', 'register/available?username=eve')
  await guest('GET', 'register/available?username=ada')
  await guest('GET', '/_matrix/client/v1/register/m.login.registration_token/validity?token=x')
  await guest('POST', 'register', { username: 'eve', password: PASSWORD })
  const token = { type: 'm.login.registration_token', token: 'let-me-in' }
  const { refresh_token } = await guest('POST', 'register', {
    ...{ username: 'eve', password: PASSWORD, auth: token },
    refresh_token: true,
  })
  await guest('POST', 'refresh', { refresh_token })

  await own('GET', 'account/whoami')
  await own('GET', 'capabilities')
  await own('GET', 'account/3pid')
  await own('GET', 'voip/turnServer')
  await own('GET', 'thirdparty/protocols')
  await own('GET', 'devices')
  await own('GET', 'devices/ADA')
  await own('PUT', 'devices/ADA', { display_name: 'Desk' })
  await own('GET', 'devices/none')
  await proven('DELETE', `devices/${(await signIn(w, { handle: 'ada' })).login.device_id}`)
  await proven('POST', 'delete_devices', { devices: ['none'] })
  await proven('POST', 'account/password', { new_password: PASSWORD, logout_devices: false })
  await proven('POST', '/_matrix/client/v1/login/get_token')
  const { access_token } = await own('POST', `user/${me}/openid/request_token`, {})
  await guest('GET', `/_matrix/federation/v1/openid/userinfo?access_token=${access_token}`)

  await own('PUT', `profile/${me}/displayname`, { displayname: 'Ada' })
  await own('PUT', `profile/${me}/avatar_url`, { avatar_url: 'mxc://example.org/abc' })
  await guest('GET', `profile/${me}`)
  await guest('GET', `profile/${me}/displayname`)
  await guest('GET', 'profile/%40nobody%3Aexample.org')
  await own('POST', 'user_directory/search', { search_term: 'bob' })
  await own('DELETE', `profile/${me}/avatar_url`)
  await own('PUT', `user/${me}/account_data/org.example.x`, { a: 1 })
  await own('GET', `user/${me}/account_data/org.example.x`)
  const { filter_id } = await own('POST', `user/${me}/filter`, { room: { timeline: { limit: 5 } } })
  await own('GET', `user/${me}/filter/${filter_id}`)
  for (const path of ['', 'global/', 'global/override/.m.rule.master'].map((end) => `pushrules/${end}`))
    await own('GET', path)
  await own('GET', 'pushrules/global/override/.m.rule.master/enabled')
  await own('GET', 'pushrules/global/override/.m.rule.master/actions')
  const rule = 'pushrules/global/content/cake'
  await own('PUT', rule, { pattern: 'cake', actions: ['notify'] })
  await own('PUT', `${rule}/enabled`, { enabled: false })
  await own('PUT', `${rule}/actions`, { actions: [] })
  await own('DELETE', rule)
  const pusher = { kind: 'http', app_id: 'org.example.app', pushkey: 'key', lang: 'en' }
  const names = { app_display_name: 'App', device_display_name: 'Phone' }
  const data = { url: 'https://192.0.43.8/_matrix/push/v1/notify' }
  await own('POST', 'pushers/set', { ...pusher, ...names, data })
  await own('GET', 'pushers')
  await own('POST', 'pushers/set', { ...pusher, kind: null })
  await own('POST', 'pushers/set', pusher)
  await own('GET', 'notifications?only=highlight')
  const keys = { user_id: ada.userId, device_id: 'ADA', algorithms: [], keys: {}, signatures: {} }
  const one = { key: 'a', signatures: { [ada.userId]: { 'ed25519:ADA': 's' } } }
  const oneTimeKeys = { 'signed_curve25519:A': one }
  await own('POST', 'keys/upload', { device_keys: keys, one_time_keys: oneTimeKeys })
  await other('POST', 'keys/query', { device_keys: { [ada.userId]: [] } })
  await other('POST', 'keys/claim', { one_time_keys: { [ada.userId]: { ADA: 'signed_curve25519' } } })
  await own('GET', 'room_keys/version')
  await own('PUT', 'sendToDevice/m.x/1', { messages: {} })

  const { room_id } = await own('POST', 'createRoom', {
    name: 'Room',
    preset: 'private_chat',
    room_alias_name: 'room',
  })
  const room = `rooms/${encodeURIComponent(room_id ?? '')}`
  await own('POST', `${room}/invite`, { user_id: bob.userId })
  await other('GET', 'sync')
  await other('POST', `join/${encodeURIComponent(room_id ?? '')}`, {})
  const { event_id } = await own('PUT', `${room}/send/m.room.message/1`, { msgtype: 'm.text', body: 'hello' })
  const relation = { rel_type: 'm.thread', event_id }
  await other('PUT', `${room}/send/m.room.message/2`, {
    msgtype: 'm.text',
    body: 'hi',
    'm.relates_to': relation,
  })
  const event = encodeURIComponent(event_id ?? '')
  const { next_batch } = await own('GET', 'sync')
  await own('PUT', `${room}/state/m.room.topic`, { topic: 'Talk' })
  await own('GET', `sync?since=${next_batch}`)
  await own('GET', `${room}/state`)
  await own('GET', `${room}/state/m.room.topic`)
  await own('GET', `${room}/state/m.room.topic/`)
  await own('PUT', `${room}/state/m.room.avatar/`, { url: 'mxc://example.org/abc' })
  await own('PUT', `${room}/state/org.example.x/key`, { a: 1 })
  await own('GET', `${room}/state/org.example.x/key`)
  await own('PUT', `${room}/state/m.room.join_rules`, { join_rule: 'knock' })
  const eve = as(await signIn(w, { handle: 'eve' }))
  await eve('POST', `knock/${encodeURIComponent(room_id ?? '')}`, { reason: 'please' })
  await eve('GET', 'sync')
  await own('POST', `${room}/invite`, { user_id: '@eve:example.org' })
  await eve('POST', `${room}/join`, {})
  const alias = encodeURIComponent('#talk:example.org')
  await own('PUT', `directory/room/${alias}`, { room_id })
  await own('DELETE', `directory/room/${alias}`)
  await own('PUT', `directory/list/${room.replace('rooms', 'room')}`, { visibility: 'public' })
  await own('GET', `directory/list/${room.replace('rooms', 'room')}`)
  await own('GET', 'publicRooms?limit=1')
  await own('GET', 'initialSync?limit=3&archived=true')
  await own('GET', `${room}/initialSync`)
  await own('GET', `events?from=${next_batch}`)
  await own('POST', 'search', {
    search_categories: {
      room_events: {
        ...{ search_term: 'room', event_context: { include_profile: true }, include_state: true },
        groupings: { group_by: [{ key: 'room_id' }] },
      },
    },
  })
  await own('POST', 'publicRooms', { limit: 1, filter: { generic_search_term: 'room' } })
  await own('GET', `/_matrix/client/v1/room_summary/${encodeURIComponent(room_id ?? '')}`)
  await own('GET', `/_matrix/client/v1/${room}/hierarchy`)
  await own('GET', `/_matrix/client/v1/mutual_rooms?user_id=${encodeURIComponent(bob.userId)}`)
  await own('GET', `${room}/messages?dir=b`)
  await own('GET', `${room}/context/${event}`)
  await own('GET', `${room}/event/${event}`)
  await own('GET', `${room}/members`)
  await own('GET', `${room}/joined_members`)
  await own('GET', 'joined_rooms')
  await own('GET', `${room}/aliases`)
  for (const end of ['', '/m.thread', '/m.thread/m.room.message'])
    await own('GET', `/_matrix/client/v1/${room}/relations/${event}${end}`)
  await own('GET', `/_matrix/client/v1/${room}/threads`)
  await own('GET', `/_matrix/client/v1/${room}/timestamp_to_event?ts=0&dir=f`)
  await guest('GET', `directory/room/${encodeURIComponent('#room:example.org')}`)
  await own('POST', `${room}/receipt/m.read/${event}`, {})
  await own('POST', `${room}/read_markers`, { 'm.fully_read': event_id })
  await own('PUT', `${room}/typing/${me}`, { typing: true, timeout: 1000 })
  await own('PUT', `presence/${me}/status`, { presence: 'online', status_msg: 'here' })
  await other('GET', `presence/${me}/status`)
  await other('GET', 'sync')
  await own('PUT', `user/${me}/${room}/tags/m.favourite`, { order: 0.5 })
  await own('GET', `user/${me}/${room}/tags`)
  await own('DELETE', `user/${me}/${room}/tags/m.favourite`)
  await own('PUT', `user/${me}/${room}/account_data/org.example.x`, {})
  await own('GET', `user/${me}/${room}/account_data/org.example.x`)
  await own('POST', `${room}/report`, { reason: '' })
  await own('POST', `${room}/report/${event}`, {})
  await own('POST', `users/${encodeURIComponent(bob.userId)}/report`, { reason: 'loud' })
  await own('PUT', `${room}/redact/${event}/3`, { reason: 'spam' })
  await own('POST', `${room}/kick`, { user_id: bob.userId })
  await own('POST', `${room}/ban`, { user_id: bob.userId })
  await own('POST', `${room}/unban`, { user_id: bob.userId })
  await own('POST', `${room}/upgrade`, { new_version: '11' })
  await own('POST', `${room}/leave`, {})
  await own('POST', `${room}/forget`, {})
  await other('POST', 'logout', {})
  await eve('POST', 'logout/all', {})
  await proven('POST', 'account/deactivate')
  expect(observer.problems).toEqual([])

  const unasked = matrixEndpoints()
    .filter(
      ({ method, path }) =>
        !path.includes('/client/r0/') && !OTHERS.test(`${method} ${path}`) && !REFUSING.test(path),
    )
    .filter(({ method, path }) => !observer.hasSeen(method, path))
    .map(({ method, path }) => `${method} ${path}`)
  expect(unasked).toEqual([])
})
