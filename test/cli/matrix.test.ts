// The commands that administer the Matrix homeserver: against a running server, without one, and without a homeserver.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { caddySnippet, nginxSnippet } from '../../src/cli/admin/matrix/snippets'
import { Site } from '../support/site'
import { PASSWORD } from '../support/world'

setDefaultTimeout(120_000)

const ON = { SYNAPSE_MATRIX_SERVER_NAME: 'example.org' }
const V3 = '/_matrix/client/v3'

let site: Site
let url: string
beforeAll(async () => {
  site = new Site()
  url = (await site.serveWith({ ...ON, SYNAPSE_BASE_URL: 'https://chat.example.org' })).url
  await site.json('add-channel', '--slug', 'town', '--name', 'Town')
})
afterAll(() => site[Symbol.asyncDispose]())

type Answer = Record<string, unknown>
const matrix = <T = Answer>(...words: string[]) => site.json<T>('admin', 'matrix', ...words)
const failing = async (...words: string[]) => {
  const { code, stderr, stdout } = await site.run('matrix', ...words)
  expect(stdout).toBe('')
  return { code, stderr }
}

/** Requests over Matrix with the token of a person. */
async function signedIn(user: string) {
  const login = await fetch(`${url}${V3}/login`, {
    method: 'POST',
    body: JSON.stringify({
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user },
      password: PASSWORD,
    }),
  })
  const { access_token: token } = (await login.json()) as { access_token: string }
  const headers = { authorization: `Bearer ${token}` }
  return async <Body = Answer>(method: string, path: string, body?: object) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(`${url}${path}`, { method, headers, ...sent })
    return { status: answer.status, body: (await answer.json()) as Body }
  }
}

test('a person is registered, locked, suspended, signed out and deactivated', async () => {
  const made = await matrix('register', '--user', 'ada', '--password', PASSWORD, '--admin')
  expect(made).toEqual({ user_id: '@ada:example.org', handle: 'ada', display_name: 'ada', is_admin: true })
  expect(await matrix<unknown>('pushers')).toEqual([])
  expect(await matrix<unknown>('pushers', 'ada')).toEqual([])
  const generated = await matrix('register', '--user', 'ben')
  expect(generated.password).toMatch(/^[a-z2-9-]{23}$/)
  const asAda = await signedIn('ada')
  const whoami = async () => (await asAda('GET', `${V3}/account/whoami`)).status
  await matrix('user', 'lock', 'ada')
  expect(await whoami()).toBe(401)
  await matrix('user', 'unlock', '@ada:example.org')
  expect(await whoami()).toBe(200)
  expect(await matrix('user', 'suspend', 'ada')).toMatchObject({ suspended: true })
  expect((await asAda('POST', `${V3}/createRoom`, {})).status).toBe(403)
  expect(await matrix('user', 'suspend', 'ada', '--undo')).toMatchObject({ suspended: false })
  const devices = await matrix<{ device_id: string }[]>('user', 'devices', 'ada')
  expect(devices).toHaveLength(1)
  expect(await matrix('user', 'logout', 'ada', '--device', String(devices[0]?.device_id))).toMatchObject({
    ended: 1,
  })
  expect(await whoami()).toBe(401)
  expect(await matrix('user', 'logout', 'ada')).toEqual({ user_id: '@ada:example.org', ended: 0 })
  expect((await matrix<Answer[]>('user', 'list')).map(({ handle }) => handle)).toContain('ada')
  expect((await failing('user', 'deactivate', 'ben')).code).toBe(2)
  expect(await matrix('user', 'deactivate', 'ben', '--yes')).toMatchObject({
    deactivated_at: expect.any(String),
  })
  expect(await matrix('user', 'show', 'ben')).toMatchObject({ devices: [], rooms: 0 })
  expect(await failing('user', 'show', 'nobody')).toEqual({ code: 4, stderr: 'error: Account not found\n' })
})

test('registration tokens are made, listed and revoked', async () => {
  const made = await matrix('token', 'create', '--uses', '3', '--expires', '7d')
  expect(made).toMatchObject({ uses_allowed: 3, completed: 0, pending: 0 })
  const lasts = Date.parse(String(made.expires_at)) - Date.now()
  expect(lasts / 86_400_000).toBeCloseTo(7, 1)
  expect(await matrix('token', 'create', 'summer')).toMatchObject({ token: 'summer', uses_allowed: null })
  expect((await matrix<Answer[]>('token', 'list')).map(({ token }) => token)).toContain('summer')
  expect(await matrix('token', 'revoke', 'summer')).toEqual({ revoked: 'summer' })
  expect((await failing('token', 'revoke', 'summer')).code).toBe(4)
  expect((await failing('token', 'create', 'a b')).code).toBe(2)
  expect(await failing('token', 'create', '--uses', 'many')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--uses must be a whole number'),
  })
})

test('rooms are shown, get admins and aliases, and are blocked and deleted', async () => {
  await matrix('register', '--user', 'cleo', '--password', PASSWORD)
  await matrix('register', '--user', 'dora', '--password', PASSWORD)
  const cleo = await signedIn('cleo')
  const dora = await signedIn('dora')
  const { room_id: room } = (
    await cleo<{ room_id: string }>('POST', `${V3}/createRoom`, { preset: 'public_chat', name: 'Hall' })
  ).body
  const join = async () => (await dora('POST', `${V3}/join/${encodeURIComponent(room)}`, {})).status
  await matrix('room', 'block', room)
  expect(await join()).toBe(403)
  await matrix('room', 'block', room, '--undo')
  expect(await join()).toBe(200)
  await matrix('room', 'make-admin', room, '--user', '@dora:example.org')
  const shown = await matrix<{ state: Record<string, { users?: Answer }> }>('room', 'show', room)
  expect(shown.state['m.room.power_levels']?.users).toEqual({
    '@cleo:example.org': 100,
    '@dora:example.org': 100,
  })
  expect(await matrix('alias', 'add', '#hall:example.org', room)).toEqual({
    alias: '#hall:example.org',
    room_id: room,
  })
  expect(await matrix<Answer[]>('alias', 'list', '#hall:example.org')).toEqual([
    { alias: '#hall:example.org' },
  ])
  const taken = await failing('alias', 'add', '#hall:example.org', 'town')
  expect(taken).toMatchObject({ code: 5, stderr: expect.stringContaining('is taken') })
  await matrix('alias', 'remove', '#hall:example.org')
  expect((await failing('room', 'show', '#hall:example.org')).code).toBe(4)
  expect(await failing('room', 'delete', 'town', '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('archive the channel instead'),
  })
  expect(await matrix('room', 'delete', room, '--yes')).toMatchObject({ removed: 2, blocked: true })
  expect((await cleo<{ joined_rooms: string[] }>('GET', `${V3}/joined_rooms`)).body.joined_rooms).toEqual([])
  const left = await matrix<{ membership: string }[]>('room', 'members', room)
  expect(left.map(({ membership }) => membership)).toEqual(['leave', 'leave'])
  expect(await join()).toBe(403)
  // A second run finds nothing left to do.
  expect(await matrix('room', 'delete', room, '--yes')).toMatchObject({ removed: 0 })
  expect((await matrix<Answer[]>('room', 'list')).map(({ channel }) => channel)).toContain('town')
})

test('files are counted, quarantined, deleted and purged, except pictures', async () => {
  await matrix('register', '--user', 'eli', '--password', PASSWORD)
  const eli = await signedIn('eli')
  const upload = async () =>
    (await eli<{ content_uri: string }>('POST', '/_matrix/media/v3/upload', { a: 1 })).body.content_uri
  const status = async (uri: string) =>
    (await eli('GET', `/_matrix/client/v1/media/download/${uri.slice('mxc://'.length)}`)).status
  const [one, two, picture] = [await upload(), await upload(), await upload()]
  await eli('PUT', `${V3}/profile/%40eli%3Aexample.org/avatar_url`, { avatar_url: picture })
  await matrix('media', 'quarantine', one)
  expect(await status(one)).toBe(404)
  await matrix('media', 'quarantine', one, '--undo')
  expect(await status(one)).toBe(200)
  await matrix('media', 'delete', one)
  expect(await status(one)).toBe(404)
  expect((await failing('media', 'delete', one)).code).toBe(4)
  const used = await matrix<Answer[]>('media', 'usage')
  expect(used).toContainEqual({ handle: 'eli', files: 2, bytes: 14 })
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  const dry = await matrix('media', 'purge', '--before', tomorrow, '--dry-run')
  expect(dry).toMatchObject({ files: 1, bytes: 7, dry_run: true })
  expect(await matrix('media', 'purge', '--before', '1d', '--yes')).toMatchObject({ files: 0 })
  expect(await status(two)).toBe(200)
  expect(await matrix('media', 'purge', '--before', tomorrow, '--yes')).toMatchObject({ files: 1 })
  expect([await status(two), await status(picture)]).toEqual([404, 200])
  expect((await failing('media', 'purge', '--before', 'yesterday', '--yes')).code).toBe(2)
  expect((await failing('media', 'delete', 'photo')).code).toBe(2)
})

test('the signing key is rotated, and moves by a file that only its owner can read', async () => {
  const [first] = await matrix<{ key_id: string }[]>('key', 'show')
  const rotated = await matrix<{ key_id: string }[]>('key', 'rotate')
  expect(rotated.map(({ key_id }) => key_id)[1]).toBe(String(first?.key_id))
  const file = join(site.directory, 'signing.key')
  const exported = await matrix('key', 'export', '-o', file)
  expect(exported).toEqual({ key_id: rotated[0]?.key_id, file })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const [, version, seed] = readFileSync(file, 'utf8').trim().split(' ')
  expect(JSON.stringify(exported)).not.toContain(String(seed))
  expect((await failing('key', 'export', '-o', file)).code).toBe(1)
  expect((await failing('key', 'import', file)).code).toBe(5)
  writeFileSync(file, `ed25519 ${version}_moved ${seed}\n`)
  const [moved] = await matrix<{ key_id: string }[]>('key', 'import', file)
  expect(moved?.key_id).toBe(`ed25519:${version}_moved`)
  expect((await failing('key', 'import', join(site.directory, 'absent'))).code).toBe(4)
})

test('the room of a channel is made again with the same ids, while nobody has read it', async () => {
  await site.json('add-channel', '--slug', 'quiet', '--name', 'Quiet')
  const bot = await site.json<{ token: string }>('onboard-agent', '--handle', 'bot', '--channels', 'quiet')
  const post = await site.runWith({ SYNAPSE_TOKEN: bot.token, SYNAPSE_URL: url }, 'post', 'quiet', 'hello')
  expect(post.code, post.stderr).toBe(0)
  const shown = () => matrix<{ state: object; room_id: string }>('room', 'show', 'quiet')
  const before = await shown()
  expect(await matrix('projector', 'rebuild', 'quiet')).toMatchObject({ room_id: before.room_id })
  expect(await shown()).toEqual(before)
  expect(await matrix('projector', 'status')).toMatchObject({ refused: 0 })
  await site.json('add-member', 'cleo', 'quiet')
  await signedIn('cleo')
  expect(await failing('projector', 'rebuild', 'quiet')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('sign them out first'),
  })
})

describe('the lines for a proxy', () => {
  const whole = {
    serverName: 'example.org',
    host: 'chat.example.org',
    upstream: '127.0.0.1:8080',
    maxBytes: 52_428_800,
  }

  test('are those of the running homeserver', async () => {
    for (const [proxy, make] of [
      ['caddy', caddySnippet],
      ['nginx', nginxSnippet],
    ] as const) {
      const { stdout } = await site.run('matrix', 'config-snippet', proxy)
      expect(stdout).toBe(make({ ...whole, upstream: new URL(url).host }))
      const json = await matrix('config-snippet', proxy, '--json', '--upstream', '[::1]:80')
      expect(json.snippet).toBe(make({ ...whole, upstream: '[::1]:80' }))
    }
    expect((await failing('config-snippet', 'apache')).code).toBe(2)
    expect((await failing('config-snippet', 'caddy', '--upstream', 'x; y')).code).toBe(2)
  })

  test('are one site where both names are the same, or where the address is not known', () => {
    for (const make of [caddySnippet, nginxSnippet]) {
      expect(make(whole)).toContain('chat.example.org {'.slice(0, make === caddySnippet ? undefined : 16))
      expect(make({ ...whole, host: 'example.org' })).not.toContain('chat.')
      expect(make({ ...whole, host: 'example.org' })).not.toContain('well-known')
      expect(make({ ...whole, host: null })).toContain('well-known')
      expect(make(whole)).toContain('64')
      expect(make(whole)).toContain('8448')
    }
  })
})

test('without a server the same commands act on the store', async () => {
  await using other = new Site()
  const run = (...words: string[]) => other.runWith(ON, 'matrix', ...words)
  expect(JSON.parse((await run('status')).stdout)).toMatchObject({ server_name: 'example.org', users: 0 })
  const made = await run('register', '--user', 'ada', '--password', PASSWORD)
  expect(JSON.parse(made.stdout)).toMatchObject({ user_id: '@ada:example.org' })
  expect(existsSync(other.paths.socket)).toBe(false)
})

test('a server that is no homeserver is named, with what to do', async () => {
  await using other = new Site()
  const { code, stderr } = await other.run('matrix', 'status')
  expect(code).toBe(4)
  expect(stderr).toContain('this server is no Matrix homeserver')
  expect(stderr).toContain('SYNAPSE_MATRIX_SERVER_NAME')
})
