/**
 * The compose files, as far as they can be checked without an engine: what they say, the server that they would start,
 * and the scripts that run commands in its container.
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { QuickstartFacts } from '../../src/cli/quickstart/text'
import { parsed } from '../support/finished'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { Site } from '../support/site'
import { instructionOf } from './image'
import { CHECKOUT, theRelease } from './release'

setDefaultTimeout(120_000)

interface Service {
  readonly build?: string
  readonly image: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly networks?: readonly string[]
}

interface Project {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, null>>
  readonly networks?: {
    readonly proxy: { readonly ipam: { readonly config: { readonly subnet: string }[] } }
  }
}

type Env = Readonly<Record<string, string>>

/** The file with the variables of `.env` in it. Compose, too, reads the file first and fills its texts then. */
function project(file: string, env: Env = {}): Project {
  const read = Bun.YAML.parse(readFileSync(join(CHECKOUT, file), 'utf8'))
  // The shape is checked by the tests below.
  return filled(read, env) as Project
}

function filled(value: unknown, env: Env): unknown {
  if (typeof value === 'string') return filledText(value, env)
  if (Array.isArray(value)) return value.map((each) => filled(each, env))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, env)]))
}

function filledText(text: string, env: Env): string {
  const result = text.replace(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, sign: string, word: string) => {
    const value = env[name] || undefined
    if (value === undefined && sign === '?') throw new Error(`${name}: ${word}`)
    return value ?? word
  })
  // Compose knows other forms of a variable, and this test does not.
  if (text.replace(/\$\{\w+:[-?][^}]*\}/g, '').includes('$'))
    throw new Error(`this cannot be filled: ${text}`)
  return result
}

const STACKS = ['docker-compose.yml', 'docker-compose.postgres.yml']
const OVERLAY = 'docker-compose.prod.yml'

describe('the compose files', () => {
  test.each(STACKS)('%s serves as api on loopback only, with volumes for home and backups', (file) => {
    const { services, volumes } = project(file)
    const { api } = services
    expect(api).toMatchObject({ build: '.', init: true, read_only: true, cap_drop: ['ALL'] })
    expect(api?.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:808[01]:8080$/)])
    expect(api?.volumes).toEqual([`data:${instructionOf('VOLUME')}`, 'backups:/var/lib/synapse-backups'])
    const used = Object.values(services).flatMap((service) =>
      (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? ''),
    )
    expect(Object.keys(volumes).sort()).toEqual(used.sort())
  })

  test('the two servers differ in their database and port alone, so that both can run', () => {
    const [sqlite, postgres] = STACKS.map((file) => project(file).services)
    expect(Object.keys(sqlite ?? {})).toEqual(['api'])
    expect(Object.keys(postgres ?? {}).sort()).toEqual(['api', 'postgres'])
    const { ports, depends_on, environment, ...same } = postgres?.api ?? { image: '' }
    expect({ ...same, ports: sqlite?.api?.ports, environment: sqlite?.api?.environment }).toEqual({
      ...sqlite?.api,
    } as never)
    const { SYNAPSE_DATABASE_URL, ...others } = environment ?? {}
    expect(others).toEqual({ ...sqlite?.api?.environment })
    expect(ports).not.toEqual(sqlite?.api?.ports)
    expect(depends_on).toEqual({ postgres: { condition: 'service_healthy' } })
    expect(postgres?.postgres?.ports).toBeUndefined()
  })

  test('the database and the server get the same password from SYNAPSE_PG_PASSWORD', () => {
    for (const env of [{}, { SYNAPSE_PG_PASSWORD: 'fromthefile' }]) {
      const { api, postgres } = project('docker-compose.postgres.yml', env).services
      const url = new URL(api?.environment?.SYNAPSE_DATABASE_URL ?? '')
      const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres?.environment ?? {}
      expect([url.username, url.password, url.pathname]).toEqual([
        POSTGRES_USER ?? '',
        POSTGRES_PASSWORD ?? '',
        `/${POSTGRES_DB}`,
      ])
      expect(url.host).toBe('postgres:5432')
      if ('SYNAPSE_PG_PASSWORD' in env) expect(url.password).toBe('fromthefile')
    }
  })

  test('docker-compose.prod.yml needs a domain, and adds Caddy, which alone publishes ports to others', () => {
    expect(() => project(OVERLAY)).toThrow('SYNAPSE_DOMAIN')
    const { services, networks } = project(OVERLAY, { SYNAPSE_DOMAIN: 'chat.example.org' })
    const { web, api } = services
    expect(web?.environment).toMatchObject({
      SYNAPSE_DOMAIN: 'chat.example.org',
      SYNAPSE_UPSTREAM: 'api:8080',
    })
    expect(web?.ports).toEqual(['80:80', '443:443', '443:443/udp'])
    for (const volume of web?.volumes?.filter((path) => path.startsWith('./')) ?? [])
      expect(existsSync(join(CHECKOUT, volume.split(':')[0] ?? ''))).toBe(true)
    // The server trusts only the network that it shares with Caddy.
    expect(api).toEqual({
      environment: { SYNAPSE_TRUSTED_PROXIES: networks?.proxy.ipam.config[0]?.subnet ?? '' },
      networks: ['default', 'proxy'],
    } as never)
    expect(web?.networks).toEqual(['proxy'])
  })
})

const sites: Site[] = []
afterAll(async () => {
  for (const site of sites) await site[Symbol.asyncDispose]()
})

/** A machine whose program is the executable of the image. */
async function machine(): Promise<Site> {
  const site = new Site({ program: [(await theRelease()).executable] })
  sites.push(site)
  return site
}

/** The environment of the container, with the home and the address of this machine. */
function containerEnv(site: Site, file: string, env: Env): Env {
  const image = Object.fromEntries(
    instructionOf('ENV')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  )
  const { environment } = project(file, env).services.api ?? {}
  return { ...image, ...environment, SYNAPSE_HOME: site.home, SYNAPSE_HOST: '127.0.0.1' }
}

/** What the earlier manual tells an operator to write into .env. */
const DOT_ENV = {
  SYNAPSE_ADMIN_HANDLES: 'ada,grace',
  SYNAPSE_DOMAIN: 'chat.example.org',
  SYNAPSE_NAMED_ALIASES: '{"team-ops":{"oncall":["ada"]}}',
}

/** Adds a person as the earlier manual does, and returns whether that person administers the server. */
async function isAdminAfterAdding(site: Site, url: string, handle: string): Promise<boolean> {
  const password = 'correct horse'
  await site.json('admin', 'add-account', '--kind', 'human', '--handle', handle, '--password', password)
  const signedIn = await fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ handle, password }),
  })
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const me = await fetch(`${url}/v1/auth/me`, { headers: { cookie } })
  return ((await me.json()) as { is_admin: boolean }).is_admin
}

describe('the server that a compose file starts', () => {
  test('with an empty .env it serves, and the handle admin administers it', async () => {
    const site = await machine()
    const server = await site.serveWith(containerEnv(site, 'docker-compose.yml', {}), '--foreground')
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    expect(await site.json<{ value: unknown }>('config', 'get', 'base_url', '--json')).toMatchObject({
      value: null,
    })
    expect(await isAdminAfterAdding(site, server.url, 'admin')).toBe(true)
    expect(await isAdminAfterAdding(site, server.url, 'ada')).toBe(false)
    expect(await server.stop()).toBe(0)
  })

  test('the names of .env reach it: domain, admins and aliases', async () => {
    const site = await machine()
    const server = await site.serveWith(containerEnv(site, 'docker-compose.yml', DOT_ENV), '--foreground')
    const value = async (key: string) =>
      (await site.json<{ value: unknown }>('config', 'get', key, '--json')).value
    expect(await value('base_url')).toBe('https://chat.example.org')
    expect(await value('named_aliases')).toEqual({ 'team-ops': { oncall: ['ada'] } })
    expect(await isAdminAfterAdding(site, server.url, 'grace')).toBe(true)
    expect(await server.stop()).toBe(0)
  })

  test.skipIf(postgresMissing)('on Postgres it serves with the URL of the file', async () => {
    const site = await machine()
    const env = containerEnv(site, 'docker-compose.postgres.yml', {})
    const there = new URL(await (await sharedPostgres()).createDatabase())
    // The database of this test in place of the one of the file.
    const url = new URL(env.SYNAPSE_DATABASE_URL ?? '')
    for (const part of ['username', 'password', 'host', 'pathname'] as const) url[part] = there[part]
    const server = await site.serveWith({ ...env, SYNAPSE_DATABASE_URL: url.href }, '--foreground')
    expect(await isAdminAfterAdding(site, server.url, 'admin')).toBe(true)
    expect(await server.stop()).toBe(0)
  })
})

/** A checkout with the scripts, whose bin/synapse is the executable. */
async function checkout(site: Site): Promise<string> {
  const root = join(site.directory, 'checkout')
  mkdirSync(join(root, 'bin'), { recursive: true })
  for (const name of ['quickstart.sh', 'bootstrap.sh', 'synapse.sh'])
    cpSync(join(CHECKOUT, 'scripts', name), join(root, 'scripts', name))
  symlinkSync((await theRelease()).executable, join(root, 'bin/synapse'))
  return root
}

/** A folder for PATH with a `docker` that notes its calls, and runs the program for `compose exec`. */
async function dockerIn(site: Site, state: 'running' | 'stopped'): Promise<string> {
  const folder = join(site.directory, `docker-${state}`)
  mkdirSync(folder)
  const { executable } = await theRelease()
  const script = `#!/bin/sh
pwd >>'${folder}/folders'
echo "$*" >>'${folder}/calls'
case "$*" in
  'compose ps --quiet --all api') echo 5f1c ;;
  'compose ps --quiet --status running api') ${state === 'running' ? 'echo 5f1c' : ':'} ;;
  'compose exec -T api synapse '*) shift 5; exec '${executable}' "$@" ;;
  *) exit 1 ;;
esac
`
  writeFileSync(join(folder, 'docker'), script)
  chmodSync(join(folder, 'docker'), 0o755)
  return folder
}

describe('scripts/quickstart.sh and scripts/bootstrap.sh', () => {
  const path = '/usr/bin:/bin'

  test('without a container they run the program of the checkout, with the commands of the earlier manual', async () => {
    const site = await machine()
    const root = await checkout(site)
    const server = await site.serve()
    const script = (name: string, ...words: string[]) =>
      site.spawn([join(root, 'scripts', name), ...words], { PATH: path })
    const facts = parsed<QuickstartFacts>(await script('quickstart.sh', '--yes', '--json'))
    expect(facts).toMatchObject({ admin: { handle: 'admin', created: true }, running: true, url: server.url })
    for (const words of [
      [
        'add-account',
        '--kind',
        'human',
        '--handle',
        'ada',
        '--display-name',
        'Ada',
        '--password',
        'correct horse',
      ],
      ['add-account', '--kind', 'agent', '--handle', 'cairn', '--display-name', 'Cairn'],
      ['seed-channel', 'team-ops', 'Team Ops', '--description', 'Ops coordination'],
      ['add-member', 'ada', 'team-ops', '--role', 'admin'],
      ['add-member', 'cairn', 'team-ops'],
      ['issue-token', '--account', 'cairn', '--scopes', 'channel:team-ops:read,channel:team-ops:post'],
      ['list-tokens', '--account', 'cairn'],
    ])
      expect({ words, ...(await script('bootstrap.sh', ...words)) }).toMatchObject({ words, code: 0 })
    expect(await server.stop()).toBe(0)
  })

  test('with a container they run in its service api, from any folder', async () => {
    const site = await machine()
    const root = await checkout(site)
    const folder = await dockerIn(site, 'running')
    const server = await site.serve()
    const ran = await site.spawn(
      [join(root, 'scripts/quickstart.sh'), '--yes', '--agent', 'cairn', '--json'],
      {
        PATH: `${folder}:${path}`,
      },
    )
    expect(parsed<QuickstartFacts>(ran)).toMatchObject({ agent: { handle: 'cairn', created: true } })
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')
    expect(calls.at(-1)).toBe('compose exec -T api synapse quickstart --yes --agent cairn --json')
    expect(new Set(readFileSync(join(folder, 'folders'), 'utf8').trim().split('\n'))).toEqual(new Set([root]))
    expect(await server.stop()).toBe(0)
  })

  test('with a container that does not run they say how to start it, and create nothing', async () => {
    const site = await machine()
    const root = await checkout(site)
    const folder = await dockerIn(site, 'stopped')
    const ran = await site.spawn([join(root, 'scripts/bootstrap.sh'), 'list-accounts'], {
      PATH: `${folder}:${path}`,
    })
    expect(ran).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('docker compose up -d'),
    })
    expect(existsSync(site.home)).toBe(false)
  })
})
