// `synapse mcp`, started by the official client as clients that start programs do.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { REVISIONS, Tools, toolCall } from './scene'

// The tests start, kill and await processes.
setDefaultTimeout(120_000)

let site: Site
let server: ServerProcess
let token: string
let tokenFile: string
beforeAll(async () => {
  site = new Site()
  server = await site.serve()
  await server.room('general')
  token = await server.agent('cairn', 'general')
  const folder = join(site.userHome, '.synapse')
  mkdirSync(folder, { mode: 0o700 })
  tokenFile = join(folder, 'cairn.token')
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
})
afterAll(() => site[Symbol.asyncDispose]())

const [command = '', ...words] = new Site().program

/** Starts the bridge and connects to it. */
async function bridge(
  options: { readonly url?: string; readonly env?: Record<string, string>; readonly revision?: string } = {},
) {
  const { url = server.url, env = {}, revision = '2025-11-25' } = options
  const transport = new StdioClientTransport({
    command,
    args: [...words, 'mcp', '--url', url],
    env: { ...site.environment, SYNAPSE_HANDLE: 'cairn', ...env },
    cwd: site.userHome,
    stderr: 'pipe',
  })
  let said = ''
  transport.stderr?.on('data', (chunk) => (said += String(chunk)))
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: revision === '2025-11-25' ? 'legacy' : { pin: revision } } },
  )
  await client.connect(transport)
  const tools = new Tools(client)
  return { tools, client, said: () => said, [Symbol.asyncDispose]: () => tools[Symbol.asyncDispose]() }
}

/** Runs the bridge with some lines on its stdin, to its end. */
async function spoken(lines: readonly (object | string)[], env: Record<string, string> = {}) {
  const input = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
  const cmd = [command, ...words, 'mcp', '--url', server.url]
  const { code, stdout, stderr } = await site.spawn(cmd, { SYNAPSE_HANDLE: 'cairn', ...env }, input)
  const answers = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  return { code, stderr, answers }
}

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' } as const

describe.each(REVISIONS)('the bridge by the revision %s', (revision) => {
  test('a client that starts it uses the tools of the server', async () => {
    await using b = await bridge({ revision })
    expect(b.client.getNegotiatedProtocolVersion()).toBe(revision)
    expect((await b.client.listTools()).tools).toHaveLength(8)
    const { id } = await b.tools.done('synapse_post', { channel: 'general', body: `by ${revision}` })
    const { body } = await server.as(token).get(`/v1/messages/${id}`)
    expect(body).toMatchObject({ body: `by ${revision}`, sender_handle: 'cairn', via: 'mcp' })
    expect((await b.tools.call('synapse_post', { channel: 'nowhere', body: 'x' })).structured).toMatchObject({
      code: 'channel_not_found',
    })
    expect(b.said()).toBe('')
  })
})

test('a call does not wait for another one, and a cancelled one ends at the server', async () => {
  await using b = await bridge()
  const ending = new AbortController()
  const given = { name: 'synapse_await', arguments: { channel: 'general', timeout: 25 } }
  // As many waits as one credential may have. The question whether it is full takes one for a moment.
  const wait = async () => {
    while ((await b.client.callTool(given, { signal: ending.signal })).isError === true);
  }
  const waits = Array.from({ length: 8 }, wait)
  const ended = Promise.allSettled(waits)
  const isFull = async () => {
    const one = await server.as(token).get<{ code?: string }>('/v1/messages?channel=general&since=now&wait=1')
    return one.body.code === 'too_many_streams' ? true : undefined
  }
  await until('the waits', isFull)
  await b.tools.done('synapse_status')
  ending.abort()
  expect((await ended).map(({ status }) => status)).toEqual(waits.map(() => 'rejected'))
  await until('their end', async () => ((await isFull()) === true ? undefined : true))
})

test('a call during a restart of the server is carried out once, when it is back', async () => {
  const own = new Site()
  await using _ = own
  const first = await own.serve()
  await first.room('general')
  const secret = await first.agent('cairn', 'general')
  const port = new URL(first.url).port
  await using b = await bridge({ url: first.url, env: { SYNAPSE_TOKEN: secret } })
  await b.tools.done('synapse_status')
  await first.stop()
  const posted = b.tools.done('synapse_post', { channel: 'general', body: 'patient' })
  await until('its note', () => (b.said().includes('nothing listens there; trying again') ? true : undefined))
  const second = await own.serveWith({ SYNAPSE_PORT: port })
  await posted
  const { body } = await second.as(secret).get<{ messages: unknown[] }>('/v1/messages?channel=general')
  expect(body.messages).toHaveLength(1)
  expect(b.said()).toContain('answers again')
})

test('a token that was replaced is read again', async () => {
  await using b = await bridge()
  const rotated = await server.as(token).post<{ token: string }>('/v1/auth/rotate', { grace_s: 0 })
  expect(rotated.status).toBe(201)
  writeFileSync(tokenFile, `${rotated.body.token}\n`)
  token = rotated.body.token
  expect(await b.tools.done('synapse_status')).toMatchObject({ me: { handle: 'cairn' } })
})

test('without a token it ends at once, and says how to save one', async () => {
  const { code, stderr, answers } = await spoken([ping], { SYNAPSE_HANDLE: 'nobody' })
  expect([code, answers]).toEqual([3, []])
  expect(stderr).toContain('synapse setup')
})

test('a refused token is an error for each request, which names where the token is from', async () => {
  const { answers } = await spoken([ping], { SYNAPSE_TOKEN: 'syn_wrong' })
  expect(answers).toMatchObject([
    { id: 1, error: { message: 'Invalid token: the token is from SYNAPSE_TOKEN' } },
  ])
  expect(JSON.stringify(answers)).not.toContain('syn_wrong')
})

test('lines that are no messages are refused, and notifications are not answered', async () => {
  const { code, answers } = await spoken([
    'no json',
    '',
    '[1]',
    '7',
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', id: 9, result: {} },
    ping,
  ])
  expect(code).toBe(0)
  expect(answers.filter(({ id }) => id === null).map(({ error }) => error.code)).toEqual([
    -32700, -32600, -32600,
  ])
  expect(answers.filter(({ id }) => id !== null)).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }])
})

test('what the client has sent before it closed stdin is answered, and a wait is not waited for', async () => {
  const wait = toolCall('synapse_await', { channel: 'general', timeout: 25 }, 'wait')
  const { code, answers } = await spoken([wait, toolCall('synapse_status', {}, 'status')])
  expect([code, answers.map(({ id }) => id)]).toEqual([0, ['status']])
})

test('an address that is no server, or has no MCP, is named in the error', async () => {
  const plain = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () => new Response('<html>', { status: 200 }),
  })
  try {
    const cmd = [command, ...words, 'mcp', '--url', `http://127.0.0.1:${plain.port}`]
    const { stdout } = await site.spawn(cmd, { SYNAPSE_TOKEN: 'x' }, `${JSON.stringify(ping)}\n`)
    expect(JSON.parse(stdout).error.message).toContain('and not as an MCP server')
  } finally {
    await plain.stop(true)
  }
  await server.operator.put('/v1/config/mcp.enabled', { value: false })
  const { answers } = await spoken([ping])
  expect(answers).toMatchObject([{ id: 1, error: { message: expect.stringContaining('mcp.enabled') } }])
  await server.operator.delete('/v1/config/mcp.enabled')
})

test('a token file that others can read is named on stderr', async () => {
  chmodSync(tokenFile, 0o644)
  const { stderr } = await spoken([ping])
  chmodSync(tokenFile, 0o600)
  expect(stderr).toContain(`chmod 600 ${tokenFile}`)
  rmSync(tokenFile)
})
