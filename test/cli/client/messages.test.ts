import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from '@synapse/client'
import { Room } from '../../client/room'
import { Desk } from './desk'

setDefaultTimeout(120_000)

let room: Room
beforeAll(async () => {
  room = await Room.open()
  for (const slug of ['quiet', 'busy']) await room.server.room(slug)
})
afterAll(() => room[Symbol.asyncDispose]())

describe('post', () => {
  test('the channel and the text are flags or words, and a text may come from a pipe', async () => {
    const desk = await Desk.of(room, 'ann')
    const ids = [
      await desk.out('post', '--channel', 'general', '--body', 'as flags'),
      await desk.out('post', '#general', 'as', 'words'),
      await desk.out('post', '--channel', 'general', 'mixed'),
    ]
    expect((await desk.feed('two\nlines\n', 'post', 'general')).code).toBe(0)
    expect((await desk.feed('a pipe\n', 'post', '--channel', 'general', '--body', '-')).code).toBe(0)
    const found = await desk.lines<Message>('check', '--channel', 'general', '--json', '-n', '5')
    expect(found.map(({ body }) => body)).toEqual(['as flags', 'as words', 'mixed', 'two\nlines', 'a pipe'])
    expect(found.slice(0, 3).map(({ id }) => `${id}\n`)).toEqual(ids)
  })

  test('a reply, a file and a retry key arrive, and --json prints the message as the API has it', async () => {
    const desk = await Desk.of(room, 'bea')
    const [first] = await desk.lines<Message>('post', 'general', 'the question', '--json')
    const file = join(desk.home, 'notes ü.txt')
    writeFileSync(file, 'content')
    const words = [
      'post',
      'general',
      'the answer',
      '--reply-to',
      first?.id ?? '',
      '--attach',
      file,
      '--key',
      'k1',
    ]
    const [reply] = await desk.lines<Message>(...words, '--json')
    expect(reply).toMatchObject({
      reply_to: first?.id,
      attachments: [{ filename: 'notes ü.txt', size: 7 }],
      unreachable: [],
    })
    const again = await desk.run('post', 'general', 'something else', '--key', 'k1')
    expect(again.code).toBe(5)
  })

  test('who is not reached, and who does not exist, is said beside the answer', async () => {
    const desk = await Desk.of(room, 'cyd')
    await room.token('sleeper')
    const { code, stdout, stderr } = await desk.run('post', 'general', '@sleeper and @phantom')
    expect({ code, lines: stdout.trim().split('\n').length }).toEqual({ code: 0, lines: 1 })
    expect(stderr).toContain('! sleeper is unreachable, the message waits in its inbox')
    expect(stderr).toContain('! no member of #general is called @phantom')
  })

  test('a refusal names the access check and the command that mends it', async () => {
    const desk = await Desk.of(room, 'dan')
    const refused = await desk.run('post', 'quiet', 'hi')
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('Not a member: quiet')
    expect(refused.stderr).toContain('refused by the gate membership')
    expect(refused.stderr).toContain('synapse admin add-member dan quiet')
    const unknown = await desk.run('post', 'nowhere', 'hi')
    expect(unknown).toMatchObject({ code: 4, stderr: expect.stringContaining('Channel not found: nowhere') })
    const long = await desk.feed('x'.repeat(16_001), 'post', 'general')
    expect(long).toMatchObject({ code: 2, stderr: expect.stringContaining('body') })
  })

  test('an agent that a limit stops is told so, and that a person has to act', async () => {
    const desk = await Desk.of(room, 'ela')
    await room.site.json('set-channel', 'general', '--set', 'chain_limit=1')
    try {
      const ada = await room.as('ada', 'person')
      const { id } = await ada.post('general', 'the root')
      expect((await desk.run('post', 'general', 'one', '--reply-to', id)).code).toBe(0)
      const { code, stderr } = await desk.run('post', 'general', 'two', '--reply-to', id)
      expect(code).toBe(9)
      expect(stderr).toContain('agents may post 1 in a row here, and have posted 1')
      expect(stderr).toContain('a person has to post in the thread')
    } finally {
      await room.site.json('set-channel', 'general', '--set', 'chain_limit=')
    }
  })

  test('a paused agent is told by whom, with an exit status of its own', async () => {
    const desk = await Desk.of(room, 'eli')
    await room.site.json('pause', 'eli', '--note', 'too loud')
    const { code, stderr } = await desk.run('post', 'general', 'hi')
    expect(code).toBe(9)
    expect(stderr).toContain('paused by the operator: too loud')
    await room.site.json('resume', 'eli')
    expect((await desk.run('post', 'general', 'hi')).code).toBe(0)
  })
})

describe('check', () => {
  test('messages are shown oldest first, with control characters that have no effect', async () => {
    const desk = await Desk.of(room, 'fay', 'agent', 'channels = ["busy"]\n')
    await room.site.json('add-member', 'fay', 'busy')
    const token = await room.site.json<{ token: string }>(
      'issue-token',
      '--account',
      'fay',
      '--scopes',
      'channel:*:read,channel:*:post',
    )
    desk.put('fay.token', token.token)
    await desk.out('post', '--body', 'one')
    await desk.out('post', '--body', 'two \u001b[2J\u009b2J\u202e\nlines\r')
    const { stdout } = await desk.run('check')
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}#busy {2}you {7}one$/)
    expect(lines[1]).toEndWith('you       two ^[[2J\\x9b2J\\u{202e}')
    expect(lines[2]?.trim()).toBe('lines')
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u)
  })

  test('an empty channel and a wrong number are said', async () => {
    const desk = await Desk.of(room, 'gus')
    await room.site.json('add-member', 'gus', 'quiet')
    expect((await desk.run('check', '--limit', '201')).code).toBe(2)
    expect(await desk.run('check', '--mentions')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'no messages\n',
    })
  })
})

describe('fetch', () => {
  test('each message is printed once, in the form of the earlier client', async () => {
    const [ann, desk] = [
      await Desk.of(room, 'han'),
      await Desk.of(room, 'ida', 'agent', 'channels = ["general"]\n'),
    ]
    const fetched = () => desk.lines<Message>('fetch', '--mentions-only', '--advance-cursor')
    expect(await fetched()).toEqual([])
    await ann.out('post', 'general', 'nothing for you')
    await ann.out('post', 'general', '@ida one')
    const before = desk.read('ida.cursor.json')
    expect(await desk.lines('fetch', '--mentions-only')).toHaveLength(1)
    expect(desk.read('ida.cursor.json')).toBe(before)
    expect(await fetched()).toEqual([
      {
        channel: 'general',
        sender_handle: 'han',
        sender_kind: 'agent',
        created_at: expect.any(String),
        body: '@ida one',
        mentioned_handles: ['ida'],
      } as never,
    ])
    expect(
      await desk.lines<Record<string, unknown>>('fetch', '--mentions-only', '--advance-cursor', '--verbose'),
    ).toEqual([{ info: 'no new messages' }])
    expect(statSync(join(desk.folder, 'ida.cursor.json')).mode & 0o777).toBe(0o600)
  })

  test('a position in the form of the earlier server is read on from', async () => {
    const desk = await Desk.of(room, 'jan', 'agent', 'channels = ["general"]\n')
    const [first] = await desk.lines<Message>('post', 'general', 'first', '--json')
    await desk.out('post', 'general', 'second')
    const earlier = Buffer.from(`${first?.created_at.replace('Z', '+00:00')}|${first?.id}`).toString(
      'base64url',
    )
    desk.put('jan.cursor.json', JSON.stringify({ general: earlier, gone: 5 }))
    const found = await desk.lines<Message>('fetch', '--advance-cursor')
    expect(found.map(({ body }) => body)).toEqual(['second'])
  })

  test('sessions read side by side, begin where the shared position is, and are forgotten after 14 days', async () => {
    const desk = await Desk.of(room, 'kim', 'agent', 'channels = ["general"]\n')
    await desk.out('fetch', '--advance-cursor')
    const shared = desk.read('kim.cursor.json')
    const [one, two] = ['s-1', 's_2'].map((id) => desk.with({ CLAUDE_CODE_SESSION_ID: id }))
    await desk.out('post', 'general', 'for both')
    for (const session of [one, two]) {
      const found = await session?.lines<Message>('fetch', '--advance-cursor')
      expect(found?.map(({ body }) => body)).toEqual(['for both'])
      expect(await session?.lines('fetch', '--advance-cursor')).toEqual([])
    }
    expect(desk.read('kim.cursor.json')).toBe(shared)
    const old = Date.now() / 1000 - 15 * 86_400
    for (const file of ['kim.cursor.s_2.json', 'kim.cursor.json'])
      utimesSync(join(desk.folder, file), old, old)
    desk.put('kim.cursor.killed.json.tmp', '{')
    utimesSync(join(desk.folder, 'kim.cursor.killed.json.tmp'), old, old)
    await one?.out('fetch', '--advance-cursor')
    expect(
      readdirSync(desk.folder)
        .filter((name) => name.includes('cursor'))
        .sort(),
    ).toEqual(['kim.cursor.json', 'kim.cursor.lock', 'kim.cursor.s-1.json'])
    await desk.with({ CLAUDE_CODE_SESSION_ID: '../evil' }).out('fetch', '--advance-cursor')
    expect(existsSync(join(desk.home, 'evil.json'))).toBe(false)
  })

  test('of several that advance the position at once, one prints a message', async () => {
    const desk = await Desk.of(room, 'mia', 'agent', 'channels = ["general"]\n')
    await desk.out('fetch', '--advance-cursor')
    await desk.out('post', 'general', 'for one of them')
    const all = await Promise.all(
      Array.from({ length: 4 }, () => desk.lines<Message>('fetch', '--advance-cursor')),
    )
    expect(all.flat().map(({ body }) => body)).toEqual(['for one of them'])
  })

  test('a channel that cannot be read is a line of its own, and the others are read', async () => {
    const desk = await Desk.of(room, 'lea', 'agent', 'channels = ["quiet", "general"]\n')
    await desk.out('post', 'general', 'hello')
    const lines = await desk.lines('fetch')
    expect(lines[0]).toEqual({ error: expect.any(String), channel: 'quiet' })
    expect(lines.length).toBeGreaterThan(1)
  })
})
