// Faults of the machine that a server survives: a paused process, a slow disk. See docs/reliability.md.
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { SlowSync } from '../../bench/lib/slow-sync'
import type { Caller } from '../support/caller'
import { preloadMissing } from '../support/preload'
import { Site } from '../support/site'
import { LiveSocket, until } from '../support/sockets'

setDefaultTimeout(120_000)

const PAUSE_MS = 3_000

describe('a paused process', () => {
  test('after a pause each waiting request is answered once, and sockets continue where they were', async () => {
    await using site = new Site()
    const { server, agent, socket } = await scene(site, {})
    using _socket = socket
    await post(agent, 'before')
    await socket.next('message.created')

    server.signal('SIGSTOP')
    const keyed = { 'idempotency-key': 'while-paused' }
    // The client gives up on the first attempt and retries; both wait when the process resumes.
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

describe('a slow disk', () => {
  for (const milliseconds of [5, 250])
    test.skipIf(preloadMissing)(
      `a disk with ${milliseconds} ms a sync delays writers and loses no message and no socket`,
      async () => {
        using slow = await SlowSync.make(milliseconds)
        if (!slow) throw new Error('there is a compiler, but it made no library')
        await using site = new Site()
        const { server, agent, socket } = await scene(site, slow.environment)
        using _socket = socket
        // Posts written together share a sync: twenty writers wait about as long as one.
        const bodies = Array.from({ length: 20 }, (_, i) => `post ${i}`)
        const begun = performance.now()
        const answers = await Promise.all(bodies.map((body) => post(agent, body)))
        const took = performance.now() - begun
        expect(answers.every(({ status }) => status === 201)).toBe(true)
        // The disk was slow; otherwise this test would prove nothing. Posts did not take one sync each.
        expect(took).toBeGreaterThan(milliseconds)
        expect(took).toBeLessThan(bodies.length * milliseconds + 2_000)
        await socket.settle()
        await until('every message', () => socket.events.length === bodies.length)
        expect(socket.events.map(bodyOf).sort()).toEqual([...bodies].sort())
        expect(await server.stop()).toBe(0)
      },
    )
})

async function scene(site: Site, settings: Readonly<Record<string, string>>) {
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
