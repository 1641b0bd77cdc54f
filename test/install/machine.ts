import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths, isAlive, processState, readRunFile } from '../../src/home'
import { temporaryDirectory } from '../home/temporary'
import { type Finished, finished } from '../support/finished'
import { until } from '../support/sockets'

/** What an installation may change; on a test machine these folders are copies that are thrown away. */
const FOLDERS = ['etc', 'usr', 'var', 'root', 'home', 'opt']

/** Files that the account tools create on every machine: their backups and their lock. */
const SIDE_EFFECTS = /^\/etc\/(?:(?:passwd|group|shadow|gshadow|subuid|subgid)-|\.pwd\.lock)$/

/** What a machine with Synapse has; the test machines start without it. */
const INSTALLED = [
  ...['/usr/local/bin/synapse', '/usr/local/bin/synapse.previous', '/usr/local/lib/synapse'],
  ...['/var/lib/synapse', '/var/lib/synapse-backups'],
  ...['/etc/systemd/system/synapse.service', '/etc/systemd/system/synapse.service.d'],
  '/etc/systemd/system/multi-user.target.wants/synapse.service',
]
const ACCOUNT_FILES = ['passwd', 'group', 'shadow', 'gshadow'].map((name) => `/etc/${name}`)

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * This machine with its own copies of some folders: changes to them are thrown away, so root can install there.
 * systemd does not run on it. Needs root and a kernel that allows mounts; see {@link canMakeMachines}.
 */
export class Machine implements AsyncDisposable {
  private readonly directory = temporaryDirectory()
  private readonly holder = Bun.spawn(
    ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', this.script()],
    { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
  )

  /** What was removed at the start. */
  private before: readonly string[] = []

  private constructor() {}

  static async make(): Promise<Machine> {
    const machine = new Machine()
    const { value } = await machine.holder.stdout.getReader().read()
    if (value === undefined) throw new Error('no mount namespace')
    machine.before = machine.changes()
    return machine
  }

  /** Runs a command as root of this machine. */
  async run(words: string[], extra: Record<string, string> = {}): Promise<Finished> {
    const child = Bun.spawn(
      ['nsenter', `--mount=/proc/${this.holder.pid}/ns/mnt`, '--wd=/', '--', ...words],
      {
        env: { PATH: SYSTEM_PATH, HOME: '/root', ...extra },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      },
    )
    return finished(child)
  }

  /** A path of this machine as seen from outside. */
  path(inside: string): string {
    return `/proc/${this.holder.pid}/root${inside}`
  }

  read(inside: string): string {
    return readFileSync(this.path(inside), 'utf8')
  }

  exists(inside: string): boolean {
    return existsSync(this.path(inside))
  }

  /** Paths that were created, removed or changed. */
  changes(): string[] {
    return FOLDERS.flatMap((folder) =>
      this.changesIn(`/${folder}`, join(this.directory.path, folder, 'upper')),
    )
      .filter((path) => !SIDE_EFFECTS.test(path) && !this.before.includes(path))
      .sort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const home = this.path('/var/lib/synapse')
    const run = readRunFile(homePaths(home).runFile)
    const pid = run !== undefined && processState(home, run) === 'ours' ? run.pid : 0
    if (pid > 0) {
      process.kill(pid, 'SIGKILL')
      await until(`the end of ${pid}`, () => !isAlive(pid))
    }
    this.holder.stdin.end()
    await this.holder.exited
    this.directory[Symbol.dispose]()
  }

  private script(): string {
    const mounts = FOLDERS.map((folder) => {
      const own = join(this.directory.path, folder)
      const options = `lowerdir=/${folder},upperdir=${own}/upper,workdir=${own}/work`
      return `mkdir -p ${own}/upper ${own}/work; mount -t overlay overlay -o ${options} /${folder}`
    })
    const bare = [
      `rm -rf ${INSTALLED.join(' ')}`,
      `for file in ${ACCOUNT_FILES.join(' ')}; do [ ! -e "$file" ] || sed -i /^synapse:/d "$file"; done`,
    ]
    return [...mounts, ...bare, 'mount -t tmpfs tmpfs /run', 'echo ready', 'read -r end || true'].join('\n')
  }

  /** The upper folder of an overlay holds what was written; a character device stands for a removed file. */
  private changesIn(path: string, upper: string): string[] {
    return readdirSync(upper, { withFileTypes: true }).flatMap((entry) => {
      const inside = join(path, entry.name)
      const written = join(upper, entry.name)
      if (entry.isCharacterDevice()) return existsSync(inside) ? [inside] : []
      const before = statSync(inside, { throwIfNoEntry: false })
      if (before === undefined) return [inside]
      if (entry.isDirectory()) return this.changesIn(inside, written)
      return readFileSync(inside).equals(readFileSync(written)) ? [] : [inside]
    })
  }
}

/** Whether machines can be made here, and if not, why. */
export function canMakeMachines(): { readonly can: boolean; readonly why: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { can: false, why: 'they need root' }
  if (Bun.which('unshare') === null || Bun.which('nsenter') === null)
    return { can: false, why: 'they need unshare and nsenter' }
  using directory = temporaryDirectory()
  const script = `cd ${directory.path} && mkdir a b c && mount -t overlay overlay -o lowerdir=a,upperdir=b,workdir=c a`
  const probe = Bun.spawnSync(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  return probe.success ? { can: true, why: '' } : { can: false, why: 'no overlay can be mounted here' }
}
