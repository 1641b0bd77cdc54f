// A homeserver behind real proxies, by the recipes of docs/operating.md and docs/matrix.md.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { caddySnippet, nginxSnippet } from '../../src/cli/admin/matrix/snippets'
import { temporaryDirectory } from '../home/temporary'
import { selfSigned } from '../support/certificate'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { bareDomainCaddy, hasCaddy } from './caddy'
import { PROGRAMS } from './front'
import { Fronts, ways } from './fronts'
import { bareDomainNginx, hasNginx } from './nginx'

setDefaultTimeout(120_000)

const V3 = '/_matrix/client/v3'
const LARGE = 48 * 1024 * 1024

const stack = new AsyncDisposableStack()
let fronts: Fronts
let server: ServerProcess
let token = ''

beforeAll(async () => {
  fronts = stack.use(new Fronts())
  const site = stack.use(new Site())
  server = await site.serveWith({
    SYNAPSE_PORT: fronts.port,
    SYNAPSE_MATRIX_SERVER_NAME: 'example.org',
    SYNAPSE_BASE_URL: 'https://chat.example.org',
  })
  await server.room('general')
  await server.agent('agent', 'general')
  const scopes = ['channel:*:read', 'channel:*:post']
  const wanted = { account_handle: 'agent', scopes }
  token = (await server.operator.post<{ token: string }>('/v1/admin/tokens', wanted)).body.token
  await fronts.start()
})
afterAll(() => stack.disposeAsync())

describe.each(ways)('behind $name over $protocol', (way) => {
  test.skipIf(!way.isThere)('encoded characters of a path arrive as they are', async () => {
    const by = fronts.caller(way, token)
    const made = await by.post<{ room_id: string }>(`${V3}/createRoom`, {})
    expect(made.status, made.text).toBe(200)
    const room = encodeURIComponent(made.body.room_id)
    // A type and a key with a slash, and a key that looks encoded once more.
    for (const key of ['a/b', '#x:example.org', 'a%2Fb', '$y', 'é']) {
      const path = `${V3}/rooms/${room}/state/org.example%2Ftype/${encodeURIComponent(key)}`
      expect((await by.put(path, { key })).status).toBe(200)
      expect((await by.get(path)).body).toEqual({ key })
    }
    const state = await by.get<{ type: string; state_key: string }[]>(`${V3}/rooms/${room}/state`)
    const keys = state.body.filter(({ type }) => type === 'org.example/type').map((event) => event.state_key)
    expect(keys.sort()).toEqual(['#x:example.org', '$y', 'a%2Fb', 'a/b', 'é'])
  })

  test.skipIf(!way.isThere)('a large file passes in both directions', async () => {
    const by = fronts.caller(way, token)
    const bytes = Buffer.alloc(LARGE, way.name)
    const sent = await by.fetch<{ content_uri: string }>('/_matrix/media/v3/upload', {
      method: 'POST',
      body: bytes,
    })
    expect(sent.status, sent.text).toBe(200)
    const path = sent.body.content_uri.slice('mxc:/'.length)
    const received = await by.open(`/_matrix/client/v1/media/download${path}`)
    expect(Buffer.from(await received.arrayBuffer()).equals(bytes)).toBe(true)
  })

  test.skipIf(!way.isThere)('a sync waits until something happens', async () => {
    const by = fronts.caller(way, token)
    const first = await by.get<{ next_batch: string }>(`${V3}/sync?timeout=0`)
    const waiting = by.get<{ rooms?: { join?: object } }>(
      `${V3}/sync?timeout=30000&since=${first.body.next_batch}`,
    )
    const made = await by.post<{ room_id: string }>(`${V3}/createRoom`, {})
    expect(Object.keys((await waiting).body.rooms?.join ?? {})).toEqual([made.body.room_id])
  })
})

describe('the lines that config-snippet prints', () => {
  const names = { serverName: 'example.org', upstream: '127.0.0.1:8080', maxBytes: 52_428_800 }
  const sites = [
    { ...names, host: 'chat.example.org' },
    { ...names, host: 'example.org' },
    { ...names, host: null },
    { ...names, serverName: 'example.org:8448', host: 'chat.example.org' },
  ]

  test.skipIf(!hasCaddy)('are a Caddyfile', async () => {
    using folder = temporaryDirectory()
    for (const site of sites) {
      const file = join(folder.path, 'Caddyfile')
      writeFileSync(file, caddySnippet(site))
      const child = Bun.spawn(['caddy', 'adapt', '--adapter', 'caddyfile', '--config', file], {
        stdout: 'ignore',
        stderr: 'pipe',
      })
      const said = await new Response(child.stderr).text()
      expect([await child.exited, said.includes('Error')]).toEqual([0, false])
    }
  })

  test.skipIf(!hasNginx)('are blocks of nginx', async () => {
    using folder = temporaryDirectory()
    const { cert, key } = selfSigned(folder.path)
    for (const site of sites) {
      const blocks = nginxSnippet(site)
        .replace(/ssl_certificate .*/g, `ssl_certificate ${cert};`)
        .replace(/ssl_certificate_key .*/g, `ssl_certificate_key ${key};`)
      const file = join(folder.path, 'nginx.conf')
      const logs = `pid ${folder.path}/pid; error_log ${folder.path}/log;`
      writeFileSync(file, `${logs} events {} http { access_log off; ${blocks} }`)
      const child = Bun.spawn(['nginx', '-t', '-c', file], {
        env: { ...process.env, PATH: PROGRAMS },
        stdout: 'ignore',
        stderr: 'pipe',
      })
      const said = await new Response(child.stderr).text()
      expect([await child.exited, said]).toEqual([0, expect.stringContaining('test is successful')])
    }
  })
})

describe.each([
  ['Caddy', hasCaddy, bareDomainCaddy],
  ['nginx', hasNginx, bareDomainNginx],
] as const)('the bare domain behind %s', (_, isThere, start) => {
  test.skipIf(!isThere)('says where the homeserver is, to pages of every origin', async () => {
    await using front = await start(`127.0.0.1:${fronts.port}`)
    const answer = await fetch(`${front.origin}/.well-known/matrix/client`)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(await answer.json()).toMatchObject({ 'm.homeserver': { base_url: 'https://chat.example.org' } })
    expect(await (await fetch(`${front.origin}/.well-known/matrix/server`)).json()).toEqual({
      'm.server': 'chat.example.org:443',
    })
    expect(await (await fetch(`${front.origin}/v1/health`)).text()).not.toContain('version')
  })
})
