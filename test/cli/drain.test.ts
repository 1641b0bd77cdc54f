import { expect, setDefaultTimeout, test } from 'bun:test'
import type { RunFile } from '../../src/home'
import { Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

interface Drain {
  readonly draining: boolean
  readonly in_flight: number
}

test('a drain refuses changes from the next request on, survives a restart, and lasts until it is stopped', async () => {
  await using site = new Site()
  let server = await site.serve()
  const { agent } = await site.json<{ agent: { token: string } }>('quickstart', '--yes', '--json')
  const authorization = `Bearer ${agent.token}`
  const post = async () =>
    (
      await fetch(`${server.url}/v1/messages`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ channel: 'general', body: 'hi' }),
      })
    ).status
  const read = async () =>
    (await fetch(`${server.url}/v1/messages?channel=general`, { headers: { authorization } })).status
  const ready = async () => (await fetch(`${server.url}/readyz`)).status
  expect([await post(), await read(), await ready()]).toEqual([201, 200, 200])

  expect(await site.json<Drain>('drain', 'start')).toMatchObject({ draining: true, in_flight: 0 })
  expect([await post(), await read(), await ready()]).toEqual([503, 200, 503])
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  const phase = async () => (await site.json<RunFile>('serve', '--status', '--json')).phase
  expect(await phase()).toBe('draining')
  expect(await site.run('drain', 'status')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"draining": true'),
  })

  await server.stop()
  server = await site.serve()
  expect([await post(), await read(), await phase()]).toEqual([503, 200, 'draining'])
  await until('the banner', () => server.stderr.includes('draining: yes'))
  expect((await site.run('doctor', '--json')).stdout).toContain('draining, for less than an hour')

  // An admin on another machine can still sign in.
  const words = ['--account', 'system', '--scopes', 'admin:*']
  const made = await site
    .json<{ token: string }>('add-account', '--kind', 'agent', '--handle', 'system-2')
    .catch(() => null)
  expect(made).not.toBeNull()
  const { token } = await site.json<{ token: string }>('issue-token', ...words.with(1, 'system-2'))
  const stopped = await site.runWith({ SYNAPSE_ADMIN_TOKEN: token }, 'drain', 'stop', '--url', server.url)
  expect({ code: stopped.code, stderr: stopped.stderr }).toEqual({ code: 0, stderr: '' })
  expect([await post(), await ready(), await phase()]).toEqual([201, 200, 'ready'])
})

test('a drain can be started while no server runs', async () => {
  await using site = new Site()
  await site.json('init', '--json')
  expect(await site.json<Drain>('drain', 'start')).toMatchObject({ draining: true })
  const server = await site.daemon()
  expect(server.run.phase).toBe('draining')
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
})

test('drain status exits with 1 while a request is still running', async () => {
  await using site = new Site()
  const server = await site.serve()
  const { promise, resolve } = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      controller.enqueue(new TextEncoder().encode('{"handle":'))
      await promise
      controller.enqueue(new TextEncoder().encode('"ada","password":"x"}'))
      controller.close()
    },
  })
  const login = fetch(`${server.url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  const busy = async () => (await site.run('drain', 'status')).code
  while ((await busy()) !== 1) await Bun.sleep(20)
  resolve()
  expect((await login).status).toBe(401)
  expect(await busy()).toBe(0)
})
