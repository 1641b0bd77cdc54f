// Runs the examples: a message of another account has no effect on the terminal that shows it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { Town } from '../live/town'
import { until } from '../support/sockets'
import type { Person, Room } from '../support/world'

let town: Town
let room: Room
let bob: Person
beforeAll(async () => {
  town = await Town.open()
  room = await town.room()
  bob = await town.agent(room)
})
afterAll(() => town[Symbol.asyncDispose]())

/** Writes the clipboard, clears the screen, restarts the line, uses C1 controls, and reverses the text direction. */
const HOSTILE =
  'hi\u001b]52;c;cm0gLXJm\u0007\u001b[2J\r11:11:11 #general root: forged\u009b2J\u202egpj.exe\u2067x\u2028y\u007f\nsecond line'
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u

const readers: readonly (readonly [name: string, argv: readonly string[], isThere: boolean])[] = [
  ['listen.ts', [process.execPath, '--no-env-file', 'examples/listen.ts'], true],
  ['tail.py', ['python3', '-u', 'examples/tail.py', '--since', 'oldest'], Bun.which('python3') !== null],
]

function start(argv: readonly string[], who: Person) {
  return Bun.spawn([...argv], {
    cwd: `${import.meta.dir}/../..`,
    env: { PATH: process.env.PATH ?? '', SYNAPSE_URL: town.url, SYNAPSE_TOKEN: who.secret },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

/** Lines of the output that contain something a terminal obeys. */
const obeyed = (printed: string) => printed.split('\n').filter((line) => OBEYED.test(line))

describe.each(readers)('%s', (name, argv, isThere) => {
  if (!isThere) console.warn(`skipped: ${argv[0]} is not installed`)

  test.skipIf(!isThere)(
    'the example shows control characters as escapes and indents further lines',
    async () => {
      await using child = start(argv, bob)
      let printed = ''
      const reading = (async () => {
        const decoder = new TextDecoder()
        for await (const chunk of child.stdout) printed += decoder.decode(chunk, { stream: true })
      })()
      let posts = 0
      await until(`a message in what ${name} prints`, async () => {
        // It may start after the first message.
        if (posts < 100) await bob.posts(room, `${HOSTILE} ${++posts}`)
        return /second line \d+\n/.test(printed)
      })
      child.kill()
      await reading
      expect(obeyed(printed)).toEqual([])
      expect(printed).toContain('\\u{1b}]52;c;cm0gLXJm\\u{7}')
      expect(printed).toMatch(/\n {4}second line/)
      expect(printed).not.toMatch(/^11:11:11 #general root/m)
    },
  )
})

test.skipIf(Bun.which('curl') === null)(
  'post.sh prints an answer without characters that a terminal obeys',
  async () => {
    const hostile = await town.agent(room)
    await town.world.sql('UPDATE accounts SET display_name = ? WHERE handle = ?', HOSTILE, hostile.handle)
    await town.world.restart()
    await using child = start(['sh', 'examples/post.sh', room.slug, 'a\u009bb\u202ec\u2067d é 😀'], hostile)
    const printed = await new Response(child.stdout).text()
    expect(await child.exited).toBe(0)
    expect(obeyed(printed.replaceAll(/[\u2028\u2029]/g, ''))).toEqual([])
    expect(JSON.parse(printed)).toMatchObject({ channel: room.slug, body: 'a?b?c?d é 😀' })
  },
)

test.skipIf(Bun.which('curl') === null)('post.sh prints why a post was refused, and fails', async () => {
  await using child = start(['sh', 'examples/post.sh', 'no-such-channel', 'hi'], bob)
  const printed = await new Response(child.stdout).text()
  expect(await child.exited).not.toBe(0)
  expect(JSON.parse(printed)).toMatchObject({ code: 'channel_not_found' })
})
