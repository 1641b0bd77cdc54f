/**
 * A computer as a new operator has one: its own network, processes, /etc and home directory, with `synapse` on PATH.
 * Two of them can be connected by a cable. Needs root and a kernel that allows it; see {@link canMakeBoxes}.
 */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'
import type { Finished } from '../support/finished'
import { canMakeMachines } from './machine'
import { CHECKOUT } from './release'

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const NAMESPACES = ['--mount', '--net', '--pid']
const UNSHARE = [
  'unshare',
  ...NAMESPACES,
  '--propagation',
  'private',
  '--fork',
  '--kill-child',
  '--mount-proc',
]

/** The program: from source, or the executable that TEST_PROGRAM names. */
const usual = process.env.TEST_PROGRAM
  ? `'${process.env.TEST_PROGRAM}'`
  : `'${process.execPath}' --no-env-file '${CHECKOUT}/src/cli/index.ts'`

export class Box implements AsyncDisposable {
  private readonly directory = temporaryDirectory()
  readonly home = join(this.directory.path, 'home')
  /** The environment of every command on this box. */
  readonly environment: Record<string, string> = {
    PATH: `${this.home}/.local/bin:${SYSTEM_PATH}`,
    HOME: this.home,
  }
  private readonly holder: Bun.Subprocess<'pipe', 'pipe', 'inherit'>
  private commands = 0

  private constructor(program: string) {
    for (const folder of [this.home, join(this.home, '.local'), join(this.home, '.local/bin')])
      mkdirSync(folder)
    // Commands trust the certificate authorities in ~/root.crt once that file exists.
    this.put(
      'synapse',
      `if [ -f "$HOME/root.crt" ]; then export NODE_EXTRA_CA_CERTS="$HOME/root.crt"; fi\nexec ${program} "$@"`,
    )
    const etc = join(this.directory.path, 'etc')
    const layers = `lowerdir=/etc,upperdir=${etc}/upper,workdir=${etc}/work`
    const script = `mkdir -p ${etc}/upper ${etc}/work; mount -t overlay overlay -o ${layers} /etc
      ip link set lo up; echo ready; read -r end || true`
    // The end of stdin ends the first process of the box, and with it all others.
    this.holder = Bun.spawn([...UNSHARE, 'sh', '-ec', script], {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
    })
  }

  /** `executable`: another program than the default one. */
  static async make(executable?: string): Promise<Box> {
    const box = new Box(executable === undefined ? usual : `'${executable}'`)
    const { value } = await box.holder.stdout.getReader().read()
    if (value === undefined) throw new Error('no namespaces')
    return box
  }

  /** Adds a command to this box: a script for sh. */
  put(name: string, script: string): void {
    const file = join(this.home, '.local/bin', name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
  }

  /** Runs a line of shell in the home directory to its end; background processes keep running. */
  async run(line: string, extra: Record<string, string> = {}): Promise<Finished> {
    // Files instead of pipes, because a daemon would keep pipes open.
    const shell = ['env', '-C', this.home, 'sh', '-c', line]
    const said = join(this.directory.path, String(++this.commands))
    const child = Bun.spawn(['nsenter', `--target=${this.pid}`, ...NAMESPACES, '--', ...shell], {
      env: { ...this.environment, ...extra },
      stdin: 'ignore',
      stdout: Bun.file(`${said}.out`),
      stderr: Bun.file(`${said}.err`),
    })
    const code = await child.exited
    return { code, stdout: readFileSync(`${said}.out`, 'utf8'), stderr: readFileSync(`${said}.err`, 'utf8') }
  }

  /** Connects two boxes by a private network with these addresses. */
  async connect(other: Box, [here, there]: readonly [here: string, there: string]): Promise<void> {
    const link = `ip link add name net0 netns ${this.pid} type veth peer name net0 netns ${other.pid}`
    const made = Bun.spawnSync(link.split(' '), { stderr: 'pipe' })
    if (!made.success) throw new Error(made.stderr.toString())
    for (const [box, address] of [
      [this, here],
      [other, there],
    ] as const) {
      const { code, stderr } = await box.run(`ip addr add ${address}/24 dev net0 && ip link set net0 up`)
      if (code !== 0) throw new Error(stderr)
    }
  }

  /** Copies the trusted certificate authorities to the other box. */
  share(other: Box): void {
    copyFileSync(join(this.home, 'root.crt'), join(other.home, 'root.crt'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.holder.stdin.end()
    await this.holder.exited
    this.directory[Symbol.dispose]()
  }

  /** The first process of the box, with its pid outside. */
  private get pid(): number {
    const { pid } = this.holder
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
  }
}

/** Whether boxes can be made here, and if not, why. */
export function canMakeBoxes(): { readonly can: boolean; readonly why: string } {
  const machines = canMakeMachines()
  if (!machines.can) return machines
  if (Bun.which('ip') === null) return { can: false, why: 'they need ip (iproute2)' }
  const probe = Bun.spawnSync(
    [...UNSHARE, 'sh', '-ec', 'ip link set lo up; ip link add net0 type veth peer name net1'],
    {
      stdout: 'ignore',
      stderr: 'ignore',
    },
  )
  return probe.success ? { can: true, why: '' } : { can: false, why: 'no network can be made here' }
}
