import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Site } from '../support/site'
import { finalImage, instructionOf as one } from './image'
import { CHECKOUT, theRelease } from './release'

setDefaultTimeout(120_000)

describe('the Dockerfile', () => {
  test('the image runs as user 10001 with the home as its one volume, and its final stage runs no command', () => {
    expect(one('USER')).toBe('10001:10001')
    const environment = one('ENV').split(' ')
    expect(environment).toEqual([
      `SYNAPSE_HOME=${one('VOLUME')}`,
      'SYNAPSE_HOST=0.0.0.0',
      'SYNAPSE_ALLOW_PUBLIC_BIND=1',
    ])
    expect(JSON.parse(one('ENTRYPOINT'))).toEqual(['/usr/local/bin/synapse'])
    expect(JSON.parse(one('CMD'))).toEqual(['serve', '--foreground'])
    expect(one('STOPSIGNAL')).toBe('SIGTERM')
    expect(finalImage().map(([name]) => name)).not.toContain('RUN')
  })

  test('the health check of the image passes while the server answers, and fails otherwise', async () => {
    await using site = new Site()
    const { executable } = await theRelease()
    const [, words] = one('HEALTHCHECK').split(' CMD ')
    const command = (JSON.parse(words ?? '') as string[]).map((word) =>
      word === '/usr/local/bin/synapse' ? executable : word,
    )
    expect((await site.spawn(command)).code).not.toBe(0)
    const server = await site.serve()
    expect(await site.spawn(command)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    await server.stop()
    expect((await site.spawn(command)).code).not.toBe(0)
  })

  test('the build context contains everything the build reads, and nothing private', () => {
    const ignored = readFileSync(join(CHECKOUT, '.dockerignore'), 'utf8').split('\n')
    for (const path of ['src', 'packages', 'drizzle', 'scripts', 'package.json', 'bun.lock', 'bunfig.toml']) {
      expect(existsSync(join(CHECKOUT, path))).toBe(true)
      expect(ignored).not.toContain(path)
    }
    for (const path of [
      '.git',
      'node_modules',
      '.toolchain',
      '**/dist',
      '**/.env',
      '**/synapse.env',
      '**/*.db*',
    ])
      expect(ignored).toContain(path)
  })

  test('the image copies the package patches before it installs the packages', () => {
    const lines = readFileSync(join(CHECKOUT, 'Dockerfile'), 'utf8').split('\n')
    const copied = lines.indexOf('COPY patches patches')
    expect(copied).toBeGreaterThan(0)
    expect(copied).toBeLessThan(lines.findIndex((line) => line.includes('use_toolchain run')))
  })
})

test.each(['package.json', 'packages/client/package.json', 'bun.lock', 'patches/postgres@3.4.9.patch'])(
  'a checkout whose %s has changed installs its packages again',
  (changed) => {
    const root = mkdtempSync(join(tmpdir(), 'synapse-packages-'))
    try {
      for (const path of [
        'package.json',
        'packages/client/package.json',
        'bun.lock',
        'patches',
        'scripts/toolchain.sh',
      ])
        cpSync(join(CHECKOUT, path), join(root, path), { recursive: true })
      const run = (command: string) =>
        Bun.spawnSync(['sh', '-c', `. ./scripts/toolchain.sh && ${command}`], {
          cwd: root,
          env: { ...process.env, ROOT: root, PROGRAM: 'test' },
        }).exitCode
      expect(run('mkdir node_modules && printf "%s %s" run "$(lock_sum)" >node_modules/.stamp')).toBe(0)
      expect(run('have_packages run')).toBe(0)
      writeFileSync(join(root, changed), '\n', { flag: 'a' })
      expect(run('have_packages run')).toBe(1)
    } finally {
      rmSync(root, { recursive: true })
    }
  },
)

describe('the shell scripts', () => {
  const scripts = [
    'install.sh',
    'bin/synapse',
    'bin/check',
    '.ci/run',
    'scripts/provision.sh',
    'scripts/bootstrap.sh',
    'scripts/quickstart.sh',
    'scripts/synapse.sh',
  ]
  // scripts/toolchain.sh is checked where it is sourced.
  const checker = Bun.which('shellcheck')
  if (checker === null) console.log('skipped: shellcheck (scripts/provision.sh)')

  test.skipIf(checker === null)('shellcheck finds nothing in the shell scripts', () => {
    const { exitCode, stdout } = Bun.spawnSync(['shellcheck', '--severity=warning', '-x', ...scripts], {
      cwd: CHECKOUT,
    })
    expect(stdout.toString()).toBe('')
    expect(exitCode).toBe(0)
  })

  test('install.sh is valid POSIX sh', () => {
    for (const shell of ['dash', 'sh', 'bash'].filter((name) => Bun.which(name) !== null)) {
      const { exitCode, stderr } = Bun.spawnSync([shell, '-n', join(CHECKOUT, 'install.sh')])
      expect({ shell, exitCode, said: stderr.toString() }).toEqual({ shell, exitCode: 0, said: '' })
    }
  })
})
