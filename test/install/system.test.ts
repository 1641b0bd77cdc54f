import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive } from '../../src/home'
import type { Finished } from '../support/finished'
import { canMakeMachines, Machine } from './machine'
import { CHECKOUT, theRelease } from './release'

// The first test waits for a build, and every test for servers.
setDefaultTimeout(120_000)

const { can, why } = canMakeMachines()
if (!can) console.log(`skipped: installing as root on machines of the tests: ${why}`)

const UNIT = '/etc/systemd/system/synapse.service'
const hasSystemd = Bun.which('systemctl') !== null && Bun.which('systemd-analyze') !== null
if (!hasSystemd)
  console.log('skipped: the units, which need systemctl and systemd-analyze (scripts/provision.sh)')

/** Runs install.sh of the release on the machine. */
async function install(machine: Machine, ...words: string[]): Promise<Finished> {
  return machine.run(['sh', join((await theRelease()).folder, 'install.sh'), ...words])
}

function works({ code, stdout, stderr }: Finished): string {
  if (code !== 0) throw new Error(`exit status ${code}\n${stdout}${stderr}`)
  return stdout
}

function pidOf(machine: Machine): number {
  return Number(machine.read('/var/lib/synapse/run/synapse.pid'))
}

function accounts(machine: Machine): string[] {
  return ['passwd', 'group', 'shadow', 'gshadow'].map((name) => machine.read(`/etc/${name}`))
}

describe.skipIf(!can)('install.sh as root without systemd', () => {
  test('a test machine starts without Synapse and without a user of that name', async () => {
    await using machine = await Machine.make()
    for (const file of accounts(machine)) expect(file).not.toMatch(/^synapse:/m)
    for (const path of ['/var/lib/synapse', '/usr/local/bin/synapse', UNIT])
      expect(machine.exists(path)).toBe(false)
    expect(machine.changes()).toEqual([])
  })

  test('install.sh from a release runs the server as its own user, and --uninstall --purge restores the machine', async () => {
    await using machine = await Machine.make()
    const before = accounts(machine)
    const said = works(await install(machine, '--port', '0'))
    expect(said).toContain('/healthz answers')
    expect(said).toContain('stop      synapse serve --stop --home /var/lib/synapse')
    expect(said).toContain('Next: synapse quickstart')

    const pid = pidOf(machine)
    const [, uid] = /^synapse:x:(\d+):/m.exec(machine.read('/etc/passwd')) ?? []
    expect(Number(uid)).toBeLessThan(1000)
    expect(statSync(`/proc/${pid}`).uid).toBe(Number(uid))
    expect(machine.read('/etc/passwd')).toMatch(/^synapse:.*:\/var\/lib\/synapse:\S*(?:nologin|false)$/m)
    for (const path of ['/var/lib/synapse', '/var/lib/synapse-backups', '/var/lib/synapse/synapse.env']) {
      const { uid: owner, mode } = statSync(machine.path(path))
      expect({ path, owner, others: mode & 0o077 }).toEqual({ path, owner: Number(uid), others: 0 })
    }
    works(await machine.run(['synapse', 'quickstart', '--yes', '--json']))
    expect(statSync(machine.path('/var/lib/synapse/synapse.db')).uid).toBe(Number(uid))

    const bye = works(await install(machine, '--uninstall', '--purge', '--yes'))
    expect(bye).toContain('has stopped')
    expect(isAlive(pid)).toBe(false)
    expect(accounts(machine)).toEqual(before)
    expect(machine.changes()).toEqual([])
  })

  test('install.sh from a checkout builds the program', async () => {
    await using machine = await Machine.make()
    const path = process.env.PATH ?? ''
    const script = join(CHECKOUT, 'install.sh')
    const said = works(await machine.run(['sh', script, '--port', '0'], { PATH: path }))
    expect(said).toContain('building from this checkout')
    expect(said).toContain('/healthz answers')
    works(await machine.run(['sh', script, '--uninstall', '--purge', '--yes'], { PATH: path }))
    expect(machine.changes()).toEqual([])
  })

  test('--uninstall keeps data, user and install record, and a later --purge removes all of it', async () => {
    await using machine = await Machine.make()
    const before = accounts(machine)
    works(await install(machine, '--no-start', '--prefix', '/opt/rooms/synapse', '--port', '0'))
    works(
      await machine.run(['/opt/rooms/synapse/bin/synapse', 'init', '--home', '/var/lib/synapse', '--json']),
    )
    const script = '/opt/rooms/synapse/lib/synapse/install.sh'
    expect(works(await machine.run([script, '--uninstall']))).toContain('/var/lib/synapse')
    expect(machine.exists('/opt/rooms/synapse/bin')).toBe(false)
    expect(machine.exists('/var/lib/synapse/synapse.db')).toBe(true)
    expect(machine.read('/etc/passwd')).toMatch(/^synapse:/m)
    works(await machine.run([script, '--uninstall', '--purge', '--yes']))
    expect(accounts(machine)).toEqual(before)
    expect(machine.changes()).toEqual([])
  })

  test('--purge keeps a service user that existed before', async () => {
    await using machine = await Machine.make()
    works(await machine.run(['useradd', '--system', '--user-group', 'synapse']))
    works(await install(machine, '--no-start'))
    expect(works(await install(machine, '--uninstall', '--purge', '--yes'))).toContain('was there before')
    expect(machine.read('/etc/passwd')).toMatch(/^synapse:/m)
  })

  /** A folder of programs that count their calls and signal install.sh at one of them. */
  function cutter(machine: Machine, at: number, signal: 'KILL' | 'TERM'): Record<string, string> {
    const folder = machine.path('/run/cut')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    for (const name of ['mkdir', 'useradd', 'chown', 'chmod', 'cp', 'mv']) {
      const count = 'echo >>/run/cut/calls; n=$(wc -l </run/cut/calls)'
      const script = `#!/bin/sh\n${count}\n[ "$n" -ne ${at} ] || kill -${signal} $PPID\nPATH=/usr/sbin:/usr/bin:/sbin:/bin exec ${name} "$@"\n`
      writeFileSync(join(folder, name), script, { mode: 0o755 })
    }
    return { PATH: '/run/cut:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }
  }

  test('an interrupted installation can be repeated and uninstalled, and nothing remains', async () => {
    await using machine = await Machine.make()
    const before = accounts(machine)
    const script = join((await theRelease()).folder, 'install.sh')
    const words = ['sh', script, '--no-start', '--port', '0']
    // Each run continues with what the previous one left.
    for (const at of [2, 5, 7, 9, 11]) {
      const { code } = await machine.run(words, cutter(machine, at, 'KILL'))
      expect(code).not.toBe(1)
    }
    works(await install(machine, '--uninstall', '--purge', '--yes'))
    works(await install(machine, '--no-start', '--port', '0'))
    works(await install(machine, '--uninstall', '--purge', '--yes'))
    expect(accounts(machine)).toEqual(before)
    expect(machine.changes()).toEqual([])
  }, 120_000)

  test('a first installation that fails removes what it created', async () => {
    await using machine = await Machine.make()
    const before = accounts(machine)
    const script = join((await theRelease()).folder, 'install.sh')
    const words = ['sh', script, '--no-start', '--port', '0']
    const { code, stderr } = await machine.run(words, cutter(machine, 9, 'TERM'))
    expect({ code, stderr }).toEqual({
      code: 143,
      stderr: expect.stringContaining('taking back what was made'),
    })
    expect(accounts(machine)).toEqual(before)
    expect(machine.changes()).toEqual([])
  })

  test('a port in use is reported before anything is created', async () => {
    await using machine = await Machine.make()
    using taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const { code, stderr } = await install(machine, '--port', String(taken.port))
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`port ${taken.port} is taken`),
    })
    expect(machine.changes()).toEqual([])
  })

  const refusals: [rule: string, says: string, arrange: (machine: Machine) => Promise<string[]>][] = [
    [
      "a person's account named synapse",
      "a person's account",
      async (machine) => {
        works(await machine.run(['useradd', '--uid', '54321', 'synapse']))
        return []
      },
    ],
    [
      'a group named synapse without a user',
      'there is a group synapse',
      async (machine) => {
        works(await machine.run(['groupadd', 'synapse']))
        return []
      },
    ],
    [
      'data that belongs to another user',
      'belongs to root',
      async (machine) => {
        works(await machine.run(['mkdir', '/var/lib/synapse']))
        works(await machine.run(['touch', '/var/lib/synapse/synapse.db']))
        return []
      },
    ],
    [
      'a prefix that the service user cannot reach',
      'cannot reach /opt/closed/synapse/bin: /opt/closed is closed',
      async (machine) => {
        works(await machine.run(['mkdir', '-m', '700', '/opt/closed']))
        return ['--prefix', '/opt/closed/synapse']
      },
    ],
    [
      'a prefix that the service could not see',
      'the service cannot see',
      async () => ['--service', 'systemd', '--no-start', '--prefix', '/home/ada'],
    ],
  ]
  for (const [rule, says, arrange] of refusals) {
    test(`install.sh refuses ${rule}, and changes nothing`, async () => {
      await using machine = await Machine.make()
      const words = await arrange(machine)
      const before = [machine.changes(), accounts(machine)]
      const { code, stderr } = await install(machine, ...words)
      expect(stderr).toContain(says)
      expect(code).toBe(1)
      expect([machine.changes(), accounts(machine)]).toEqual(before)
    })
  }
})

describe.skipIf(!can || !hasSystemd)('the unit of the system', () => {
  test('the systemd unit is valid and restricts what the server does not need', async () => {
    await using machine = await Machine.make()
    works(await install(machine, '--service', 'systemd', '--no-start'))
    const verified = await machine.run(['systemd-analyze', 'verify', UNIT])
    expect(verified).toEqual({ code: 0, stdout: '', stderr: '' })
    const security = ['systemd-analyze', 'security', '--offline=true', '--no-pager', UNIT]
    const [, score] =
      /exposure level for synapse.service: ([\d.]+)/.exec(works(await machine.run(security))) ?? []
    expect(Number(score)).toBeGreaterThan(0)
    expect(Number(score)).toBeLessThan(2)
    const unit = machine.read(UNIT).split('\n')
    for (const line of [
      'User=synapse',
      'ExecStart=/usr/local/bin/synapse serve --foreground',
      'StateDirectory=synapse synapse-backups',
      'RestartPreventExitStatus=2 5 78',
      'UnsetEnvironment=BUN_BE_BUN BUN_OPTIONS',
      'LimitCORE=0',
      'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
      'WantedBy=multi-user.target',
    ])
      expect(unit).toContain(line)
    expect(unit.filter((line) => line.startsWith('MemoryDenyWriteExecute'))).toEqual([])
  })

  test('the systemd unit is enabled, replaced by an upgrade unless it was edited, and removed by --uninstall', async () => {
    await using machine = await Machine.make()
    works(await install(machine, '--service', 'systemd', '--no-start'))
    const wanted = '/etc/systemd/system/multi-user.target.wants/synapse.service'
    expect(statSync(machine.path(UNIT)).mode & 0o777).toBe(0o644)
    expect(works(await machine.run(['readlink', wanted])).trim()).toBe(UNIT)

    // As if an earlier version had written it.
    const record = machine.path('/usr/local/lib/synapse/record')
    const earlier = machine.read(UNIT).replace('RestartSec=5', 'RestartSec=9')
    writeFileSync(machine.path(UNIT), earlier)
    const sum = works(await machine.run(['cksum', UNIT]))
      .split(' ')
      .slice(0, 2)
      .join('-')
    writeFileSync(record, readFileSync(record, 'utf8').replace(/^unit .*$/m, `unit ${sum}`))
    works(await install(machine, '--service', 'systemd', '--no-start'))
    expect(machine.read(UNIT)).toContain('RestartSec=5\n')

    appendFileSync(machine.path(UNIT), 'Environment=MINE=1\n')
    works(await machine.run(['mkdir', `${UNIT}.d`]))
    const { code, stderr } = await install(machine, '--service', 'systemd', '--no-start')
    expect(code).toBe(0)
    expect(stderr).toContain('was edited and stays')
    expect(machine.read(UNIT)).toContain('MINE=1')

    const said = works(await install(machine, '--uninstall'))
    expect(said).toContain('your drop-ins stay')
    expect(machine.exists(UNIT)).toBe(false)
    expect(machine.exists(wanted)).toBe(false)
    expect(machine.read('/usr/local/lib/synapse/synapse.service.edited')).toContain('MINE=1')
    works(await install(machine, '--uninstall', '--purge', '--yes'))
    expect(machine.changes()).toEqual([`${UNIT}.d`])
  })

  test('--dry-run shows every systemctl call of an installation, an upgrade and an uninstall', async () => {
    await using machine = await Machine.make()
    const calls = async (...words: string[]) =>
      works(await install(machine, '--dry-run', ...words))
        .split('\n')
        .filter((line) => /^ {2}(?:systemctl|useradd|userdel|mv|rm -rf|rm -f|mkdir|chown)/.test(line))
        .map((line) => line.trim())
    expect(await calls('--service', 'systemd')).toEqual([
      'mkdir -m 755 /usr/local/lib/synapse',
      expect.stringMatching(
        /^useradd --system --user-group --no-create-home --home-dir \/var\/lib\/synapse --shell \S+ --comment 'Synapse server' synapse$/,
      ),
      'mkdir -m 700 /var/lib/synapse',
      'chown synapse:synapse /var/lib/synapse',
      'mkdir -m 700 /var/lib/synapse-backups',
      'chown synapse:synapse /var/lib/synapse-backups',
      'mv -f /usr/local/bin/.synapse.new /usr/local/bin/synapse',
      'systemctl daemon-reload',
      'systemctl enable --now synapse.service',
    ])
    expect(machine.changes()).toEqual([])

    works(await install(machine, '--service', 'systemd', '--no-start'))
    // Different bytes stand for another version.
    appendFileSync(machine.path('/usr/local/bin/synapse'), 'SYNAPSE_ALLOW_PUBLIC_BIND')
    expect(await calls('--service', 'systemd')).toEqual([
      'systemctl stop synapse.service',
      'mv -f /usr/local/bin/synapse /usr/local/bin/synapse.previous',
      'mv -f /usr/local/bin/.synapse.new /usr/local/bin/synapse',
      'systemctl daemon-reload',
      'systemctl enable --now synapse.service',
    ])
    expect(await calls('--uninstall', '--purge')).toEqual([
      'systemctl disable --now synapse.service',
      `rm -f ${UNIT}`,
      'systemctl daemon-reload',
      'rm -f /usr/local/bin/synapse',
      'rm -rf /var/lib/synapse',
      'rm -rf /var/lib/synapse-backups',
      'userdel synapse',
      expect.stringContaining('rm -f /usr/local/lib/synapse/record'),
    ])
  })
})
