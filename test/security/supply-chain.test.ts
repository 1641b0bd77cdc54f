import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import consoleManifest from '../../packages/console/package.json' with { type: 'json' }
import clientsManifest from '../matrix/clients/package.json' with { type: 'json' }

const root = join(import.meta.dir, '../..')
const modules = join(root, 'node_modules')

interface Installed {
  readonly name: string
  readonly license?: string
}

/** The installed packages, without nested ones, which are other versions of the same. */
function installed(): Installed[] {
  const names = readdirSync(modules).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
  )
  return names
    .map((name) => join(modules, name, 'package.json'))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as Installed)
}

/** The packages in the lock file of a folder. */
function entriesOf(folder: string): string[] {
  const lock = readFileSync(join(folder, 'bun.lock'), 'utf8')
  const entries = lock.slice(lock.indexOf('"packages": {')).match(/^ {4}"[^"]+": \[.*\],?$/gm) ?? []
  expect(entries.length).toBeGreaterThan(60)
  return entries
}

const HASHED = /"sha512-[A-Za-z0-9+/]+={0,2}"\],?$/

describe('dependencies', () => {
  test('the installed packages are those of the lock file, each with a hash', () => {
    const entries = entriesOf(root)
    const own = /^ {4}"(@synapse\/\w+)": \["\1@workspace:packages\/\w+"\],?$/
    const fetched = entries.filter((entry) => !own.test(entry))
    expect(fetched.filter((entry) => !HASHED.test(entry))).toEqual([])
    expect(readFileSync(join(root, 'scripts/toolchain.sh'), 'utf8')).toContain(
      'install --frozen-lockfile --ignore-scripts',
    )
  })

  test('packages run no scripts when they are installed', () => {
    // Bun trusts packages of its own choice unless a list is given.
    expect(manifest.trustedDependencies).toEqual([])
  })

  test('the licences of packages allow redistribution', () => {
    const found = installed()
    expect(found.length).toBeGreaterThan(60)
    // Nothing of these is in the executable: one reads arguments for a tool that makes types, one tests pages.
    const tools = [
      { name: 'argparse', license: 'Python-2.0' },
      { name: 'axe-core', license: 'MPL-2.0' },
    ]
    const isTool = ({ name, license }: Installed) =>
      tools.some((tool) => tool.name === name && tool.license === license)
    const allowed = /^\(?(?:MIT|Apache-2\.0|BSD-[23]-Clause|ISC|0BSD|Unlicense)(?: OR [\w.-]+\)?)?$/
    expect(found.filter((one) => !allowed.test(one.license ?? '') && !isTool(one))).toEqual([])
  })

  test('each package is pinned to one version', () => {
    const lists = [manifest.dependencies, manifest.devDependencies, consoleManifest.dependencies]
    const all = lists.flatMap((list) => Object.entries(list))
    const wanted = all.filter(([, version]) => version !== 'workspace:*')
    expect(wanted.filter(([, version]) => !/^(?:npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  test('the Matrix clients of the tests are pinned, have hashes and run no scripts', () => {
    const folder = join(root, 'test/matrix/clients')
    const { dependencies, trustedDependencies } = clientsManifest
    expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
    expect(trustedDependencies).toEqual([])
    expect(entriesOf(folder).filter((entry) => !HASHED.test(entry) && !entry.includes('@file:'))).toEqual([])
  })
})

/** The form of a secret: a token of Synapse or of others, or a private key with content. */
const SECRETS = [
  /syn_[A-Za-z0-9_-]{43}/,
  /gh[pousr]_[A-Za-z0-9]{36}/,
  /AKIA[0-9A-Z]{16}/,
  /xox[abprs]-[A-Za-z0-9-]{20,}/,
  /PRIVATE KEY-----(?:\\n)?[A-Za-z0-9+/]{40}/,
]
/** The test vector of the contract (the bytes 0 to 31), a token of zeros, and the key of the examples in the documentation of S3. */
const EXAMPLES = /syn_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8|syn_0{43}|AKIAIOSFODNN7EXAMPLE/g

test.skipIf(!existsSync(join(root, '.git')))('no commit holds a secret', async () => {
  const git = Bun.spawn(
    ['git', 'log', '-p', '--all', '--no-color', '--format=commit %h', '--', '.', ':!bun.lock'],
    {
      cwd: root,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const found: string[] = []
  let commits = 0
  let commit = ''
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of git.stdout) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('commit ')) {
        commit = line
        commits++
      } else if (line.startsWith('+') && SECRETS.some((secret) => secret.test(line.replaceAll(EXAMPLES, ''))))
        found.push(`${commit}: ${line.slice(0, 20)}…`)
    }
  }
  expect(await git.exited, await new Response(git.stderr).text()).toBe(0)
  expect(commits).toBeGreaterThan(0)
  expect(found).toEqual([])
})
