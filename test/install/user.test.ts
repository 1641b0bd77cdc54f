import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, readFileSync, readlinkSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive } from '../../src/home'
import type { Finished } from '../support/finished'
import { Place } from './place'
import { anotherExecutable, TARGET } from './release'

// The first test waits for a build, and every test for servers.
setDefaultTimeout(120_000)

function works({ code, stdout, stderr }: Finished): string {
  if (code !== 0) throw new Error(`exit status ${code}\n${stdout}${stderr}`)
  return stdout
}

describe('install.sh as an ordinary user without systemd', () => {
  test('install.sh starts a server, and --uninstall --purge leaves nothing', async () => {
    await using place = await Place.make()
    const before = place.listing()
    const said = works(await place.install('--port', '0'))
    const { pid, urls } = await place.status()
    expect(said).toContain(`${urls[0]}/healthz answers`)
    expect(said).toContain(`stop      ${place.binary} serve --stop --home ${place.data}`)
    expect(said).toContain(`Next: ${place.binary} quickstart`)
    expect((await fetch(`${urls[0]}/readyz`)).status).toBe(200)
    expect(statSync(`/proc/${pid}`).uid).toBe(place.uid)
    expect(statSync(place.data).mode & 0o777).toBe(0o700)
    works(await place.synapse('quickstart', '--yes', '--json'))

    const bye = works(await place.install('--uninstall', '--purge', '--yes'))
    expect(bye).toContain('has stopped')
    expect(isAlive(pid)).toBe(false)
    expect(place.listing()).toEqual(before)
  })

  for (const shell of [['bash'], ['busybox', 'sh']]) {
    test.skipIf(Bun.which(shell[0] ?? '') === null)(`install.sh works in ${shell.join(' ')}`, async () => {
      await using place = await Place.make()
      const script = [...shell, join(place.release, 'install.sh')]
      works(await place.run([...script, '--no-start']))
      works(await place.run([...script, '--uninstall', '--purge', '--yes']))
      expect(place.listing()).toEqual([])
    })
  }

  test('the home directory may have a space in its name', async () => {
    await using place = await Place.make('Ada Lovelace')
    works(await place.install('--port', '0'))
    await place.status()
    const units = works(await place.install('--service', 'systemd', '--dry-run'))
    expect(units).toContain('ExecStart=%h/.local/bin/synapse serve --foreground')
    works(await place.install('--uninstall', '--purge', '--yes'))
    expect(place.listing()).toEqual([])
  })

  test('--uninstall keeps the data and says where it is, a new installation uses it, and the kept script purges it', async () => {
    await using place = await Place.make()
    works(await place.install('--port', '0'))
    works(await place.synapse('add-account', '--handle', 'ada', '--kind', 'human', '--json'))
    const said = works(await place.install('--uninstall'))
    expect(said).toContain('data and backups stay')
    expect(said).toContain(place.data)
    expect(said).toContain(join(place.home, '.local/state/synapse/backups'))
    expect(existsSync(place.binary)).toBe(false)
    expect(existsSync(join(place.data, 'synapse.db'))).toBe(true)

    const again = works(await place.install())
    expect(again).not.toContain('quickstart')
    expect(works(await place.synapse('list-accounts'))).toContain('"ada"')
    const kept = join(place.home, '.local/lib/synapse/install.sh')
    works(await place.run([kept, '--uninstall']))
    works(await place.run([kept, '--uninstall', '--purge', '--yes']))
    expect(place.listing()).toEqual([])
  })

  test('install.sh changes nothing when repeated, and with another version upgrades and keeps the previous one', async () => {
    await using place = await Place.make()
    works(await place.install('--port', '0'))
    works(await place.synapse('add-account', '--handle', 'ada', '--kind', 'human', '--json'))
    const first = await place.status()
    const old = readFileSync(place.binary)

    expect(works(await place.install())).toContain('already')
    expect((await place.status()).boot_id).toBe(first.boot_id)
    expect(existsSync(`${place.binary}.previous`)).toBe(false)

    const next = await anotherExecutable()
    place.replaceExecutable(next)
    const said = works(await place.install())
    expect(said).toContain('upgrading')
    expect(said).toMatch(/backing up\nstore .*synapse-.*\.db/)
    const second = await place.status()
    expect(second.boot_id).not.toBe(first.boot_id)
    expect(isAlive(first.pid)).toBe(false)
    expect(readFileSync(place.binary).equals(readFileSync(next))).toBe(true)
    expect(readFileSync(`${place.binary}.previous`).equals(old)).toBe(true)
    expect(works(await place.synapse('list-accounts'))).toContain('"ada"')
    works(await place.install('--uninstall', '--purge', '--yes'))
    expect(place.listing()).toEqual([])
  })

  test('a draining server is upgraded like any other, and is draining afterwards', async () => {
    await using place = await Place.make()
    works(await place.install('--port', '0'))
    works(await place.synapse('drain', 'start'))
    place.replaceExecutable(await anotherExecutable())
    expect(works(await place.install())).toContain(`${place.binary} drain stop`)
    expect((await fetch(`${(await place.status()).urls[0]}/readyz`)).status).toBe(503)
  })

  test('--prefix installs the program elsewhere, and the script kept there knows where', async () => {
    await using place = await Place.make()
    const prefix = join(place.home, 'apps/synapse')
    works(await place.install('--prefix', prefix, '--no-start'))
    expect(existsSync(join(prefix, 'bin/synapse'))).toBe(true)
    expect(existsSync(place.binary)).toBe(false)
    expect(works(await place.install('--uninstall'))).toContain('there is no Synapse')
    works(await place.run([join(prefix, 'lib/synapse/install.sh'), '--uninstall', '--purge', '--yes']))
    expect(place.listing()).toEqual([])
  })

  test('--no-start starts no server, and says how to start one', async () => {
    await using place = await Place.make()
    const said = works(await place.install('--no-start'))
    expect(said).toContain('Next: the start line above')
    expect((await place.synapse('serve', '--status')).code).toBe(3)
  })

  test('--port is written for a new installation only, and an existing synapse.env stays', async () => {
    await using place = await Place.make()
    place.write(join(place.data, 'synapse.env'), '# mine\nSYNAPSE_PORT=0\n')
    const { code, stderr } = await place.install('--port', '8099')
    expect(code).toBe(0)
    expect(stderr).toContain('--port 8099 is not taken over')
    expect(readFileSync(join(place.data, 'synapse.env'), 'utf8')).toBe('# mine\nSYNAPSE_PORT=0\n')
    expect((await place.status()).urls[0]).not.toContain(':8099')
  })

  test('settings in the environment are not used, and a notice says where they belong', async () => {
    await using place = await Place.make()
    const { code, stderr } = await place.run(['sh', join(place.release, 'install.sh'), '--port', '0'], {
      SYNAPSE_LOG_LEVEL: 'debug',
      BUN_BE_BUN: '1',
    })
    expect(code).toBe(0)
    expect(stderr).toContain(`SYNAPSE_LOG_LEVEL of this shell is not taken over; write it to ${place.data}`)
  })

  test('a port in use is reported before anything is created', async () => {
    await using place = await Place.make()
    using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() })
    const { code, stderr } = await place.install('--port', String(taken.port))
    expect(code).toBe(1)
    expect(stderr).toContain(`port ${taken.port} is taken`)
    expect(place.listing()).toEqual([])
    works(await place.install('--uninstall', '--purge', '--yes'))
  })
})

describe('install.sh --dry-run', () => {
  test('--dry-run prints every step, with the systemctl calls and the unit, and changes nothing', async () => {
    await using place = await Place.make()
    const said = works(await place.install('--dry-run', '--service', 'systemd', '--port', '8099'))
    expect(place.listing()).toEqual([])
    const steps = said.split('\n').filter((line) => !line.startsWith('    |'))
    const short = steps.map((line) =>
      line.replaceAll(place.release, 'RELEASE').replaceAll(place.home, 'HOME').replaceAll(TARGET, 'TARGET'),
    )
    expect(short).toEqual([
      'dry run: nothing is changed',
      'checking synapse-TARGET against SHA256SUMS',
      '  mkdir -m 755 HOME/.local',
      '  mkdir -m 755 HOME/.local/bin',
      '  cp RELEASE/synapse-TARGET HOME/.local/bin/.synapse.new',
      '  chmod 755 HOME/.local/bin/.synapse.new',
      '  HOME/.local/bin/.synapse.new --version',
      '  mkdir -m 755 HOME/.local/lib',
      '  mkdir -m 755 HOME/.local/lib/synapse',
      '  cp RELEASE/install.sh HOME/.local/lib/synapse/install.sh',
      '  mkdir -m 755 HOME/.local/share',
      '  mkdir -m 700 HOME/.local/share/synapse',
      '  mkdir -m 755 HOME/.local/state',
      '  mkdir -m 755 HOME/.local/state/synapse',
      '  mkdir -m 700 HOME/.local/state/synapse/backups',
      '  write HOME/.local/share/synapse/synapse.env: SYNAPSE_PORT=8099',
      'installing HOME/.local/bin/synapse',
      '  mv -f HOME/.local/bin/.synapse.new HOME/.local/bin/synapse',
      '  mkdir -m 755 HOME/.config',
      '  mkdir -m 755 HOME/.config/systemd',
      '  mkdir -m 755 HOME/.config/systemd/user',
      '  write HOME/.config/systemd/user/synapse.service:',
      '  systemctl --user daemon-reload',
      'starting',
      '  systemctl --user enable --now synapse.service',
      '  HOME/.local/bin/synapse serve --status --json --home HOME/.local/share/synapse',
      '  get <url>/readyz and <url>/healthz',
      '',
    ])
    expect(said).toContain('    | WantedBy=default.target')
    expect(said).not.toMatch(/User=|StateDirectory=|MemoryDenyWriteExecute=/)
  })

  test('--uninstall --purge --dry-run prints every step and changes nothing', async () => {
    await using place = await Place.make()
    works(await place.install('--port', '0'))
    const before = place.listing()
    const { boot_id } = await place.status()
    const said = works(await place.install('--uninstall', '--purge', '--dry-run'))
    for (const step of ['serve --stop', `rm -f ${place.binary}`, `rm -rf ${place.data}`])
      expect(said).toContain(step)
    expect(place.listing()).toEqual(before)
    expect((await place.status()).boot_id).toBe(boot_id)
  })
})

const hasSystemd = Bun.which('systemctl') !== null && Bun.which('systemd-analyze') !== null
if (!hasSystemd)
  console.log('skipped: the unit, which needs systemctl and systemd-analyze (scripts/provision.sh)')

describe.skipIf(!hasSystemd)('the unit of a user', () => {
  test('the user unit is valid, is enabled, and is removed by --uninstall', async () => {
    await using place = await Place.make()
    works(await place.install('--service', 'systemd', '--no-start'))
    const units = join(place.home, '.config/systemd/user')
    const unit = join(units, 'synapse.service')
    const verified = await place.run(['systemd-analyze', 'verify', '--user', unit], {
      XDG_RUNTIME_DIR: place.release,
    })
    expect(verified).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readlinkSync(join(units, 'default.target.wants/synapse.service'))).toBe(unit)
    works(await place.install('--uninstall', '--purge', '--yes'))
    expect(place.listing()).toEqual([])
  })
})

describe('what install.sh refuses', () => {
  const cases: [rule: string, code: number, says: string, arrange: (place: Place) => string[]][] = [
    ['an unknown option', 2, 'there is no option --frobnicate', () => ['--frobnicate']],
    ['a missing value of --prefix', 2, '--prefix needs a value', () => ['--prefix']],
    ['a relative prefix', 2, 'must be an absolute path', () => ['--prefix', 'here']],
    ['a prefix with special characters', 2, '--prefix may contain', () => ['--prefix', '/tmp/a$(b)']],
    ['an invalid port', 2, '--port is a number', () => ['--port', '80x']],
    ['a port above 65535', 2, '--port is a number', () => ['--port', '65536']],
    ['an unknown service manager', 2, '--service is systemd or background', () => ['--service', 'runit']],
    ['--purge without --uninstall', 2, '--purge goes with --uninstall', () => ['--purge']],
    ['systemd on a machine without it', 1, 'systemd does not run here', () => ['--service', 'systemd']],
    [
      'a damaged executable',
      1,
      'is damaged',
      (place) => {
        const name = `synapse-${TARGET}`
        place.write(join(place.release, 'SHA256SUMS'), `${'0'.repeat(64)}  ${name}\n`)
        return []
      },
    ],
    [
      'an executable without a checksum',
      1,
      'SHA256SUMS does not list',
      (place) => {
        place.write(join(place.release, 'SHA256SUMS'), `${'0'.repeat(64)}  another\n`)
        return []
      },
    ],
    [
      'an executable for another system',
      1,
      'does not run here',
      (place) => {
        place.write(join(place.release, 'stub'), '#!/nowhere/sh\n')
        place.replaceExecutable(join(place.release, 'stub'))
        return []
      },
    ],
    [
      'an executable of another program',
      1,
      'does not say that it is Synapse',
      (place) => {
        place.write(join(place.release, 'stub'), '#!/bin/sh\necho matrix 1.0\n')
        place.replaceExecutable(join(place.release, 'stub'))
        return []
      },
    ],
    [
      'another program at the path of the executable',
      1,
      'is not an executable of Synapse',
      (place) => {
        place.write(place.binary, '#!/bin/sh\n')
        return []
      },
    ],
    [
      'a symbolic link at the path of the executable',
      1,
      'is not an executable of Synapse',
      (place) => {
        place.write(join(place.home, '.local/bin/other'), '')
        symlinkSync('other', place.binary)
        return []
      },
    ],
    [
      'a data home of another program',
      1,
      'holds something else than the data of Synapse',
      (place) => {
        place.write(join(place.data, 'notes.txt'), 'mine')
        return []
      },
    ],
    [
      'the unit of another program',
      1,
      'starts another program, /usr/bin/other',
      (place) => {
        const unit = join(place.home, '.config/systemd/user/synapse.service')
        place.write(unit, '[Service]\nExecStart=/usr/bin/other --serve\n')
        return ['--service', 'systemd', '--no-start']
      },
    ],
    [
      'purging a data home of another program',
      1,
      'holds something else than the data of Synapse',
      (place) => {
        place.write(join(place.data, 'notes.txt'), 'mine')
        return ['--uninstall', '--purge', '--yes']
      },
    ],
  ]
  for (const [rule, code, says, arrange] of cases) {
    test(`install.sh refuses ${rule} and changes nothing`, async () => {
      await using place = await Place.make()
      const words = arrange(place)
      const before = place.listing()
      const outcome = await place.install(...words)
      expect(outcome.stderr).toContain(says)
      expect(outcome.code).toBe(code)
      expect(place.listing()).toEqual(before)
    })
  }

  test('install.sh refuses a data home that is set only in this shell', async () => {
    await using place = await Place.make()
    const outcome = await place.run(['sh', join(place.release, 'install.sh')], {
      SYNAPSE_HOME: '/srv/elsewhere',
    })
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('SYNAPSE_HOME is set') })
    expect(place.listing()).toEqual([])
  })

  test('install.sh refuses --purge without --yes when it cannot ask', async () => {
    await using place = await Place.make()
    works(await place.install('--no-start'))
    const before = place.listing()
    const outcome = await place.install('--uninstall', '--purge')
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('add --yes') })
    expect(place.listing()).toEqual(before)
  })

  test('install.sh refuses a folder that is neither a release nor a checkout', async () => {
    await using place = await Place.make()
    place.write(join(place.home, 'install.sh'), readFileSync(join(place.release, 'install.sh'), 'utf8'))
    const before = place.listing()
    const outcome = await place.run(['sh', join(place.home, 'install.sh')])
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('neither a checkout nor a release'),
    })
    expect(place.listing()).toEqual(before)
  })

  test('install.sh --help shows options and examples', async () => {
    await using place = await Place.make()
    const said = works(await place.install('--help'))
    for (const word of ['--prefix', '--dry-run', '--purge', 'examples:', 'sudo ./install.sh'])
      expect(said).toContain(word)
  })
})
