import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withSettings } from '../../../src/cli/client/synapse-toml'
import { Room } from '../../client/room'
import { thrownBy } from '../../home/temporary'
import { freePort } from '../../support/supervised'
import { Desk } from './desk'

setDefaultTimeout(120_000)

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

describe('setup', () => {
  test('it saves the token under the handle of its account, and the server', async () => {
    const token = await room.token('cairn')
    const desk = new Desk(room, 'one')
    const { code, stdout, stderr } = await desk.feed(
      `${token}\n`,
      'setup',
      '--url',
      `${room.url}/`,
      '--handle',
      'other',
    )
    expect({ code, shown: (stdout + stderr).includes(token) }).toEqual({ code: 0, shown: false })
    expect(stderr).toContain('the token belongs to cairn, not to other')
    expect(readdirSync(desk.folder).sort()).toEqual(['cairn.token', 'synapse.toml'])
    expect(desk.read('cairn.token')).toBe(`${token}\n`)
    for (const file of ['', 'cairn.token', 'synapse.toml'])
      expect(statSync(join(desk.folder, file)).mode & 0o077).toBe(0)
    expect(Bun.TOML.parse(desk.read('synapse.toml'))).toEqual({
      synapse: { base_url: room.url, handle: 'cairn' },
    })
    expect(await desk.out('status')).toContain('account: cairn (agent)')
  })

  test('a token that the server refuses, and a server that does not answer, leave everything as it was', async () => {
    const desk = new Desk(room, 'two')
    const refused = await desk.feed('syn_wrong', 'setup', '--url', room.url)
    expect(refused).toMatchObject({ code: 3, stdout: '' })
    expect(refused.stderr).toContain('Invalid token')
    const away = await desk.feed('syn_wrong', 'setup', '--url', `http://127.0.0.1:${freePort()}`)
    expect(away.code).toBe(8)
    expect(away.stderr).toContain('nothing listens there')
    const empty = await desk.feed('', 'setup', '--url', room.url)
    expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('the token is empty') })
    expect(existsSync(desk.folder)).toBe(false)
  })

  test('another account replaces the one in synapse.toml, and everything else in it stays', async () => {
    const desk = await Desk.of(
      room,
      'ann',
      'agent',
      '# mine\nlimit_per_channel = 5\n[synapse.digest]\nmentions_only = false\n',
    )
    mkdirSync(join(desk.home, 'secrets'))
    writeFileSync(join(desk.home, 'secrets/bob'), await room.token('bob'))
    const words = [
      'setup',
      '--token-file',
      join(desk.home, 'secrets/bob'),
      '--channels',
      'general,#Ops',
      '--json',
    ]
    const [answer] = await desk.lines(...words)
    expect(answer).toMatchObject({ url: room.url, handle: 'bob', kind: 'agent' })
    expect(desk.read('synapse.toml')).toBe(
      [
        '[synapse]',
        `base_url = "${room.url}"`,
        'handle = "bob"',
        '# mine',
        'limit_per_channel = 5',
        'channels = ["general","ops"]',
        '[synapse.digest]',
        'mentions_only = false',
        '',
      ].join('\n'),
    )
    expect(readdirSync(desk.folder).sort()).toEqual(['ann.token', 'bob.token', 'synapse.toml'])
  })

  test('the terminal asks for the token and does not show it', async () => {
    const token = await room.token('cairn')
    const environment = { ...room.site.environment }
    Object.assign(room.site.environment, { HOME: new Desk(room, 'three').home })
    try {
      const { code, stdout } = await room.site.type([['Token: ', `${token}\r`]], 'setup', '--url', room.url)
      expect(stdout).toContain('cairn (agent)')
      expect({ code, shown: stdout.includes(token) }).toEqual({ code: 0, shown: false })
    } finally {
      Object.assign(room.site.environment, environment)
    }
  })
})

describe('synapse.toml', () => {
  const settings = { base_url: 'http://chat', handle: 'ann', channels: undefined }

  test.each([
    ['', '[synapse]\nbase_url = "http://chat"\nhandle = "ann"\n'],
    [
      '[other]\nhandle = "x"\n\n[synapse]\nhandle = "y"\n\n[synapse.digest]\n',
      '[other]\nhandle = "x"\n\n[synapse]\nhandle = "ann"\nbase_url = "http://chat"\n\n[synapse.digest]\n',
    ],
    ['title = "x"\r\n', 'title = "x"\n\n[synapse]\nbase_url = "http://chat"\nhandle = "ann"\n'],
  ])('setting the server and the handle in %j changes nothing else', (before, after) => {
    expect(withSettings(before, settings)).toBe(after)
  })

  test('a list over several lines is replaced as a whole', () => {
    const before = '[synapse]\nbase_url = "http://a"\nchannels = [\n  "a",\n  "b",\n]\nhandle = "b"\n'
    expect(withSettings(before, { ...settings, channels: ['c'] })).toBe(
      '[synapse]\nbase_url = "http://chat"\nchannels = ["c"]\nhandle = "ann"\n',
    )
  })

  test('a form that cannot be changed is refused with what to write', () => {
    expect(String(thrownBy(() => withSettings('synapse.handle = "x"\n', settings)))).toContain(
      'cannot change',
    )
  })
})

describe('activate and deactivate', () => {
  test('the flag is set only for a valid token, and is removed without the server', async () => {
    const desk = await Desk.of(room, 'dora')
    expect((await desk.with({ SYNAPSE_TOKEN: 'syn_wrong' }).run('activate')).code).toBe(3)
    expect(existsSync(join(desk.folder, 'dora.active'))).toBe(false)
    expect(await desk.out('activate')).toContain('dora (agent) is active')
    expect(statSync(join(desk.folder, 'dora.active')).mode & 0o777).toBe(0o600)
    const away = desk.with({ SYNAPSE_URL: `http://127.0.0.1:${freePort()}` })
    expect(await away.out('deactivate')).toContain('not active')
    expect(existsSync(join(desk.folder, 'dora.active'))).toBe(false)
  })
})

describe('status', () => {
  test('it shows each access check that fails, the command that mends it, and ends with its exit status', async () => {
    const desk = await Desk.of(room, 'eve', 'agent', 'channels = ["general", "closed", "nowhere"]\n')
    await room.server.room('closed')
    const { code, stdout } = await desk.run('status')
    expect(code).toBe(3)
    expect(stdout).toContain('ok    #general: reads and posts')
    expect(stdout).toMatch(
      /fail {2}#closed: not a member \(gate: membership\)\n {6}synapse admin add-member eve closed/,
    )
    expect(stdout).toMatch(/fail {2}#nowhere: no such channel/)
    const json = await desk.run('status', '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({
      facts: expect.arrayContaining([
        { status: 'fail', text: expect.stringContaining('#closed'), fix: expect.any(String) },
      ]),
    })
  })

  test('where something else answers, the address that was asked is said', async () => {
    const desk = await Desk.of(room, 'gil')
    using other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('<p>hello</p>') })
    const { code, stderr } = await desk.with({ SYNAPSE_URL: other.url.origin }).run('post', 'general', 'hi')
    expect({ code, stderr }).toEqual({ code: 8, stderr: expect.stringContaining('which may be wrong') })
  })

  test('a missing token and a missing server are failures with their own exit status', async () => {
    const desk = await Desk.of(room, 'fay')
    const away = await desk.with({ SYNAPSE_URL: `http://127.0.0.1:${freePort()}` }).run('status')
    expect(away).toMatchObject({ code: 8, stdout: expect.stringContaining('synapse doctor --url') })
    const odd = await desk.with({ SYNAPSE_TOKEN: 'two words' }).run('status')
    expect(odd).toMatchObject({ code: 3, stdout: expect.stringContaining('characters that no token has') })
    const url = room.url.replace('://', '://user:secret@')
    const named = await desk.with({ SYNAPSE_URL: url }).run('check')
    expect(named).toMatchObject({ code: 2, stderr: expect.not.stringContaining('secret') })
    const nobody = await desk.with({ SYNAPSE_HANDLE: 'nobody' }).run('status')
    expect(nobody).toMatchObject({ code: 3, stdout: expect.stringContaining('there is no token in') })
    const astray = await desk.with({ SYNAPSE_URL: `${room.url}/v1` }).run('check')
    expect(astray.code).toBe(4)
    expect(astray.stderr).toContain(`Not Found (asked: ${room.url}/v1/v1/messages)`)
    expect(astray.stderr).toContain(`is taken to be at ${room.url}/v1, which may be wrong`)
    const fresh = await new Desk(room, 'fresh').run('status')
    expect(fresh).toMatchObject({ code: 2, stderr: expect.stringContaining('synapse setup --url') })
  })
})
