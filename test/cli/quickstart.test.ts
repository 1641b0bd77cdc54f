import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { joinSnippet } from '../../src/cli/lib/join-snippet'
import type { QuickstartFacts } from '../../src/cli/quickstart/text'
import { Site } from '../support/site'

// Every test starts programs, some of which wait for one another.
setDefaultTimeout(120_000)

/** The bodies in a channel, as the agent with this token reads them. */
async function bodies(url: string, token: string, channel: string): Promise<string[]> {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${url}/v1/messages?channel=${channel}`, { headers })
  const { messages } = (await answer.json()) as { messages: { body: string }[] }
  return messages.map(({ body }) => body)
}

function login(url: string, handle: string, password: string | undefined): Promise<Response> {
  return fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle, password }),
  })
}

/** The shell lines in the text: from the first one to the end of the curl command. */
function snippetIn(text: string): string {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line.startsWith('mkdir'))
  return lines.slice(first, lines.indexOf('', first)).join('\n')
}

describe('quickstart --yes', () => {
  test('quickstart creates an admin, a channel and an agent, and the lines it prints post a message', async () => {
    await using site = new Site()
    const { url } = await site.serve()
    const facts = await site.json<QuickstartFacts>('quickstart', '--yes', '--json')
    expect(facts).toMatchObject({
      admin: { handle: 'admin', created: true, made_admin: true },
      channel: { slug: 'general', created: true },
      agent: { handle: 'assistant', created: true, joined: true },
      url,
      running: true,
    })
    expect((await login(url, 'admin', facts.admin.password)).status).toBe(200)
    expect(await site.json<unknown>('list-members', 'general')).toEqual([
      expect.objectContaining({ account: 'admin', role: 'admin' }),
      expect.objectContaining({ account: 'assistant', role: 'member' }),
    ])

    const pasted = await site.spawn(['sh'], {}, facts._next)
    expect(pasted).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(pasted.stdout)).toMatchObject({ channel: 'general', sender_handle: 'assistant' })
    expect(await bodies(url, facts.agent.token, 'general')).toEqual(['Hello from assistant.'])
    const clients = join(site.userHome, '.synapse')
    expect(statSync(clients).mode & 0o777).toBe(0o700)
    expect(statSync(join(clients, 'assistant.token')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(clients, 'assistant.token'), 'utf8')).toBe(`${facts.agent.token}\n`)
  })

  test('quickstart works before the first start, and its lines work once the server runs', async () => {
    await using site = new Site()
    // A port that was free a moment ago, and that no other program is likely to take.
    const probe = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    const port = String(probe.port)
    await probe.stop(true)
    site.environment.SYNAPSE_PORT = port
    const { code, stdout } = await site.run(
      'quickstart',
      '--yes',
      '--admin',
      'clint',
      '--channel',
      'family-ops',
      '--agent',
      'cairn',
    )
    expect(code).toBe(0)
    for (const part of ['@clint', '#family-ops', '@cairn', 'Start the server', `serve --home ${site.home}`])
      expect(stdout).toContain(part)
    await site.serve()
    const pasted = await site.spawn(['bash'], {}, snippetIn(stdout))
    expect(pasted).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(pasted.stdout)).toMatchObject({ channel: 'family-ops', sender_handle: 'cairn' })
  })

  test('quickstart leads to the page to sign in at, and where a phone can reach it, to a code to scan', async () => {
    await using site = new Site()
    const near = await site.run('quickstart', '--yes')
    expect(near.stdout).toContain('Sign in as @admin: http://127.0.0.1:')
    expect(near.stdout).not.toContain('curl -sS -c')
    expect(near.stdout).not.toContain('pair --device')
    const { url } = await site.serve()
    const page = await fetch(`${url}/`)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const address = 'http://nas.local:8080'
    expect((await site.run('config', 'set', 'base_url', address)).code).toBe(0)
    const far = await site.run('quickstart', '--yes')
    expect(far.stdout).toContain(`Sign in as @admin: ${address}/ in a browser`)
    const { pair } = await site.json<QuickstartFacts>('quickstart', '--yes', '--json')
    expect(far.stdout).toContain(`On a phone: ${pair} shows a code to scan`)
    const words = pair?.split(' ').slice(pair.split(' ').indexOf('pair')) ?? []
    const shown = await site.json<{ link: string; account_handle: string }>(...words, '--json')
    expect(shown).toMatchObject({
      account_handle: 'admin',
      link: expect.stringContaining(`${address}/pair#`),
    })
  })

  test('quickstart can be repeated: it uses what exists and issues another token', async () => {
    await using site = new Site()
    await site.json('add-account', '--kind', 'human', '--handle', 'ada', '--password', 'correct horse')
    await site.json('add-channel', 'general', 'General')
    await site.json('add-member', 'ada', 'general')
    const first = await site.json<QuickstartFacts>('quickstart', '--yes', '--json', '--admin', 'Ada')
    expect(first.admin).toEqual({ handle: 'ada', created: false, made_admin: true })
    expect(first.channel).toEqual({ slug: 'general', created: false, admin_membership: 'changed' })
    const second = await site.json<QuickstartFacts>('quickstart', '--yes', '--json', '--admin', 'ada')
    expect(second).toMatchObject({
      admin: { created: false, made_admin: false },
      channel: { created: false, admin_membership: 'kept' },
      agent: { created: false, joined: false },
    })
    expect(second.agent.token).not.toBe(first.agent.token)
    const text = await site.run('quickstart', '--yes', '--admin', 'ada')
    expect(text.stdout).toContain('existed')
    expect(text.stdout).toContain('the one it has')
    const { url } = await site.serve()
    expect((await login(url, 'ada', 'correct horse')).status).toBe(200)
  })

  test('quickstart names what prevents it', async () => {
    await using site = new Site()
    await site.json('quickstart', '--yes', '--json')
    await site.json('archive-channel', 'general')
    const cases: [words: string[], code: number, message: string][] = [
      [['--admin', 'assistant', '--agent', 'other'], 5, '@assistant is an agent'],
      [['--agent', 'admin', '--admin', 'ada', '--channel', 'two'], 2, 'Tokens are for agents only'],
      [['--admin', 'x', '--agent', 'X'], 2, 'two different handles'],
      [[], 5, 'synapse unarchive-channel general'],
    ]
    for (const [words, code, message] of cases) {
      const finished = await site.run('quickstart', '--yes', ...words)
      expect({ words, ...finished }).toMatchObject({ words, code, stderr: expect.stringContaining(message) })
    }
  })
})

describe('quickstart at a terminal', () => {
  test('quickstart asks for what is missing and shows a generated password once', async () => {
    await using site = new Site()
    const { code, stdout } = await site.type(
      [
        ['[admin]', 'clint\r'],
        ['[clint]', 'Clint\r'],
        ['Password for clint', '\r'],
        ['[general]', '\r'],
      ],
      ...['quickstart', '--agent', 'cairn'],
    )
    expect(code).toBe(0)
    for (const part of ['@clint', '#general', '@cairn', 'shown once', 'Paste this'])
      expect(stdout).toContain(part)
    expect(await site.json<unknown>('list-accounts')).toContainEqual(
      expect.objectContaining({ handle: 'clint', display_name: 'Clint', is_admin: true }),
    )
  })

  test('quickstart prints colours, unless NO_COLOR is set', async () => {
    await using site = new Site()
    const colourful = await site.type([], 'quickstart', '--yes')
    expect(colourful.code).toBe(0)
    expect(colourful.stdout).toContain('\u001b[')
    site.environment.NO_COLOR = '1'
    const plain = await site.type([], 'quickstart', '--yes')
    expect(plain.code).toBe(0)
    expect(plain.stdout).not.toContain('\u001b[')
  })
})

describe('the join lines', () => {
  test('the join lines work in every shell with any text in them', async () => {
    const received: string[] = []
    using server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      async fetch(request) {
        received.push(`${request.headers.get('authorization')} ${await request.text()}`)
        return new Response('ok')
      },
    })
    await using site = new Site()
    const token = "syn_it's $HOME `id` \\n %s"
    const lines = joinSnippet({
      url: `http://127.0.0.1:${server.port}`,
      handle: 'cairn',
      token,
      channel: 'ops',
    })
    for (const shell of ['sh', 'bash', 'zsh', 'dash'].filter((name) => Bun.which(name) !== null)) {
      const HOME = mkdtempSync(join(site.userHome, 'with space '))
      const pasted = await site.spawn([shell], { HOME }, lines)
      expect({ shell, ...pasted }).toEqual({ shell, code: 0, stdout: 'ok', stderr: '' })
      expect(received.at(-1)).toBe(`Bearer ${token} {"channel":"ops","body":"Hello from cairn."}`)
    }
    const reader = joinSnippet({ url: `http://127.0.0.1:${server.port}`, handle: 'cairn', token })
    expect((await site.spawn(['sh'], {}, reader)).stdout).toBe('ok')
  })
})
