/**
 * A client of ConfigSync on several machines, against a server in a process of its own: what people do with it, and which
 * requests each command makes (see machine.ts for which client it is).
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { databaseOn, type TestDatabase, testStore } from '../support/database'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'
import { isStandIn, type Machine, Machines, PASSWORD } from './machine'

setDefaultTimeout(120_000)

let site: Site
let database: TestDatabase
let server: ServerProcess
let machines: Machines
beforeAll(async () => {
  site = new Site()
  database = await databaseOn(testStore, site.paths.database)
  server = await site.serveWith(database.url === undefined ? {} : { SYNAPSE_DATABASE_URL: database.url })
  machines = await Machines.open()
})
afterAll(async () => {
  await machines[Symbol.asyncDispose]()
  await database.release()
  await site[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

let people = 0

/** Somebody with machines. Each machine has a token of its own. */
class Owner {
  private constructor(
    readonly handle: string,
    private readonly mount: string,
  ) {}

  static async named(mount = ''): Promise<Owner> {
    const handle = `owner${++people}`
    await server.operator.post('/v1/admin/accounts', { kind: 'agent', handle, display_name: handle })
    const { status, text } = await server.operator.post(`/v1/admin/configsync/users/${handle}/enable`)
    if (status !== 200) throw new Error(text)
    return new Owner(handle, mount)
  }

  async token(): Promise<{ token: string; id: string }> {
    const path = `/v1/admin/configsync/users/${this.handle}/tokens`
    return (await server.operator.post<{ token: string; id: string }>(path, { label: 'a machine' })).body
  }

  async loginWords(): Promise<string[]> {
    return ['login', '--api-url', `${server.url}${this.mount}`, '--token', (await this.token()).token]
  }

  /** A machine that is logged in. */
  async machine(name: string): Promise<Machine> {
    const machine = machines.machine(`${this.handle}-${name}`)
    await machine.does(...(await this.loginWords()))
    return machine
  }
}

const onlyStandIn = test.skipIf(!isStandIn)

describe('a login', () => {
  test('with a wrong token ends with 3, and so does a password that is sent as a token', async () => {
    const machine = machines.machine('wrong')
    const words = ['login', '--api-url', server.url]
    for (const token of [['--token', `cs_${'x'.repeat(43)}`], []]) {
      const { code, stderr } = await machine.run(...words, ...token)
      expect([code, stderr]).toEqual([3, expect.stringContaining('Invalid token')])
    }
    expect(server.written).not.toContain(PASSWORD)
    expect(server.written).not.toContain('x'.repeat(43))
  })

  onlyStandIn('makes the key pair and a default profile first, and finds them later', async () => {
    const owner = await Owner.named()
    const first = machines.machine(`${owner.handle}-a`)
    expect(await first.requestsOf(...(await owner.loginWords()))).toEqual([
      'GET /api/auth/verify 200',
      'POST /api/machines/register 200',
      'GET /api/auth/keypair 404',
      'POST /api/auth/keypair 201',
      'POST /api/profiles 201',
    ])
    const second = machines.machine(`${owner.handle}-b`)
    expect(await second.requestsOf(...(await owner.loginWords()))).toEqual([
      'GET /api/auth/verify 200',
      'POST /api/machines/register 200',
      'GET /api/auth/keypair 200',
      'GET /api/profiles 200',
    ])
    expect(await second.does('profile', 'list')).toBe('default v0\n')
  })

  onlyStandIn('by init makes what is missing, and stops at a key pair that exists', async () => {
    const owner = await Owner.named()
    const machine = machines.machine(`${owner.handle}-a`)
    const words = (await owner.loginWords()).slice(1)
    expect(await machine.requestsOf('init', ...words)).toEqual([
      'GET /api/auth/verify 200',
      'GET /api/auth/keypair 404',
      'POST /api/auth/keypair 201',
      'POST /api/machines/register 200',
      'POST /api/profiles 201',
    ])
    const again = ['GET /api/auth/verify 200', 'GET /api/auth/keypair 200']
    expect(await machine.requestsOf('init', ...words)).toEqual(again)
    const second = machines.machine(`${owner.handle}-b`)
    expect(await second.requestsOf('init', ...words)).toEqual(again)
    // What init made is what a push needs.
    await machine.does('add', machine.write('a.txt', 'a'))
    await machine.does('push')
    expect(await machine.does('profile', 'list')).toBe('default v0\n')
  })

  test('with a wrong master password ends with 3', async () => {
    const owner = await Owner.named()
    await owner.machine('a')
    const second = machines.machine(`${owner.handle}-b`)
    const { code } = await second.runAs('another password', ...(await owner.loginWords()))
    expect(code).toBe(3)
  })

  test('ends where its token is revoked', async () => {
    const owner = await Owner.named()
    const machine = machines.machine(`${owner.handle}-a`)
    const { token, id } = await owner.token()
    await machine.does('login', '--api-url', server.url, '--token', token)
    await server.operator.post(`/v1/admin/tokens/${id}/revoke`)
    expect((await machine.run('doctor')).code).toBe(3)
  })
})

describe('a whole state', () => {
  test('is pushed, listed, pulled, and pulled as it was once', async () => {
    const owner = await Owner.named()
    const machine = await owner.machine('a')
    const zshrc = machine.write('.zshrc', 'one')
    await machine.does('add', zshrc)
    await machine.does('push')
    machine.write('.zshrc', 'two')
    await machine.does('push', '--changed')
    const lines = (await machine.does('history')).trimEnd().split('\n')
    const ids = lines.map((line) => Number(line.split(' ')[0]))
    expect(ids).toEqual(ids.toSorted((a, b) => b - a))
    expect(ids).toHaveLength(2)
    machine.write('.zshrc', 'lost')
    await machine.does('pull')
    expect(machine.read('.zshrc').toString()).toBe('two')
    await machine.does('pull', '--snapshot', String(ids[1]))
    expect(machine.read('.zshrc').toString()).toBe('one')
    await machine.does('rollback', '--snapshot', String(ids[1]))
    machine.write('.zshrc', 'lost')
    await machine.does('pull')
    expect(machine.read('.zshrc').toString()).toBe('one')
    const missing = await machine.run('pull', '--snapshot', '999999999')
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('404 Not Found')])
  })

  test('of a second machine is its own', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    await one.does('add', one.write('a.txt', 'a'))
    await one.does('push')
    const { code, stderr } = await two.run('pull')
    // The key of a whole state never leaves its machine.
    expect([code, stderr]).toEqual([1, expect.stringContaining('Crypto not initialized')])
    expect((await two.does('pull', '--list-machines')).trimEnd().split('\n')).toHaveLength(2)
  })

  test('of 8 MB comes back byte for byte', async () => {
    const owner = await Owner.named()
    const machine = await owner.machine('a')
    const bytes = randomBytes(8_000_000)
    await machine.does('add', machine.write('large.bin', bytes))
    await machine.does('push')
    machine.write('large.bin', 'lost')
    await machine.does('pull')
    expect(Buffer.compare(machine.read('large.bin'), bytes)).toBe(0)
  })

  onlyStandIn('is moved by these requests', async () => {
    const owner = await Owner.named()
    const machine = await owner.machine('a')
    await machine.does('add', machine.write('a.txt', 'a'))
    const pushed = ['POST /api/machines/register 200', 'POST /api/machines/M/push 200']
    expect(await machine.requestsOf('push')).toEqual(pushed)
    await machine.does('env', 'create', 'dev')
    expect(await machine.requestsOf('push', '--changed')).toEqual([
      'GET /api/machines/latest 200',
      ...pushed,
      'PUT /api/environments/sync 200',
    ])
    expect(await machine.requestsOf('pull')).toEqual([
      'GET /api/machines/latest 200',
      'GET /api/environments 200',
    ])
    const [id = ''] = (await machine.does('history')).split(' ')
    expect(await machine.requestsOf('pull', '--snapshot', id)).toEqual(['GET /api/machines/snapshot/N 200'])
    expect(await machine.requestsOf('rollback', '--snapshot', id)).toEqual([
      'GET /api/machines/snapshot/N 200',
      'POST /api/machines/M/push 200',
    ])
    expect(await machine.requestsOf('history')).toEqual(['GET /api/machines/history 200'])
    expect(await machine.requestsOf('pull', '--list-machines')).toEqual(['GET /api/machines 200'])
    const [own = ''] = (await machine.does('pull', '--list-machines')).split(' ')
    expect(await machine.requestsOf('history', '--from', own)).toEqual([
      'GET /api/machines 200',
      `GET /api/machines/history?machine_id=${own} 200`,
    ])
    for (const words of [
      ['env', 'list'],
      ['add', machine.path('a.txt')],
    ])
      expect(await machine.requestsOf(...words)).toEqual([])
    expect(await machine.requestsOf('setup')).toEqual([
      'GET /api/auth/verify 200',
      'POST /api/machines/register 200',
      'GET /api/machines 200',
      'GET /api/machines/latest 200',
    ])
    expect(await machine.requestsOf('doctor')).toEqual(['GET /api/auth/verify 200', 'GET /api/machines 200'])
  })
})

describe('history --from', () => {
  test('lists the states of that machine alone', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    await one.does('add', one.write('a.txt', 'a'))
    for (let pushes = 0; pushes < 2; pushes++) await one.does('push')
    const names = (await one.does('pull', '--list-machines')).match(/^[0-9a-f]{16}/gm) ?? []
    const listed = async (machine: Machine, from: string) =>
      (await machine.does('history', '--from', from)).split('\n').filter((line) => line !== '').length
    expect(await Promise.all(names.map((name) => listed(two, name)))).toEqual([2, 0])
    expect((await two.run('history', '--from', '0123456789abcdef')).code).toBe(1)
  })
})

describe('watch', () => {
  onlyStandIn('reads the newest state and pushes, change by change, and no rate refuses it', async () => {
    const owner = await Owner.named()
    const machine = await owner.machine('a')
    await machine.does('add', machine.write('a.txt', 'a'))
    const [first, ...later] = await machine.requestsOf('watch', '--times', '22')
    expect(first).toBe('GET /api/machines/latest 404')
    const pushed = ['POST /api/machines/register 200', 'POST /api/machines/M/push 200']
    expect(later).toEqual([
      ...pushed,
      ...Array.from({ length: 21 }, () => ['GET /api/machines/latest 200', ...pushed]).flat(),
    ])
    const kept = (await machine.does('history')).trimEnd().split('\n')
    // As many as history shows without a limit.
    expect(kept).toHaveLength(20)
  })
})

/** A project with a file, variables and random bytes. */
function project(machine: Machine, name: string, bytes = randomBytes(10_000)): string {
  machine.write(`${name}/src/main.txt`, 'first')
  machine.write(`${name}/.env`, 'SHARED=one\nPORT=80\n')
  machine.write(`${name}/.env.local`, 'MINE=two\n')
  machine.write(`${name}/data.bin`, bytes)
  return machine.path(name)
}

describe.each([
  ['/api', ''],
  ['/configsync/api', '/configsync'],
])('a project below %s', (_, mount) => {
  test('is the same on another machine, byte for byte, and a later version reaches it by sync', async () => {
    const owner = await Owner.named(mount)
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    const bytes = randomBytes(300_000)
    const root = project(one, 'app', bytes)
    expect(await one.does('project', 'add', root)).toContain('v1')
    expect(await one.does('sync')).toBe('[noop] project/app\n')
    await two.does('pull', '--project', 'app', '--path', two.path('copy'))
    expect(Buffer.compare(two.read('copy/data.bin'), bytes)).toBe(0)
    expect(two.read('copy/src/main.txt').toString()).toBe('first')
    expect(await two.does('sync')).toBe('[noop] project/app\n')
    one.write('app/src/main.txt', 'second')
    // The slug is known, so the client uses the project that there is.
    expect(await one.does('project', 'add', root)).toMatch(/Reusing existing project 'app'\n.*v2/)
    expect(await two.does('sync')).toBe('[pull] project/app\n')
    expect(two.read('copy/src/main.txt').toString()).toBe('second')
    expect(await two.does('sync')).toBe('[noop] project/app\n')
  })
})

describe('the versions of a project', () => {
  test('are listed, compared, and brought back as a new one', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    const root = project(one, 'app')
    await one.does('project', 'add', root)
    one.write('app/src/main.txt', 'second')
    await one.does('project', 'add', root)
    const versions = async () => (await one.does('history', '--project', 'app')).match(/^v\d+/gm)
    expect(await versions()).toEqual(['v2', 'v1'])
    expect(await one.does('diff', '--project', 'app', '--version=1')).toBe('M src/main.txt\n')
    expect(await one.does('diff', '--project', 'app', '--version=2')).toBe('identical\n')
    expect(await one.does('rollback', '--project', 'app', '--version=1')).toContain('v3')
    expect(await versions()).toEqual(['v3', 'v2', 'v1'])
    await two.does('pull', '--project', 'app')
    expect(two.read('git/app/src/main.txt').toString()).toBe('first')
    expect((await one.run('rollback', '--project', 'app', '--version=9')).code).toBe(1)
  })

  test('that two machines push at once are both kept, and the last is current', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    await one.does('project', 'add', project(one, 'app'))
    await two.does('pull', '--project', 'app')
    await Promise.all([
      one.does('project', 'add', one.path('app')),
      two.does('project', 'add', two.path('git/app')),
    ])
    expect((await one.does('history', '--project', 'app')).match(/^v\d+/gm)).toEqual(['v3', 'v2', 'v1'])
    expect(await one.does('diff', '--project', 'app', '--version=3')).toBe('identical\n')
  })

  onlyStandIn('are moved by these requests', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    const root = project(one, 'app')
    const variables = [
      'POST /api/projects/N/env/keys 200',
      'PUT /api/projects/N/env/SHARED 200',
      'PUT /api/projects/N/env/PORT 200',
      'POST /api/projects/N/env/keys 200',
      'PUT /api/projects/N/env/MINE 200',
    ]
    expect(await one.requestsOf('project', 'add', root, '--git-url', 'git@host:app.git')).toEqual([
      'GET /api/projects?git_url=git%40host%3Aapp.git 200',
      'POST /api/projects 201',
      'GET /api/projects/N 200',
      'POST /api/projects/N/keys 200',
      'POST /api/projects/N/versions 201',
      'POST /api/machines/M/projects 201',
      ...variables,
    ])
    expect(await two.requestsOf('pull', '--project', 'app')).toEqual([
      'GET /api/projects 200',
      'GET /api/projects/N 200',
      'GET /api/projects/N/blob 200',
      'GET /api/machines/M/projects 200',
      'POST /api/machines/M/projects 201',
      'PATCH /api/machines/M/projects/N 200',
    ])
    expect(await one.requestsOf('project', 'add', root)).toEqual([
      'POST /api/projects 409',
      'GET /api/projects 200',
      'GET /api/projects/N 200',
      'POST /api/projects/N/versions 201',
      'POST /api/machines/M/projects 200',
      ...variables,
    ])
    expect(await two.requestsOf('sync')).toEqual([
      'GET /api/machines/M/projects 200',
      'POST /api/sync/plan 200',
      'GET /api/projects/N 200',
      'GET /api/projects/N/blob 200',
      'POST /api/sync/commit 200',
      ...variables,
      'PUT /api/environments/sync 200',
      'GET /api/machines/M/actions 200',
    ])
    expect(await one.requestsOf('rollback', '--project', 'app', '--version=1')).toEqual([
      'GET /api/projects 200',
      'GET /api/projects/N 200',
      'GET /api/projects/N/versions/N 200',
      'POST /api/projects/N/versions 201',
    ])
    expect((await one.requestsOf('diff', '--project', 'app', '--version=1')).toSorted()).toEqual([
      'GET /api/projects 200',
      'GET /api/projects/N 200',
      'GET /api/projects/N/blob 200',
      'GET /api/projects/N/versions/N 200',
    ])
  })
})

describe('workspaces, configs, modules and profiles', () => {
  test('are created, renamed, linked with each other and deleted', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    for (const name of ['app', 'lib']) await one.does('project', 'add', project(one, name))
    await one.does('workspace', 'add', 'acme')
    for (const name of ['app', 'lib']) await one.does('workspace', 'add-project', 'acme', name)
    await one.does('config', 'add', one.write('.zshrc', 'alias x=y'))
    await one.does('module', 'add', 'ssh')
    await one.does('profile', 'add', 'work')
    await one.does('profile', 'add-workspace', 'work', 'acme')
    await one.does('profile', 'activate', 'work')
    await one.does('profile', 'deactivate', 'work')
    await two.does('pull', '--workspace', 'acme')
    for (const name of ['app', 'lib']) expect(two.read(`git/${name}/src/main.txt`).toString()).toBe('first')
    expect(await two.does('workspace', 'list')).toBe('acme v3\n')
    expect(await two.does('config', 'list')).toBe('.zshrc v1\n')
    expect(await two.does('profile', 'list')).toBe('default v0\nwork v1\n')
    for (const type of ['workspace', 'module', 'profile']) {
      const name = { workspace: 'acme', module: 'ssh', profile: 'work' }[type] ?? ''
      const again = await two.run(type, 'add', name)
      expect([again.code, again.stderr]).toEqual([1, expect.stringContaining(`'${name}' already exists`)])
      await one.does(type, 'rename', name, 'another name')
      expect((await one.run(type, 'delete', name)).code).toBe(2)
      await one.does(type, 'delete', name, '--force')
      await two.does(type, 'add', name)
    }
  })
})

describe('the packages of a profile or module', () => {
  test('are kept, also of a profile that was made at the login and has no key yet', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    await one.does('module', 'add', 'zsh')
    expect(await one.does('module', 'add-package', 'zsh', 'zoxide')).toBe('zoxide\n')
    expect(await one.does('profile', 'add-package', 'default', 'git')).toBe('git\n')
    expect(await two.does('profile', 'add-package', 'default', 'fzf')).toBe('git fzf\n')
    expect(await one.does('profile', 'add-package', 'default', 'jq')).toBe('git fzf jq\n')
    expect(await two.does('profile', 'list')).toBe('default v3\n')
  })

  onlyStandIn('are moved by these requests, as are entities and workspaces', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    expect(await one.requestsOf('profile', 'add-package', 'default', 'git')).toEqual([
      'GET /api/profiles 200',
      'GET /api/profiles/N 200',
      'POST /api/profiles/N/keys 200',
      'POST /api/profiles/N/versions 201',
    ])
    expect(await one.requestsOf('profile', 'add-package', 'default', 'fzf')).toEqual([
      'GET /api/profiles 200',
      'GET /api/profiles/N 200',
      'GET /api/profiles/N/blob 200',
      'POST /api/profiles/N/versions 201',
    ])
    for (const [type, name] of [
      ['workspace', 'acme'],
      ['config', one.write('.zshrc', 'x')],
      ['module', 'ssh'],
      ['profile', 'work'],
    ] as const)
      expect(await one.requestsOf(type, 'add', name)).toEqual([
        `POST /api/${type}s 201`,
        `POST /api/${type}s/N/keys 200`,
        `POST /api/${type}s/N/versions 201`,
      ])
    expect(await one.requestsOf('workspace', 'rename', 'acme', 'Acme')).toEqual([
      'GET /api/workspaces 200',
      'PATCH /api/workspaces/N 200',
    ])
    await one.does('project', 'add', project(one, 'app'))
    await one.does('workspace', 'add-project', 'acme', 'app')
    expect(await two.requestsOf('pull', '--workspace', 'acme')).toEqual([
      'GET /api/workspaces 200',
      'GET /api/workspaces/N 200',
      'GET /api/workspaces/N/blob 200',
      'GET /api/projects 200',
      'GET /api/projects 200',
      'GET /api/projects/N 200',
      'GET /api/projects/N/blob 200',
      'GET /api/machines/M/projects 200',
      'POST /api/machines/M/projects 201',
      'PATCH /api/machines/M/projects/N 200',
    ])
    expect(await one.requestsOf('module', 'delete', 'ssh', '--force')).toEqual([
      'GET /api/modules 200',
      'DELETE /api/modules/N 200',
    ])
    expect(await one.requestsOf('history', '--project', 'app')).toEqual([
      'GET /api/projects 200',
      'GET /api/projects/N/versions 200',
    ])
  })
})

describe('environments', () => {
  test('reach a new machine and survive its first sync', async () => {
    const owner = await Owner.named()
    const one = await owner.machine('a')
    await one.does('add', one.write('a.txt', 'a'))
    await one.does('env', 'create', 'dev')
    await one.does('env', 'create', 'prod', '--tier', 'production')
    await one.does('push')
    // It sends an empty list and asks the server to delete what is missing.
    const two = await owner.machine('b')
    await two.does('sync')
    for (const machine of [one, two])
      expect(await machine.does('env', 'list')).toBe('dev development\nprod production\n')
  })
})

describe('an action of an admin', () => {
  test('is applied by the next sync of its machine, once', async () => {
    const owner = await Owner.named()
    const [one, two] = [await owner.machine('a'), await owner.machine('b')]
    await one.does('project', 'add', project(one, 'app'))
    const ids = (await one.does('pull', '--list-machines')).match(/^[0-9a-f]{16}/gm)
    const path = `/v1/admin/configsync/users/${owner.handle}/machines/${ids?.[0]}/actions`
    const payload = {
      name: 'dev',
      tier: 'development',
      label: 'dev',
      color: null,
      api_url: null,
      protect: false,
    }
    const { status, text } = await server.operator.post(path, { action: 'add_environment', payload })
    expect(status, text).toBe(201)
    const seen = await one.requestsOf('sync')
    if (isStandIn)
      expect(seen.slice(-2)).toEqual([
        'GET /api/machines/M/actions 200',
        'DELETE /api/machines/M/actions 200',
      ])
    await server.operator.post(path, { action: 'add_environment', payload: { ...payload, name: 'live' } })
    const told = [await one.does('sync'), await two.does('sync')].join('')
    expect(told.match(/applied \w+/g)).toEqual(['applied add_environment'])
    const again = [await one.does('sync'), await two.does('sync')].join('')
    expect(again).not.toContain('applied')
    expect(await two.does('env', 'list')).toBe('dev development\nlive development\n')
  })
})

/** Changes a setting of the server for as long as `use` runs. */
async function during(setting: string, value: number, use: () => Promise<void>): Promise<void> {
  const path = `/v1/config/${setting}`
  const { status, text } = await server.operator.put(path, { value })
  if (status !== 200) throw new Error(text)
  try {
    await use()
  } finally {
    await server.operator.delete(path)
  }
}

describe('a limit', () => {
  test('that a large state exceeds is shown as a status, though the upload is cut off early', async () => {
    const owner = await Owner.named()
    const machine = await owner.machine('a')
    await machine.does('add', machine.write('large.bin', randomBytes(12_000_000)))
    const refusals = [
      ['configsync.max_snapshot_bytes', 1024 * 1024, '413 Payload Too Large'],
      ['configsync.user_quota_bytes', 1024 * 1024, '507 Insufficient Storage'],
    ] as const
    for (const [setting, value, phrase] of refusals)
      await during(setting, value, async () => {
        const { code, stderr } = await machine.run('push')
        expect([code, stderr]).toEqual([1, expect.stringContaining(phrase)])
      })
    await machine.does('push')
  })

  test('of machines is named to the client, and keeps no known machine out', async () => {
    const owner = await Owner.named()
    const one = await owner.machine('a')
    await during('configsync.max_machines', 1, async () => {
      const two = machines.machine(`${owner.handle}-b`)
      const { code, stderr } = await two.run(...(await owner.loginWords()))
      expect([code, stderr]).toEqual([1, expect.stringMatching(/limit of 1 machine|machine limit/i)])
      await one.does('setup')
    })
  })
})

describe('a signed token', () => {
  test('of a login takes the place of the token that it was made of, and ends with it', async () => {
    const owner = await Owner.named()
    const { token, id } = await owner.token()
    const guest = server.as('')
    const login = await guest.post<{ token: string }>('/api/auth/login', { token })
    const machine = machines.machine(`${owner.handle}-a`)
    await machine.does('login', '--api-url', server.url, '--token', login.body.token)
    await machine.does('doctor')
    await server.operator.post(`/v1/admin/tokens/${id}/revoke`)
    expect((await machine.run('doctor')).code).toBe(3)
  })
})

describe('the six documented endpoints', () => {
  test('work as documented below both prefixes', async () => {
    for (const mount of ['/api', '/configsync/api']) {
      const { token } = await (await Owner.named()).token()
      const { body } = await server.as('').post<{ token: string }>(`${mount}/auth/login`, { token })
      const machine_id = 'documented'
      const client = server.as(body.token)
      const machine = { machine_id, name: 'documented', platform: 'linux', arch: 'x64', cli_version: '1' }
      expect((await client.post(`${mount}/machines`, machine)).status).toBe(200)
      expect((await client.get<{ machines: object[] }>(`${mount}/machines`)).body.machines).toHaveLength(1)
      const encrypted_state = randomBytes(100).toString('base64')
      const state = { machine_id, encrypted_state, timestamp: new Date().toISOString(), version: '1.0' }
      expect((await client.post(`${mount}/machines/snapshot`, state)).status).toBe(200)
      expect((await client.get(`${mount}/machines/snapshot`)).body).toMatchObject({ encrypted_state })
      const history = await client.get<{ snapshots: object[] }>(`${mount}/machines/history`)
      expect(history.body.snapshots).toHaveLength(1)
    }
  })
})
