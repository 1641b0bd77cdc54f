import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { homePaths } from './paths'
import type { ProcessMark, RunFile } from './run-file'

const ANSWER_WITHIN_MS = 2000

/**
 * What the process number of a run file means here: `ours` is the server of that file, proven; `gone` has ended, even
 * if another program has its number now; `unknown` cannot be told from here: a number of another pid namespace, of
 * another machine, or of a version that noted no more than the number.
 */
export type ProcessState = 'ours' | 'gone' | 'unknown'

/** Judges a process by when it started. A number alone proves nothing: after a while another program has it. */
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

/** What tells a process from a later one with its number; undefined where the system does not say it. */
export function markOf(pid: number): ProcessMark | undefined {
  try {
    return process.platform === 'linux' ? linuxMark(pid) : otherMark(pid)
  } catch {
    return undefined
  }
}

function linuxMark(pid: number): ProcessMark | undefined {
  // A /proc of another pid namespace counts other processes than we do.
  if (readlinkSync('/proc/self') !== String(process.pid)) return undefined
  // The name of the program stands in parentheses and may hold anything; the start is field 22 (proc_pid_stat(5)).
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

/** Whether the process has the file open; false for a process of another user, and on a system without /proc. */
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

/** Where the server of this run answers: its socket as it knows it, or as it lies in the home from here. */
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

/** The boot id of the server behind a Unix socket; undefined when nobody answers there. */
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

/** Whether a process with this id runs, whoever owns it. One that has ended but was not collected does not run. */
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
