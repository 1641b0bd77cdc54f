import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'
import { Site } from '../support/site'

setDefaultTimeout(120_000)

/** A user of this machine other than root: its uid and its home directory. */
const [uid, folder] = readFileSync('/etc/passwd', 'utf8')
  .split('\n')
  .map((line) => line.split(':'))
  .filter(([name]) => name === 'nobody')
  .map((entry) => [Number(entry[2]), entry[5] ?? ''] as const)[0] ?? [0, '']
const fixture = join(import.meta.dir, '../home/fixtures/configured-as-owner.ts')
const MOUNTS = ['unshare', '--mount']
const isRoot = process.getuid?.() === 0 && uid !== 0
const hasMounts =
  isRoot && Bun.which('unshare') !== null && Bun.spawnSync([...MOUNTS, 'true'], { stderr: 'ignore' }).success

/** What root finds and configures; `before` is put in front of the command, `after` behind it. */
function asRoot(userHome: string, before: string[], ...after: string[]): unknown {
  const { stdout } = Bun.spawnSync([...before, process.execPath, fixture, ...after], {
    env: { PATH: process.env['PATH'], HOME: userHome, XDG_STATE_HOME: join(userHome, 'state') },
    stderr: 'inherit',
  })
  return JSON.parse(stdout.toString())
}

describe('root, at work on the home of another user,', () => {
  test.skipIf(!isRoot)('root looks for backups where the owner of the home keeps them', () => {
    using directory = temporaryDirectory()
    const home = join(directory.path, 'data')
    mkdirSync(home, { mode: 0o700 })
    for (const path of [directory.path, home]) chownSync(path, uid, -1)
    expect(asRoot(directory.path, [], home)).toEqual({
      found: home,
      uid,
      home,
      backupDir: `${folder}/.local/state/synapse/backups`,
    })
  })

  test.skipIf(!isRoot)(
    'a backup that only root can read is reported as unreadable, not as missing',
    async () => {
      await using site = new Site({ isBare: true })
      expect((await site.run('init')).code).toBe(0)
      chmodSync(site.directory, 0o755)
      expect((await site.spawn(['chown', '-R', String(uid), site.userHome])).code).toBe(0)
      const hidden = join(site.directory, 'hidden')
      mkdirSync(hidden, { mode: 0o700 })
      for (const path of [join(hidden, 'copy.db'), join(site.directory, 'copy.db')]) {
        writeFileSync(path, 'a copy', { mode: 0o600 })
        for (const words of [
          ['verify', path],
          ['restore', path, '--yes'],
        ])
          expect(await site.run('backup', ...words)).toMatchObject({
            code: 1,
            stderr: expect.stringContaining(`${path} cannot be read by user ${uid}`),
          })
      }
      expect((await site.run('backup', 'verify', join(site.directory, 'none.db'))).code).toBe(4)
    },
  )

  test.skipIf(!hasMounts)('root uses the home of the system service, even if root has a home too', () => {
    using directory = temporaryDirectory()
    chmodSync(directory.path, 0o755)
    mkdirSync(join(directory.path, '.local/share/synapse'), { recursive: true })
    const system = '/var/lib/synapse'
    const script = [
      'mount -t tmpfs none /var/lib',
      `mkdir -m 700 ${system}`,
      `chown ${uid} ${system}`,
      'exec "$@"',
    ]
    expect(asRoot(directory.path, [...MOUNTS, 'sh', '-ec', script.join('\n'), 'sh'])).toEqual({
      found: system,
      uid,
      home: system,
      backupDir: '/var/lib/synapse-backups',
    })
  })
})
