import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { homePaths } from './paths'
import type { ProcessMark, RunFile } from './run-file'

const ANSWER_WITHIN_MS = 2000

/**
 * What the pid of a run file means here. `ours`: it is proven to be the server of that file. `gone`: the server has
 * ended, even if another program has the pid now. `unknown`: the pid is of another pid namespace or machine, or of an
 * earlier version that wrote only the pid.
 */
export type ProcessState = 'ours' | 'gone' | 'unknown'

/** Identifies a process by its start time. A pid alone proves nothing, because the system reuses it. */
export function processState(
  home: string,
  { pid, process: mark }: Pick<RunFile, 'pid' | 'process'>,
): ProcessState {
  if (mark === undefined) {
    if (hasOpen(pid, homePaths(home).lock)) return 'ours'
    return isAlive(pid) ? 'unknown' : 'gone'
  }
  const { boot, namespace } = markOf(process.pid) ?? {}
  if (boot !== mark.boot || namespace !== mark.namespace) return 'unknown'
  return isAlive(pid) && markOf(pid)?.started === mark.started ? 'ours' : 'gone'
}

/** Returns what tells a process from a later one with the same pid; undefined if the system does not report it. */
export function markOf(pid: number): ProcessMark | undefined {
  try {
    return process.platform === 'linux' ? linuxMark(pid) : otherMark(pid)
  } catch {
    return undefined
  }
}

function linuxMark(pid: number): ProcessMark | undefined {
  // A /proc of another pid namespace has other pids.
  if (readlinkSync('/proc/self') !== String(process.pid)) return undefined
  // The program name is in parentheses and may contain any character. The start time is field 22 (proc_pid_stat(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  if (started === undefined) return undefined
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return { boot, namespace: readlinkSync('/proc/self/ns/pid'), started }
}

function otherMark(pid: number): ProcessMark | undefined {
  const boot = wordsOf(['sysctl', '-n', 'kern.bootsessionuuid'])
  const started = wordsOf(['ps', '-o', 'lstart=', '-p', String(pid)])
  return boot === '' || started === '' ? undefined : { boot, namespace: process.platform, started }
}

function wordsOf(cmd: string[]): string {
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  return Bun.spawnSync(cmd, { env, stderr: 'ignore' }).stdout.toString().trim()
}

/** Reports whether the process has the file open; false for a process of another user, and without /proc. */
function hasOpen(pid: number, file: string): boolean {
  try {
    const wanted = statSync(file)
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
      const found = statSync(`/proc/${pid}/fd/${descriptor}`, { throwIfNoEntry: false })
      return found?.ino === wanted.ino && found.dev === wanted.dev
    })
  } catch {
    return false
  }
}

/** Returns the socket at which this server answers: the path in the run file, or that in the home as seen from here. */
export async function liveSocket(
  home: string,
  { socket, boot_id }: Pick<RunFile, 'socket' | 'boot_id'>,
): Promise<string | undefined> {
  if (socket === null) return undefined
  for (const path of new Set([socket, homePaths(home).socket])) {
    if ((await bootIdAt(path)) === boot_id) return path
  }
  return undefined
}

/** Returns the boot id of the server behind a Unix socket; undefined if none answers. */
export async function bootIdAt(socket: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const response = await fetch('http://localhost/v1/health', { unix: socket, signal })
    const body: unknown = await response.json()
    const id = typeof body === 'object' && body !== null && 'boot_id' in body ? body.boot_id : undefined
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

/** Reports whether a process with this pid runs, of any user. A zombie does not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return !/^State:\s+Z/m.test(statusOf(pid))
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
