// kill -9 while the server calls webhooks: every acknowledged message that wakes an agent reaches its receiver.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { Chance } from '../support/chance'
import { Receiver } from '../support/receiver'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(180_000)

const KILLS = 3
const chance = new Chance()

/** The messages that a receiver has taken, with the ids of their deliveries. */
class Taken {
  readonly messages = new Map<string, Set<string>>()

  note(message: string, delivery: string): void {
    this.messages.set(message, (this.messages.get(message) ?? new Set()).add(delivery))
  }
}

test(`no wake is lost to kill -9, and a repeated one has the same id (TEST_SEED=${chance.seed})`, async () => {
  await using site = new Site()
  using receiver = new Receiver()
  const taken = new Taken()
  // A third of the first attempts fail, and some answers are lost with the server.
  const tried = new Set<string>()
  receiver.answer = ({ body, headers }) => {
    const delivery = headers['webhook-id'] ?? ''
    const isFirst = !tried.has(delivery)
    tried.add(delivery)
    if (isFirst && chance.below(3) === 0) return new Response(null, { status: 500 })
    const { id } = body.message as { id: string }
    taken.note(id, delivery)
    return new Response(null, { status: 202 })
  }
  const settings = {
    SYNAPSE_RATE_POST: 'off',
    SYNAPSE_LOG_LEVEL: 'warning',
    SYNAPSE_WEBHOOKS_PER_MINUTE: '0',
    SYNAPSE_WEBHOOKS_TIMEOUT_MS: '500',
  }
  let server = await site.serveWith(settings)
  await server.room('general')
  const author = await server.agent('author', 'general')
  await server.agent('bot', 'general')
  const accounts = await server.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
  const bot = accounts.body.find(({ handle }) => handle === 'bot')
  await server.operator.patch(`/v1/admin/accounts/${bot?.id}/push`, {
    enabled: true,
    webhook_url: receiver.url,
  })
  const posted: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const down = new AbortController()
    const writing = [0, 1].map(() => write(server, author, posted, down.signal))
    await Bun.sleep(400 + chance.below(400))
    await until('some posts', () => posted.length > kill * 10 + 10)
    down.abort()
    await server.kill()
    await Promise.all(writing)
    server = await site.serveWith(settings)
  }
  await until('every wake', () => posted.every((id) => taken.messages.has(id)), 120_000)
  const ids = [...taken.messages.values()]
  expect(ids.filter((deliveries) => deliveries.size !== 1)).toEqual([])
  expect(await server.stop()).toBe(0)
})

/** Posts until the server is down. A request that was cut off may have been done or not, so it is not noted. */
async function write(
  server: ServerProcess,
  author: string,
  posted: string[],
  down: AbortSignal,
): Promise<void> {
  while (!down.aborted) {
    try {
      const message = { channel: 'general', body: '@bot work' }
      const { status, body } = await server.as(author).post<{ id: string }>('/v1/messages', message)
      if (status === 201) posted.push(body.id)
    } catch (error) {
      const isCutOff = error instanceof Error && 'code' in error
      if (!down.aborted || !isCutOff) throw error
    }
  }
}
