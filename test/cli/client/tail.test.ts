import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { StreamEvent } from '@synapse/client'
import { Sheet } from '../../../src/cli/client/sheet'
import { type StatusFacts, statusText } from '../../../src/cli/client/tail/status-line'
import { Room } from '../../client/room'
import { until } from '../../support/sockets'
import { Desk, type Started } from './desk'

setDefaultTimeout(120_000)

/** A style that shows where it begins and ends. */
const plain = (text: string) => text
const style = { bold: plain, dim: plain, green: plain, red: plain, yellow: plain, cyan: plain }
const at = '2026-05-07T13:04:00.000000Z'

describe('the sheet', () => {
  const sheet = (width: number | undefined) => {
    const made = new Sheet({ isRich: width !== undefined, width: () => width, style }, ['release-42'])
    const row = { at, channel: 'release-42', name: { text: 'builder', kind: 'agent' as const } }
    return (sign: string | undefined, ...lines: string[]) =>
      made
        .render({ ...row, sign, lines })
        .map((line) => line.replace(/^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)?/, 'TIME '))
  }

  test('text wraps under itself, and a channel is named when it changes', () => {
    const render = sheet(60)
    expect(render('>', 'the proxy closes at 30 s, our pings come every 20 s')).toEqual([
      'TIME   #release-42  builder*  > the proxy closes at 30 s,',
      '                                our pings come every 20 s',
    ])
    expect(render(undefined, 'done')).toEqual(['TIME                builder*  done'])
  })

  test('below 60 columns the name has a line of its own', () => {
    const render = sheet(40)
    expect(render('+', 'claims file:src/a-very-long-name-of-a-file.ts, 5 min')).toEqual([
      'TIME  #release-42 builder*',
      '  + claims file:src/a-very-long-name-of-',
      '    a-file.ts, 5 min',
    ])
  })

  test('without a terminal nothing wraps, and every line has its channel', () => {
    const render = sheet(undefined)
    const long = 'word '.repeat(60).trim()
    expect(render(undefined, long)).toEqual([`TIME   #release-42  builder*  ${long}`])
    expect(render(undefined, 'a', 'b')).toEqual(['TIME   #release-42  builder*  a', `${' '.repeat(44)}b`])
  })

  test('wide characters count as two columns', () => {
    for (const width of [40, 60, 80])
      for (const line of sheet(width)('>', '日本語'.repeat(40)))
        expect(Bun.stringWidth(line)).toBeLessThanOrEqual(width)
  })
})

describe('the status line', () => {
  const facts: StatusFacts = {
    ...{ offlineMs: undefined, retryMs: 0, working: 0, blocked: 0, pending: 0, approvals: 0, clock: '13:31' },
  }

  test.each([
    [facts, 40, '-- live ----------------------- 13:31 --'],
    [
      { ...facts, working: 2, blocked: 1, pending: 3, approvals: 1 },
      80,
      '-- live  2 working  1 blocked  you: 3 inbox, 1 approval -------------- 13:31 --',
    ],
    [
      { ...facts, offlineMs: 42_900, retryMs: 7100 },
      50,
      '-- offline 0:42, retry in 8 s ----------- 13:31 --',
    ],
    [{ ...facts, offlineMs: 125_000 }, 50, '-- offline 2:05, connecting -------------- 13:31 --'],
  ] as const)('it says what waits, and fills the line: %j in %d columns', (given, columns, line) => {
    const shown = statusText(given, columns)
    expect(shown.replace(/-{3,}/, '-')).toBe(line.replace(/-{3,}/, '-'))
    expect(shown).toHaveLength(columns - 1)
  })

  test('it is cut where it does not fit', () => {
    expect(statusText({ ...facts, working: 2, pending: 1000 }, 24)).toBe('-- live  2 working  yo…')
  })
})

let room: Room
beforeAll(async () => {
  room = await Room.open()
})
afterAll(() => room[Symbol.asyncDispose]())

const HOSTILE = 'x \u001b[2J\u001b]0;title\u0007 \u009b2J \u202e \r y'

describe('tail', () => {
  for (const columns of [50, 60, 80, 120]) {
    test(`on a terminal of ${columns} columns every line fits, and bodies have no effect on it`, async () => {
      const [ann, bob] = [await room.as('ann'), await Desk.of(room, 'bob')]
      const marker = `past-${columns}`
      await ann.post('general', `${marker} ${HOSTILE} ${'wide 日本 '.repeat(30)}`)
      const tail = bob.start(columns, 'tail', 'general', '-n', '1')
      await shows(tail, marker)
      await shows(tail, '-- live')
      await ann.post('general', `@bob now-${columns}`)
      await shows(tail, `now-${columns}`)
      await shows(tail, 'you: ')
      tail.child.kill('SIGINT')
      expect(await tail.child.exited).toBe(0)
      const lines = drawn(tail.shown)
      expect(lines.filter((line) => Bun.stringWidth(line) > columns)).toEqual([])
      expect(lines.filter((line) => /\p{Cc}/u.test(line))).toEqual([])
      expect(lines.join('')).toContain('^[[2J')
      // The status line is gone.
      expect(tail.shown).toEndWith('\r\u001b[2K')
    })
  }

  test('lines follow the width of a window that is made smaller, and a person is told how to decide', async () => {
    const ann = await room.as('ann')
    const desk = await Desk.of(room, 'ada', 'person')
    const tail = desk.start(100, 'tail', 'general', '-n', '0')
    await shows(tail, '-- live')
    tail.child.terminal?.resize(62, 30)
    const before = tail.shown.length
    const { approval } = await ann.request('POST /v1/approvals', {
      body: { channel: 'general', question: `Deploy? ${'word '.repeat(40)}`, options: ['Deploy', 'Not now'] },
    })
    await shows(tail, `synapse decide ${approval.id.slice(-6)}`)
    const lines = drawn(tail.shown.slice(before))
    expect(lines.filter((line) => Bun.stringWidth(line) > 62)).toEqual([])
    await ended(tail)
    await ann.request('POST /v1/approvals/{id}/cancel', { path: { id: approval.id } })
  })

  test('in a pipe there is neither colour nor a status line nor a wrapped line', async () => {
    const [ann, cyd] = [await room.as('ann'), await Desk.of(room, 'cyd')]
    const tail = cyd.start(undefined, 'tail', 'general', '-n', '0')
    const long = `@cyd ${'word '.repeat(80)}${HOSTILE} end`
    await posted(tail, () => ann.post('general', long), ' end\n')
    const line = tail.shown.split('\n').find((one) => one.endsWith(' end')) ?? ''
    expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}#general {2}ann\* +@cyd word word/)
    expect(tail.shown).not.toMatch(/[^\P{Cc}\n]/u)
    expect(tail.shown).not.toContain('-- live')
    await ended(tail)
  })

  test.each([
    ['NO_COLOR', '1'],
    ['TERM', 'dumb'],
  ])('with %s=%s a terminal gets plain lines', async (name, value) => {
    const [ann, dan] = [await room.as('ann'), await Desk.of(room, 'dan')]
    const tail = dan.with({ [name]: value }).start(60, 'tail', '-n', '0')
    await posted(tail, () => ann.post('general', `plain ${name} ${'long '.repeat(20)}end`), 'end\r\n')
    expect(tail.shown).not.toContain('\u001b')
    expect(tail.shown).not.toContain('-- live')
    await ended(tail)
  })

  test('--json prints events of the API, one a line, and nothing else on stdout', async () => {
    const [ann, eve] = [await room.as('ann'), await Desk.of(room, 'eve')]
    await ann.post('general', 'json past')
    const tail = eve.start(undefined, 'tail', '--json', '-n', '1')
    await shows(tail, 'json past')
    await using claim = await ann.claim('file:json', { channel: 'general' })
    await shows(tail, 'claim.acquired')
    const events = tail.shown
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as StreamEvent)
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['message.created', 'claim.acquired']),
    )
    expect(events.find(({ type }) => type === 'claim.acquired')).toMatchObject({
      claim: { id: claim.id },
      cursor: expect.any(String),
    })
    await ended(tail)
  })

  test('what happens is shown with its sign and who did it', async () => {
    const [ann, fay] = [await room.as('ann'), await Desk.of(room, 'fay')]
    const ada = await room.as('ada', 'person')
    const tail = fay.start(undefined, 'tail', '-n', '0')
    const root = await posted(tail, () => ada.post('general', 'the root'), 'the root')
    await ann.post('general', 'the reply', { replyTo: root.id })
    const claim = await ann.claim('file:src/ws.ts', { channel: 'general', ttl: 300 })
    await claim.release({ outcome: 'done' })
    const { approval } = await ann.request('POST /v1/approvals', {
      body: { channel: 'general', question: 'Deploy?', options: ['Deploy', 'Not now'] },
    })
    await ada.request('POST /v1/approvals/{id}/decide', {
      path: { id: approval.id },
      body: { option: 'Deploy' },
    })
    await room.site.json('pause', 'ann', '--channel', 'general', '--note', 'enough')
    await room.site.json('resume', 'ann', '--channel', 'general')
    await shows(tail, 'may post again')
    const lines = tail.shown.split('\n').map((line) => line.slice(21).trim().split(/ {2,}/))
    const said = lines.map((parts) => parts.slice(-2).join('|'))
    for (const line of [
      'ada|the root',
      'ann*|> the reply',
      'ann*|+ claims file:src/ws.ts, 5 min',
      'ann*|- releases file:src/ws.ts, done',
      'system|> Decision by @ada: Deploy',
      'operator|x pauses @ann: enough',
      'operator|- @ann may post again',
    ])
      expect(said).toContain(line)
    expect(tail.shown).toMatch(/ann\* +\? Deploy\? {2}\[Deploy\] \[Not now\]/)
    await ended(tail)
  })

  test('filters leave out what they do not name', async () => {
    const [ann, gus] = [await room.as('ann'), await Desk.of(room, 'gus')]
    const bob = await room.as('bob')
    const [from, claims, mine] = [
      gus.start(undefined, 'tail', '-n', '0', '--from', '@ann'),
      gus.start(undefined, 'tail', '-n', '0', '--only', 'claims'),
      gus.start(undefined, 'tail', '-n', '0', '--mine'),
    ]
    await posted(from, () => ann.post('general', 'filtered by ann'), 'filtered by ann')
    await bob.post('general', 'filtered by bob')
    await posted(
      claims,
      () => bob.claim('file:filtered', { channel: 'general' }).then((claim) => claim.release()),
      'file:filtered',
    )
    await posted(mine, () => bob.post('general', '@gus for you'), '@gus for you')
    await ann.post('general', 'the last')
    await shows(from, 'the last')
    expect(from.shown).not.toContain('bob')
    expect(claims.shown).not.toContain('filtered by')
    expect(mine.shown).not.toContain('filtered by')
    for (const tail of [from, claims, mine]) await ended(tail)
  })

  test('--since takes a duration or a cursor', async () => {
    const [ann, hal] = [await room.as('ann'), await Desk.of(room, 'hal')]
    const first = await ann.post('general', 'since first')
    await ann.post('general', 'since second')
    const [cursor, hour] = [
      hal.start(undefined, 'tail', '--since', first.cursor),
      hal.start(undefined, 'tail', '--since', '1h'),
    ]
    await shows(cursor, 'since second')
    await shows(hour, 'since second')
    expect([cursor.shown.includes('since first'), hour.shown.includes('since first')]).toEqual([false, true])
    for (const tail of [cursor, hour]) await ended(tail)
    for (const words of [
      ['-n', '200'],
      ['-n', 'x'],
      ['--only', 'everything'],
    ])
      expect([words, (await hal.run('tail', ...words)).code]).toEqual([words, 2])
    expect((await hal.run('tail', '--since', 'nonsense')).code).toBe(2)
  })

  test('it ends when the reader of its output does, and with exit status 3 when its token is revoked', async () => {
    const [ann, ida] = [await room.as('ann'), await Desk.of(room, 'ida')]
    await ann.post('general', 'for head')
    const headed = Bun.spawn(['sh', '-c', '"$@" tail -n 1 | head -n 1', 'sh', ...room.site.program], {
      cwd: ida.home,
      env: ida.environment,
      stdout: 'pipe',
      stderr: 'ignore',
    })
    room.site.remember(headed.pid)
    await until('the end of the pipe', async () => {
      if (headed.exitCode !== null) return true
      await ann.post('general', 'for head')
      return false
    })
    expect((await new Response(headed.stdout).text()).trimEnd().split('\n')).toHaveLength(1)
    const tail = ida.start(undefined, 'tail', '-n', '1')
    await shows(tail, 'for head')
    const me = await (await room.as('ida')).request('GET /v1/auth/me')
    await room.site.json('revoke-token', '--id', me.token_id ?? '')
    expect(await tail.child.exited).toBe(3)
    expect(tail.errors).toContain('synapse setup')
  })

  test('after a restart of the server it goes on where it was, each message once', async () => {
    const [ann, jan] = [await room.as('ann'), await Desk.of(room, 'jan')]
    const [screen, pipe] = [jan.start(80, 'tail', '-n', '0'), jan.start(undefined, 'tail', '-n', '0')]
    await shows(screen, '-- live')
    await posted(pipe, () => ann.post('general', 'before the restart'), 'before the restart')
    await room.server.kill()
    await shows(screen, '-- offline 0:0')
    await room.start()
    await ann.post('general', 'after the restart')
    for (const tail of [screen, pipe]) await shows(tail, 'after the restart')
    expect(pipe.shown.split('after the restart')).toHaveLength(2)
    const last = screen.shown.lastIndexOf('-- offline')
    await until('a live status line', () => screen.shown.lastIndexOf('-- live') > last)
    for (const tail of [screen, pipe]) await ended(tail)
  })
})

/** The lines that a terminal was sent, those drawn in place included, without their colours. */
function drawn(shown: string): string[] {
  return shown.split(/\r\n|\r(?=\p{Cc}\[2K)/u).map((line) => line.replaceAll(/\p{Cc}\[(?:2K|\d+m)/gu, ''))
}

async function shows(tail: Started, text: string): Promise<void> {
  await until(`'${text}' in ${tail.shown}${tail.errors}`, () => {
    if (tail.child.exitCode !== null && !tail.shown.includes(text))
      throw new Error(`it ended with ${tail.child.exitCode}: ${tail.shown}${tail.errors}`)
    return tail.shown.includes(text)
  })
}

/** Acts until a command that was just started shows it: the stream may begin only after the first act. */
async function posted<Result>(tail: Started, act: () => Promise<Result>, text: string): Promise<Result> {
  let result = await act()
  await until(`'${text}' in ${tail.shown}${tail.errors}`, async () => {
    if (tail.shown.includes(text)) return true
    if (tail.child.exitCode !== null) throw new Error(`it ended: ${tail.errors}`)
    await Bun.sleep(200)
    if (!tail.shown.includes(text)) result = await act()
    return false
  })
  return result
}

async function ended(tail: Started): Promise<void> {
  tail.child.kill('SIGINT')
  expect(await tail.child.exited).toBe(0)
}
