// `synapse conformance` against real servers: one that keeps the contract, and some that do not.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { ROWS } from '../../src/cli/conformance/rows'
import { rejectionOf } from '../home/temporary'
import type { ServerProcess } from '../support/server-process'
import { program, Site } from '../support/site'

setDefaultTimeout(120_000)

let site: Site
let server: ServerProcess
let token: string
beforeAll(async () => {
  site = new Site()
  server = await site.serveWith({ SYNAPSE_CHAIN_LIMIT: '1' })
  await site.json('add-account', '--kind', 'agent', '--handle', 'chief')
  token = (await site.json<{ token: string }>('issue-token', '--account', 'chief', '--scopes', 'admin:*'))
    .token
})
afterAll(() => site[Symbol.asyncDispose]())

interface Report {
  readonly holds: number
  readonly differs: number
  readonly skipped: number
  readonly rules: readonly {
    readonly rule: string
    readonly part: 1 | 2
    readonly result: string
    readonly detail?: string
  }[]
}

const check = (url: string, ...words: string[]) =>
  site.runWith({ SYNAPSE_ADMIN_TOKEN: token }, 'conformance', '--url', url, ...words)

/** A server in front of the real one that changes its answers. */
function lyingServer(change: (request: Request, answer: Response) => Response | Promise<Response>) {
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 100,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const { method, headers, body } = request
      const answer = await fetch(`${server.url}${pathname}${search}`, {
        method,
        headers,
        body,
        redirect: 'manual',
      })
      return change(request, answer)
    },
  })
}

describe('conformance', () => {
  test('this server keeps every rule, and what was made for it is archived', async () => {
    const { code, stdout, stderr } = await check(server.url, '--json')
    const report = JSON.parse(stdout) as Report
    const wrong = report.rules.filter(({ result }) => result !== 'holds')
    expect(wrong, stderr).toEqual([])
    expect([code, report.holds, report.differs, report.skipped]).toEqual([0, ROWS.length, 0, 0])
    const accounts = await site.json<{ handle: string; archived: boolean }[]>('list-accounts')
    const made = accounts.filter(({ handle }) => handle.startsWith('conformance-'))
    expect(made.map(({ archived }) => archived)).toEqual([true, true, true, true, true])
    const channels = await site.json<{ slug: string; archived: boolean }[]>('list-channels')
    // A direct channel is not archived.
    expect(channels.filter(({ slug, archived }) => !archived && !slug.startsWith('dm-'))).toEqual([])
  })

  test('a part can be checked alone, one line for each rule', async () => {
    const { code, stdout } = await check(server.url, '--part', '1')
    const lines = stdout.trimEnd().split('\n')
    const ofPart = ROWS.filter(({ part }) => part === 1)
    expect(code).toBe(0)
    expect(lines.at(-1)).toBe(`${ofPart.length} rules hold, 0 differ, 0 skipped`)
    expect(lines.slice(0, -1)).toEqual(
      ofPart.map(({ part, page, rule }) => ['holds', part, page, rule].join('\t')),
    )
  })

  test('a server that differs ends it with 1, and the rule is told with what was found', async () => {
    const liar = lyingServer(async (request, answer) => {
      const text = await answer.text()
      const isPost = request.method === 'POST' && new URL(request.url).pathname === '/v1/messages'
      const changed = isPost && answer.status === 201 ? text.replace('"thread_id":', '"thread":') : text
      const headers = new Headers(answer.headers)
      headers.delete('content-length')
      headers.delete('content-encoding')
      return new Response(answer.status === 204 ? null : changed, { status: answer.status, headers })
    })
    try {
      const { code, stdout } = await check(`http://127.0.0.1:${liar.port}`, '--part', '1', '--json')
      const { rules } = JSON.parse(stdout) as Report
      expect(code).toBe(1)
      const found = rules.find(({ rule }) => rule.startsWith('a post is answered with 201'))
      expect(found).toMatchObject({ result: 'differs', detail: expect.stringContaining('"thread"') })
    } finally {
      await liar.stop(true)
    }
  })

  test('what a server does not offer is skipped', async () => {
    await server.operator.put('/v1/config/chain.limit', { value: 0 })
    const { code, stdout } = await check(server.url, '--part', '2', '--json')
    await server.operator.delete('/v1/config/chain.limit')
    const { rules } = JSON.parse(stdout) as Report
    expect(code).toBe(0)
    expect(rules.filter(({ result }) => result === 'skipped')).toMatchObject([
      { detail: 'chain.limit of the server is 0' },
    ])
  })

  test('an answer that cannot be written ends it with 1, and what was made is archived', async () => {
    const line = `"$@" conformance --url ${server.url} --part 1 > /dev/full`
    const { code, stderr } = await site.spawn(['sh', '-c', line, 'sh', ...program], {
      SYNAPSE_ADMIN_TOKEN: token,
    })
    expect([code, stderr]).toEqual([1, expect.stringContaining('the answer could not be written')])
    const accounts = await site.json<{ handle: string; archived: boolean }[]>('list-accounts')
    expect(accounts.filter(({ handle, archived }) => handle.startsWith('conformance-') && !archived)).toEqual(
      [],
    )
  })

  test('a signal ends it, and what was made is archived', async () => {
    const child = Bun.spawn([...program, 'conformance', '--url', server.url], {
      env: { ...site.environment, SYNAPSE_ADMIN_TOKEN: token },
      stdout: 'pipe',
      stderr: 'ignore',
    })
    site.remember(child.pid)
    const reader = child.stdout.getReader()
    await reader.read()
    child.kill('SIGINT')
    while (!(await reader.read()).done);
    expect(await child.exited).toBe(130)
    const accounts = await site.json<{ handle: string; archived: boolean }[]>('list-accounts')
    expect(accounts.filter(({ handle, archived }) => handle.startsWith('conformance-') && !archived)).toEqual(
      [],
    )
  })

  test('what was made is archived if not everything can be made', async () => {
    const liar = lyingServer((request, answer) =>
      new URL(request.url).pathname === '/v1/auth/login' ? new Response('{}', { status: 500 }) : answer,
    )
    try {
      const { code, stderr } = await check(`http://127.0.0.1:${liar.port}`)
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('POST /v1/auth/login: expected 200, got 500'),
      ])
    } finally {
      await liar.stop(true)
    }
    const accounts = await site.json<{ handle: string; archived: boolean }[]>('list-accounts')
    expect(accounts.filter(({ handle, archived }) => handle.startsWith('conformance-') && !archived)).toEqual(
      [],
    )
  })

  test('without a server, a token, or its rights, the exit status says so, and nothing is made', async () => {
    const before = (await site.json<object[]>('list-accounts')).length
    expect((await check('http://127.0.0.1:9')).code).toBe(8)
    expect((await site.run('conformance', '--url', server.url)).code).toBe(3)
    await site.json('add-account', '--kind', 'agent', '--handle', 'weak')
    const scopes = ['--scopes', 'channel:*:read']
    const weak = (await site.json<{ token: string }>('issue-token', '--account', 'weak', ...scopes)).token
    const { code, stderr } = await site.runWith(
      { SYNAPSE_ADMIN_TOKEN: weak },
      'conformance',
      '--url',
      server.url,
    )
    expect([code, stderr]).toEqual([3, expect.stringContaining('admin:*')])
    expect((await site.json<object[]>('list-accounts')).length).toBe(before + 1)
  })
})

describe('every rule can fail', () => {
  const answer = (status: number, text: string) =>
    new Response(text, { status, headers: { 'content-type': 'application/json' } })

  test.each([
    ['an empty object', () => answer(200, '{}')],
    ['a refusal of everything', () => answer(418, '{"detail":"no"}')],
  ] as const)('a server that answers %s keeps no rule', async (_, say) => {
    const { Lab } = await import('../../src/cli/conformance/lab')
    let isLying = false
    const liar = lyingServer((_, real) => (isLying ? say() : real))
    const url = `http://127.0.0.1:${liar.port}`
    const lab = await Lab.open(url, token)
    isLying = true
    try {
      for (const { rule, check } of ROWS) {
        const error = await rejectionOf(check(lab)).catch(() => undefined)
        expect(error, rule).toBeDefined()
      }
    } finally {
      isLying = false
      await lab.close()
      await liar.stop(true)
    }
  })
})
