import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pairLink, readPairLink } from '../../src/cli/pair/link'
import { codeLines } from '../../src/cli/pair/qr'
import { modulesOf, readQr } from '../support/qr'
import { Site } from '../support/site'

interface Paired {
  readonly id: string
  readonly device: string
  readonly state: string
  readonly url: string
  readonly link: string
  readonly code: string
  readonly token?: string
}

/** A running server with a person, who is an admin, and an agent. */
async function served() {
  const site = new Site()
  // A command takes a tenth of the time while a server runs.
  const server = await site.serve()
  await site.json('quickstart', '--yes', '--json')
  const token = (handle: string) => join(site.userHome, '.synapse', `${handle}.token`)
  const me = async (handle: string) => {
    const authorization = `Bearer ${readFileSync(token(handle), 'utf8').trim()}`
    // What the server says about a token.
    return (await (await fetch(`${server.url}/v1/auth/me`, { headers: { authorization } })).json()) as {
      handle: string
      scopes: string[]
    }
  }
  return { site, server, token, me, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() }
}

test('a pairing link holds the payload of the test vector', () => {
  const payload = { url: 'http://192.168.1.20:8080', code: 'AAECAwQFBgcICQoLDA0ODw', device: 'phone-x' }
  const fragment =
    'eyJ2IjoxLCJ1cmwiOiJodHRwOi8vMTkyLjE2OC4xLjIwOjgwODAiLCJjb2RlIjoiQUFFQ0F3UUZCZ2NJQ1FvTERBME9EdyIsImRldmljZSI6InBob25lLXgifQ'
  expect(pairLink(payload)).toBe(`http://192.168.1.20:8080/pair#${fragment}`)
  expect(readPairLink(`http://192.168.1.20:8080/pair#${fragment}`)).toEqual(payload)
  expect(readPairLink(fragment)).toEqual(payload)
  for (const bad of ['', 'x', 'http://x/pair#', 'http://x/pair#e30', `${fragment.slice(0, -8)}`])
    expect(() => readPairLink(bad)).toThrow('this is not a link of synapse pair')
})

test('a QR code is drawn for light and dark terminals, and scans as its text', async () => {
  const { encode } = await import('uqr')
  for (const text of [
    'A',
    pairLink({ url: 'https://chat.example.org', code: 'x'.repeat(22), device: 'ü' }),
  ]) {
    const { data } = encode(text, { ecc: 'L', border: 2 })
    expect(readQr(data)).toBe(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal are these
    const coloured = codeLines(data, true).map((line) => line.replaceAll(/\u001b\[[\d;]*m/g, ''))
    expect(readQr(modulesOf(coloured, true))).toBe(text)
    expect(readQr(modulesOf(codeLines(data, false), false))).toBe(text)
  }
})

describe('pair and join', () => {
  test('join stores the token in a file for its owner alone', async () => {
    await using s = await served()
    const paired = await s.site.json<Paired>('pair', '--device', 'cli-x', '--account', 'assistant', '--json')
    expect(paired).toMatchObject({ device: 'cli-x', state: 'active', url: s.server.url })
    const joined = await s.site.json<{ token_file: string }>('join', paired.link)
    expect(joined).toMatchObject({
      url: s.server.url,
      handle: 'assistant',
      kind: 'agent',
      scopes: ['channel:*:read', 'channel:*:post'],
      expires_at: null,
      token_file: s.token('assistant'),
    })
    expect(statSync(s.token('assistant')).mode & 0o777).toBe(0o600)
    expect(statSync(join(s.site.userHome, '.synapse')).mode & 0o777).toBe(0o700)
    expect(await s.me('assistant')).toMatchObject({ handle: 'assistant' })
    expect(JSON.stringify(joined)).not.toContain(readFileSync(s.token('assistant'), 'utf8').trim())
    const again = await s.site.run('join', paired.link)
    expect([again.code, again.stderr]).toEqual([1, 'error: This code was used; make another one\n'])
  })

  test('join takes the typed code and replaces an older token', async () => {
    await using s = await served()
    mkdirSync(join(s.site.userHome, '.synapse'), { mode: 0o755 })
    writeFileSync(s.token('admin'), 'old', { mode: 0o644 })
    const { code } = await s.site.json<Paired>('pair', '--device', 'viewer-x', '--json')
    await s.site.json('join', '--url', s.server.url, '--code', code.toLowerCase())
    expect(await s.me('admin')).toMatchObject({ handle: 'admin', scopes: ['channel:*:read'] })
    expect(statSync(s.token('admin')).mode & 0o777).toBe(0o600)
    expect(statSync(join(s.site.userHome, '.synapse')).mode & 0o777).toBe(0o700)
  })

  test('a link of pair --direct holds the token', async () => {
    await using s = await served()
    const words = ['--device', 'script', '--account', 'assistant', '--scopes', 'channel:general:read']
    const paired = await s.site.json<Paired>('pair', ...words, '--direct', '--json')
    expect(readPairLink(paired.link)).toEqual({
      url: s.server.url,
      token: paired.token ?? '',
      device: 'script',
    })
    await s.site.json('join', paired.link)
    expect(await s.me('assistant')).toMatchObject({ scopes: ['channel:general:read'] })
  })

  test('pair shows a QR code, the link, and what to type', async () => {
    await using s = await served()
    const url = 'http://192.168.1.20:8080'
    const { code, stdout, stderr } = await s.site.run('pair', '--device', 'phone-x', '--url', `${url}/`)
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n')
    expect(lines[0]).toBe('phone-x as @admin (channel:*:read, channel:*:post)')
    const link = lines.find((line) => line.startsWith('http')) ?? ''
    const drawn = lines.slice(2, lines.indexOf(link) - 1)
    expect(readQr(modulesOf(drawn, false))).toBe(link)
    expect(drawn[0]?.length).toBeLessThanOrEqual(61)
    expect(readPairLink(link)).toMatchObject({ url, device: 'phone-x' })
    expect(stdout).toMatch(/\/pair and type [0-9A-Z]{4}-[0-9A-Z]{8}\n/)
    const plain = await s.site.run('pair', '--device', 'phone-x', '--no-qr')
    expect(plain.stdout).not.toContain('█')
    expect(plain.stderr).toBe(
      `Only this machine can reach ${s.server.url}. Give another address with --url.\n`,
    )
  })

  test('pair list shows devices, and pair revoke revokes one by its label or id', async () => {
    await using s = await served()
    const first = await s.site.json<Paired>('pair', '--device', 'cli-x', '--account', 'assistant', '--json')
    await s.site.json('join', first.link)
    const second = await s.site.json<Paired>('pair', '--device', 'phone-x', '--json')
    const list = () => s.site.json<Paired[]>('pair', 'list')
    expect((await list()).map(({ device, state }) => [device, state])).toEqual([
      ['cli-x', 'redeemed'],
      ['phone-x', 'active'],
    ])
    expect(await s.site.json<Paired[]>('pair', 'revoke', 'cli-x')).toMatchObject([{ id: first.id }])
    expect(await s.me('assistant')).toMatchObject({ code: 'invalid_token' })
    await s.site.json('pair', 'revoke', second.id)
    expect((await list()).map(({ state }) => state)).toEqual(['revoked', 'revoked'])
    const unknown = await s.site.run('pair', 'revoke', 'nothing')
    expect([unknown.code, unknown.stderr]).toEqual([4, 'error: there is no device nothing\n'])
  })

  test('pair works while no server runs, and join does not', async () => {
    await using site = new Site()
    await site.json('quickstart', '--yes', '--json')
    const { code, link } = await site.json<Paired>('pair', '--device', 'phone-x', '--json')
    expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{8}$/)
    expect((await site.run('join', link.replace('8080', '1'))).code).toBe(8)
  })

  test('pair and join say what is wrong with a command line and never print the code', async () => {
    await using site = new Site()
    const link = pairLink({ url: 'http://127.0.0.1:1', code: 'canary', device: 'x' })
    for (const [words, problem] of [
      [['pair'], '--device is missing'],
      [['pair', '--device', 'x', '--ttl', 'soon'], '--ttl must be a duration'],
      [['pair', '--device', 'x', '--url', 'nonsense'], '--url must be the address of a server'],
      [['join'], 'join needs a link, or --url and --code'],
      [['join', link, '--code', 'x'], 'a link already contains the address and the code'],
      [['join', link.slice(0, -9)], 'this is not a link of synapse pair'],
      [['join', '--url', 'http://127.0.0.1:1'], 'join needs a link'],
    ] as const) {
      const { code, stderr } = await site.run(...words)
      expect([code, stderr]).toEqual([2, expect.stringContaining(problem)])
      expect(stderr).not.toContain('canary')
    }
  })
})

test('issue-token accepts --actors', async () => {
  await using site = new Site()
  await site.serve()
  await site.json('quickstart', '--yes', '--json')
  const words = ['issue-token', '--account', 'assistant', '--scopes', 'channel:*:read']
  expect(await site.json(...words, '--actors', 'ada, cairn')).toMatchObject({ actors: ['ada', 'cairn'] })
  expect(await site.json(...words)).not.toHaveProperty('actors')
})
