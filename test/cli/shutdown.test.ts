import { expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readRunFile } from '../../src/home'
import { RawConnection } from '../support/raw-socket'
import { Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

test('SIGTERM closes streams, long polls and sockets cleanly, finishes running requests, and leaves no files', async () => {
  await using site = new Site()
  const server = await site.serve()
  const { agent } = await site.json<{ agent: { token: string } }>('quickstart', '--yes', '--json')
  const authorization = `Bearer ${agent.token}`
  const { host } = new URL(server.url)

  const stream = await fetch(`${server.url}/v1/events`, {
    headers: { authorization, accept: 'text/event-stream' },
  })
  const streamed = stream.text()
  const waiting = fetch(`${server.url}/v1/messages?channel=general&wait=60`, { headers: { authorization } })
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/ws`, { headers: { authorization } })
  const closed = new Promise<number>((resolve) => (socket.onclose = ({ code }) => resolve(code)))
  await new Promise((resolve) => (socket.onmessage = resolve))

  // A request whose body has arrived in part.
  using slow = await RawConnection.open(server.url)
  const body = JSON.stringify({ channel: 'general', body: 'the last word' })
  slow.write(
    `POST /v1/messages HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${authorization}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
  )
  await fetch(`${server.url}/healthz`)

  const began = performance.now()
  server.signal('SIGTERM')
  await until('the stop to begin', () => readRunFile(site.paths.runFile)?.phase === 'stopping')
  expect(await closed).toBe(1001)
  expect(await streamed).toEndWith('event: shutdown\ndata: {}\n\n')
  expect((await waiting).status).toBe(200)
  await fetch(`${server.url}/healthz`).then(
    () => expect.unreachable('a new connection was taken'),
    () => {},
  )
  slow.write(body.slice(10))
  await slow.when(() => slow.buffered.includes('\r\n\r\n') || undefined)
  expect(slow.buffered.toString()).toStartWith('HTTP/1.1 201')
  expect(await server.exited).toBe(0)
  expect(performance.now() - began).toBeLessThan(20_000)

  const { run, state, database } = site.paths
  expect(readdirSync(run).filter((name) => !name.startsWith('lock.db'))).toEqual([])
  expect(existsSync(`${database}-wal`) && statSync(`${database}-wal`).size).toBeFalsy()
  const mark: { last_seq: number } = JSON.parse(readFileSync(state, 'utf8'))
  const again = await site.serve()
  const health = await fetch('http://localhost/v1/health', { unix: site.paths.socket })
  expect(await health.json()).toMatchObject({ last_seq: mark.last_seq })
  expect(await again.stop()).toBe(0)
})
