// Faults of the machine that a server outlives: the process is paused, the disk is slow. See docs/reliability.md.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { slowSync } from '../../bench/lib/slow-sync'
import type { Caller } from '../support/caller'
import { preloadMissing } from '../support/preload'
import { Site } from '../support/site'
import { LiveSocket, until } from '../support/sockets'

setDefaultTimeout(60_000)

const PAUSE_MS = 3_000

describe('a process that is paused', () => {
  test('answers afterwards what was asked meanwhile, once, and its sockets go on where they were', async () => {
    await using site = new Site()
    const { server, agent, socket } = await scene(site, {})
    using _socket = socket
    await post(agent, 'before')
    await socket.next('message.created')

    server.signal('SIGSTOP')
    const keyed = { 'idempotency-key': 'while-paused' }
    // The client gives up on the first try and tries again, as clients do; both are waiting when it wakes.
    const tries = [0, 1].map(() => agent.post('/v1/messages', { channel: 'room', body: 'meanwhile' }, keyed))
    await Bun.sleep(PAUSE_MS)
    server.signal('SIGCONT')

    const answers = await Promise.all(tries)
    expect(answers.map(({ status }) => status)).toEqual([201, 201])
    await post(agent, 'after')
    await until('the last message', () => socket.events.some((event) => bodyOf(event) === 'after'))
    const bodies = socket.events.filter(({ type }) => type === 'message.created').map(bodyOf)
    expect(bodies).toEqual(['before', 'meanwhile', 'after'])
    expect(socket.end).toBeUndefined()
    expect(await server.stop()).toBe(0)
  })
})

describe('a disk that is slow', () => {
  for (const milliseconds of [5, 250])
    test.skipIf(preloadMissing)(
      `by ${milliseconds} ms a sync costs writers time, and nobody a message or a socket`,
      async () => {
        using delay = await slowSync(milliseconds)
        if (!delay) throw new Error('there is a compiler, but it made no library')
        await using site = new Site()
        const { server, agent, socket } = await scene(site, { LD_PRELOAD: delay.library })
        using _socket = socket
        // Written together they share a sync: twenty writers wait about as long as one.
        const bodies = Array.from({ length: 20 }, (_, i) => `post ${i}`)
        const begun = performance.now()
        const answers = await Promise.all(bodies.map((body) => post(agent, body)))
        const took = performance.now() - begun
        expect(answers.every(({ status }) => status === 201)).toBe(true)
        // It was slow indeed, or this would show nothing; and not one sync after the other.
        expect(took).toBeGreaterThan(milliseconds)
        expect(took).toBeLessThan(bodies.length * milliseconds + 2_000)
        await socket.settle()
        await until('every message', () => socket.events.length === bodies.length)
        expect(socket.events.map(bodyOf).sort()).toEqual([...bodies].sort())
        expect(await server.stop()).toBe(0)
      },
    )
})

async function scene(site: Site, settings: Record<string, string>) {
  const server = await site.serveWith(settings)
  await server.room('room')
  const token = await server.agent('agent', 'room')
  const socket = await LiveSocket.open(server.url, { authorization: `Bearer ${token}` })
  await socket.subscribe(['room'])
  return { server, agent: server.as(token), socket }
}

function post(agent: Caller, body: string) {
  return agent.post('/v1/messages', { channel: 'room', body })
}

function bodyOf(event: object): string {
  const { message } = event as { message?: { body?: string } }
  return message?.body ?? ''
}
