// An answer that cannot be written is an error, and a secret that could not be printed is revoked.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ENTRIES } from '../../src/cli/program'
import { SmallDisk } from '../faults/small-disk'
import { program, Site } from '../support/site'
import { until } from '../support/sockets'

setDefaultTimeout(120_000)

const HERE = [process.execPath, '--no-env-file', join(import.meta.dir, 'one-after-another.ts')]
const SCOPES = 'channel:*:read'

let site: Site
const tokens: string[] = []
const ROUNDS = [0, 1] as const
let url: string

beforeAll(async () => {
  site = new Site()
  url = (await site.serve()).url
  await site.json('quickstart', '--yes', '--json')
  for (const handle of ['ada', 'ben'])
    await site.json('add-account', '--kind', 'human', '--handle', handle, '--password', 'correct horse')
  for (const round of ROUNDS) {
    const words = ['issue-token', '--account', 'assistant', '--scopes', SCOPES]
    tokens.push((await site.json<{ id: string }>(...words)).id)
    await site.json('pair', '--device', `tablet-${round}`, '--account', 'ada', '--json')
  }
  await site.json('backup', 'create', '--json')
})
afterAll(() => site[Symbol.asyncDispose]())

/** One command line for every command that can use the running server, in an order that works. */
function commandLines(round: (typeof ROUNDS)[number] = 0): string[][] {
  return [
    ['discover', '--url', url],
    ['quickstart', '--yes'],
    ['init'],
    ['add-account', '--kind', 'agent', '--handle', `cyd-${round}`],
    ['list-accounts'],
    ['set-admin', 'ben'],
    ['unset-admin', 'ben'],
    ['set-password', 'ben', '--password', 'another horse'],
    ['archive-account', 'ben'],
    ['unarchive-account', 'ben'],
    ['add-channel', '--slug', `den-${round}`, '--name', 'Den'],
    ['seed-channel', `lab-${round}`, 'Lab'],
    ['list-channels'],
    ['archive-channel', `lab-${round}`],
    ['unarchive-channel', `lab-${round}`],
    ['add-member', 'ada', `den-${round}`],
    ['set-role', 'ada', `den-${round}`, '--role', 'read_only'],
    ['list-members', `den-${round}`],
    ['remove-member', 'ada', `den-${round}`],
    ['onboard-agent', '--handle', 'dot', '--channels', `den-${round}`],
    ['issue-token', '--account', 'assistant', '--scopes', SCOPES],
    ['list-tokens', '--account', 'assistant'],
    ['revoke-token', '--id', tokens[round] ?? ''],
    ['pair', '--device', 'phone', '--account', 'ada'],
    ['pair list'],
    ['pair revoke', `tablet-${round}`],
    ['config show'],
    ['config get', 'base_url'],
    ['config set', 'rate.read', '99/9'],
    ['config unset', 'rate.read'],
    ['config history'],
    ['config check'],
    ['config path'],
    ['audit'],
    ['audit list', '--json'],
    ['audit verify'],
    ['backup create'],
    ['backup list'],
    ['backup verify'],
    ['doctor', '--json'],
    ['drain start'],
    ['drain status'],
    ['drain stop'],
    ['serve', '--status'],
    ['--version'],
    ['--help'],
    ['help', 'serve'],
  ].map(([name = '', ...words]) => [...name.split(' '), ...words])
}

/** Commands that print in the same way, and need another server or a database. */
const ELSEWHERE = [
  ...['join', 'config auth-set-cors-origins', 'migrate-db', 'import-original', 'backup restore'],
  ...['epoch rotate', 'reset'],
]

test('every command is in the list', () => {
  const lines = commandLines().map((words) => words.join(' '))
  const missing = ENTRIES.map(({ name }) => name).filter(
    (name) =>
      !ELSEWHERE.includes(name) && !lines.some((line) => line === name || line.startsWith(`${name} `)),
  )
  expect(missing).toEqual([])
})

test('the command line prints in one way only', () => {
  const folder = join(import.meta.dir, '../../src/cli')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const printing = files.filter((name) =>
    /console\.\w+\(|stdout\.write\(|Bun\.stdout/.test(readFileSync(join(folder, name), 'utf8')),
  )
  expect(printing).toEqual([])
})

/** Runs every command with the given redirection; returns those that did not exit with 1 and an error on stderr. */
async function successes(redirection: string, round: (typeof ROUNDS)[number]): Promise<string[]> {
  const lines = commandLines(round)
  const cmd = ['sh', '-c', `"$@" ${redirection}`, 'sh', ...HERE]
  const { stderr } = await site.spawn(cmd, {}, lines.map((words) => JSON.stringify(words)).join('\n'))
  const parts = stderr.split('\0')
  return lines.flatMap((words, index) => {
    const [said = '', code] = parts.slice(2 * index)
    const isTold = code === '1' && said.includes('the answer could not be written')
    return isTold ? [] : [`${words.join(' ')}: ${code} ${said}`]
  })
}

describe('a command whose answer cannot be written', () => {
  test('every command exits with 1 and says so if the disk is full', async () => {
    expect(await successes('>/dev/full', 0)).toEqual([])
  })

  // Linux alone tells a closed stdout from /dev/null, in /proc.
  test.skipIf(process.platform !== 'linux')(
    'every command exits with 1 and says so if stdout is closed',
    async () => {
      expect(await successes('>&-', 1)).toEqual([])
    },
  )
})

test('a reader that closes the pipe early is not an error', async () => {
  const pipes = [
    ['"$@" list-accounts', 0],
    ['"$@" audit', 0],
    ['"$@" --help', 0],
  ] as const
  for (const [line, code] of pipes) {
    // The reader has ended before anything is written.
    const script = `mkfifo f; sh -c ': <f' & exec 3>f; wait; ${line} >&3; echo "$?"; rm f`
    const { stdout, stderr } = await site.spawn(['sh', '-c', script, 'sh', ...program])
    expect({ line, stdout, stderr }).toEqual({ line, stdout: `${code}\n`, stderr: '' })
  }
})

describe('a secret that could not be printed', () => {
  async function lost(...words: string[]): Promise<string> {
    const { code, stderr } = await site.spawn(['sh', '-c', '"$@" >/dev/full', 'sh', ...program, ...words])
    expect(code).toBe(1)
    return stderr
  }

  async function liveTokens(): Promise<number> {
    const tokens = await site.json<{ revoked_at: string | null }[]>('list-tokens', '--account', 'assistant')
    return tokens.filter(({ revoked_at }) => revoked_at === null).length
  }

  test('a token that could not be printed is revoked', async () => {
    const before = await liveTokens()
    expect(await lost('issue-token', '--account', 'assistant', '--scopes', SCOPES)).toContain('was revoked')
    const onboard = ['onboard-agent', '--handle', 'assistant', '--channels', 'general']
    expect(await lost(...onboard)).toContain('was revoked')
    expect(await lost('quickstart', '--yes')).toContain('was revoked')
    expect(await liveTokens()).toBe(before)
  })

  test('a token written to a closed pipe is revoked', async () => {
    const before = await liveTokens()
    const script = `mkfifo f; sh -c ': <f' & exec 3>f; wait; "$@" >&3; echo "$?"; rm f`
    const words = ['issue-token', '--account', 'assistant', '--scopes', SCOPES]
    const { stdout, stderr } = await site.spawn(['sh', '-c', script, 'sh', ...program, ...words])
    expect({ stdout, stderr }).toEqual({ stdout: '1\n', stderr: expect.stringContaining('was revoked') })
    expect(await liveTokens()).toBe(before)
  })

  test('a pairing code that could not be printed is withdrawn', async () => {
    expect(await lost('pair', '--device', 'watch', '--account', 'ada')).toContain('was revoked')
    const devices = await site.json<{ device: string; state: string }[]>('pair', 'list')
    expect(devices.find(({ device }) => device === 'watch')?.state).toBe('revoked')
  })

  test('a password that could not be printed is named, with the command that sets another', async () => {
    for (const words of [
      ['set-password', 'ada'],
      ['add-account', '--kind', 'human', '--handle', 'eve'],
    ])
      expect(await lost(...words)).toMatch(
        /new password that could not be shown.* synapse set-password (ada|eve)\n/,
      )
  })
})

test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'join does not use up its code if the token file cannot be written',
  async () => {
    const folder = join(site.userHome, '.synapse')
    mkdirSync(folder)
    using disk = SmallDisk.mount(folder, 1)
    disk.fill(0)
    const { code, link } = await site.json<{ code: string; link: string }>(
      ...['pair', '--device', 'box', '--account', 'assistant', '--json'],
    )
    expect(code).toBeString()
    expect((await site.run('join', link)).code).toBe(1)
    expect(readdirSync(folder)).toEqual(['filler'])
    disk.empty()
    const joined = await site.json<{ token_file: string }>('join', link)
    expect(statSync(joined.token_file).mode & 0o777).toBe(0o600)
    expect(readFileSync(joined.token_file, 'utf8')).toMatch(/^\S{20,200}\n$/)
  },
)

test.each(['>/dev/full 2>/dev/full', '>&- 2>&-'])(
  'a server with %s keeps running and can be stopped',
  async (streams) => {
    await using other = new Site()
    const cmd = [...program, 'serve', '--port', '0']
    const child = Bun.spawn(['sh', '-c', `exec "$@" ${streams}`, 'sh', ...cmd], {
      cwd: other.userHome,
      env: other.environment,
    })
    other.remember(child.pid)
    const answers = () =>
      fetch('http://localhost/v1/healthz', { unix: other.paths.socket }).catch(() => undefined)
    await until('the server', answers)
    for (const path of ['/v1/health', '/nowhere', '/v1/admin/accounts'])
      expect((await fetch(`http://localhost${path}`, { unix: other.paths.socket })).status).toBeLessThan(500)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  },
)

test.each(['>/dev/full', '| true'])(
  'a server whose log cannot be written because of %s reports it once, in one line',
  async (stdout) => {
    await using other = new Site()
    const script = `"$@" 2>errors ${stdout}`
    const child = Bun.spawn(['sh', '-c', script, 'sh', ...program, 'serve', '--port', '0'], {
      cwd: other.directory,
      env: other.environment,
    })
    other.remember(child.pid)
    const answers = () =>
      fetch('http://localhost/v1/healthz', { unix: other.paths.socket }).catch(() => undefined)
    await until('the server', answers)
    const errors = () => readFileSync(join(other.directory, 'errors'), 'utf8')
    await until('the line', () => errors().includes('cannot be written'))
    await until('the banner', () => errors().includes('is running'))
    for (let failed = 0; failed < 3; failed++)
      await fetch('http://localhost/nowhere', { unix: other.paths.socket })
    expect((await other.run('serve', '--stop')).code).toBe(0)
    await child.exited
    expect(
      errors().match(/^warning: the log cannot be written: .+; the server continues without it/gm),
    ).toHaveLength(1)
    expect(errors()).not.toMatch(/^\s+at |error:/m)
  },
)
