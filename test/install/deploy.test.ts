import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Site } from '../support/site'
import { CHECKOUT, theRelease } from './release'

setDefaultTimeout(120_000)

/** The instructions of the final image, with continued lines joined. */
function finalImage(): [instruction: string, rest: string][] {
  const lines = readFileSync(join(CHECKOUT, 'Dockerfile'), 'utf8').replaceAll('\\\n', '').split('\n')
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const last = instructions.findLastIndex((line) => line.startsWith('FROM '))
  return instructions.slice(last).map((line) => {
    const at = line.indexOf(' ')
    return [line.slice(0, at), line.slice(at + 1)]
  })
}

function one(instruction: string): string {
  const found = finalImage().filter(([name]) => name === instruction)
  expect({ instruction, times: found.length }).toEqual({ instruction, times: 1 })
  return found[0]?.[1] ?? ''
}

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
    for (const path of ['src', 'drizzle', 'scripts', 'package.json', 'bun.lock', 'bunfig.toml']) {
      expect(existsSync(join(CHECKOUT, path))).toBe(true)
      expect(ignored).not.toContain(path)
    }
    for (const path of [
      '.git',
      'node_modules',
      '.toolchain',
      'dist',
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

test.each(['package.json', 'bun.lock', 'patches/postgres@3.4.9.patch'])(
  'a checkout whose %s has changed installs its packages again',
  (changed) => {
    const root = mkdtempSync(join(tmpdir(), 'synapse-packages-'))
    try {
      for (const path of ['package.json', 'bun.lock', 'patches', 'scripts/toolchain.sh'])
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

interface Service {
  readonly init?: boolean
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

function compose(path: string): { services: Record<string, Service>; volumes: Record<string, unknown> } {
  return Bun.YAML.parse(readFileSync(join(CHECKOUT, path), 'utf8')) as ReturnType<typeof compose>
}

describe('compose.yaml', () => {
  test('compose.yaml publishes on loopback only, without capabilities, with volumes for home and backups', () => {
    const { services, volumes } = compose('compose.yaml')
    const { synapse } = services
    expect(Object.keys(services)).toEqual(['synapse'])
    expect(synapse?.ports).toEqual(['127.0.0.1:8080:8080'])
    expect(synapse).toMatchObject({ init: true, read_only: true, cap_drop: ['ALL'] })
    expect(synapse?.volumes).toEqual([`data:${one('VOLUME')}`, 'backups:/var/lib/synapse-backups'])
    expect(Object.keys(volumes)).toEqual(['data', 'backups'])
  })

  test('every overlay mounts files that exist, and only Caddy publishes ports', () => {
    const overlays = readdirSync(join(CHECKOUT, 'docs/deploy')).filter((name) => name.startsWith('compose.'))
    expect(overlays).toContain('compose.caddy.yaml')
    for (const name of overlays) {
      const { services } = compose(`docs/deploy/${name}`)
      for (const [service, { volumes = [], ports = [] }] of Object.entries(services)) {
        for (const volume of volumes.filter((path) => path.startsWith('./')))
          expect(existsSync(join(CHECKOUT, volume.split(':')[0] ?? ''))).toBe(true)
        if (service !== 'caddy') expect(ports).toEqual([])
      }
    }
  })

  test('behind Caddy the server trusts only the network that it shares with Caddy', () => {
    const { services, networks } = Bun.YAML.parse(
      readFileSync(join(CHECKOUT, 'docs/deploy/compose.caddy.yaml'), 'utf8'),
    ) as {
      services: Record<string, Service>
      networks: { proxy: { ipam: { config: { subnet: string }[] } } }
    }
    const subnet = networks.proxy.ipam.config[0]?.subnet
    expect(services.synapse?.environment?.SYNAPSE_TRUSTED_PROXIES).toBe(subnet ?? '')
    expect(services.caddy?.environment).toMatchObject({ SYNAPSE_UPSTREAM: 'synapse:8080' })
  })
})

describe('the shell scripts', () => {
  const scripts = [
    'install.sh',
    'bin/synapse',
    'bin/check',
    '.ci/run',
    'scripts/provision.sh',
    'scripts/bootstrap.sh',
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
