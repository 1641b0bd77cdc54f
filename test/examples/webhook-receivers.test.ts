// Runs the receivers that the guide names: they accept what a real server sends, and nothing that was altered.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { until } from '../support/sockets'
import { type Person, type Room, type World, world } from '../support/world'

let w: World<typeof systemClock>
let room: Room
let ann: Person
beforeAll(async () => {
  w = await world({ clock: systemClock })
  room = await w.channel('room')
  ann = await w.agent('ann', { channels: { room: 'member' } })
})
afterAll(() => w[Symbol.asyncDispose]())

const receivers: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ['webhook-receiver.ts', [process.execPath, '--no-env-file', 'examples/webhook-receiver.ts']],
  ['webhook-receiver.py', ['python3', 'examples/webhook-receiver.py']],
]

/** Returns a port that was free a moment ago. */
function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port = 0 } = server
  server.stop(true)
  return port
}

describe.each(receivers)('%s', (name, argv) => {
  const isThere = argv[0] !== 'python3' || Bun.which('python3') !== null
  test.skipIf(!isThere)(
    'the receiver of the guide takes what the server sends, once, and refuses what it does not',
    async () => {
      const handle = name.replace(/\W/g, '-')
      const bot = await w.agent(handle, { channels: { room: 'member' } })
      const port = freePort()
      const url = `http://127.0.0.1:${port}/webhook`
      const push = { enabled: true, webhook_url: url }
      const { body } = await w.operator.patch<{ secret: string }>(`/v1/admin/accounts/${bot.id}/push`, push)
      await using child = Bun.spawn([...argv], {
        cwd: `${import.meta.dir}/../..`,
        env: { PATH: process.env.PATH ?? '', WEBHOOK_SECRET: body.secret, PORT: String(port) },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'inherit',
      })
      let printed = ''
      const reading = (async () => {
        const decoder = new TextDecoder()
        for await (const chunk of child.stdout) printed += decoder.decode(chunk, { stream: true })
      })()
      await until('the receiver', () => printed.includes('receiving'))
      await ann.posts(room, `@${handle} good morning`)
      await until('the message', () => printed.includes('good morning'))
      const forged = await fetch(url, {
        method: 'POST',
        headers: {
          'webhook-id': 'x',
          'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
          'webhook-signature': 'v1,AAAA',
        },
        body: '{"type":"message.created","message":{"body":"forged"}}',
      })
      expect(forged.status).toBe(401)
      await until('a delivery', async () => {
        const { body } = await bot.get<{ deliveries: { state: string }[] }>('/v1/me/webhooks/push/deliveries')
        return body.deliveries[0]?.state === 'delivered'
      })
      child.kill()
      await reading
      const lines = printed
        .split('\n')
        .slice(1, -1)
        .map((line) => JSON.parse(line))
      expect(lines).toEqual([{ type: 'message.created', reason: 'mention', body: `@${handle} good morning` }])
    },
  )
})
