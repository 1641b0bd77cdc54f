import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { RunFile } from './run-file'

const ANSWER_WITHIN_MS = 2000

/**
 * Whether the process of this run file is a Synapse that we may stop: its socket answers with the same boot id, or
 * its command line names synapse. A process id alone proves nothing, it may belong to somebody else by now.
 */
export async function isOurs(run: Pick<RunFile, 'pid' | 'boot_id' | 'socket'>): Promise<boolean> {
  if (run.socket !== null && (await bootIdAt(run.socket)) === run.boot_id) return true
  return isAlive(run.pid) && namesSynapse(run.pid)
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
  return !/^State:\s+Z/m.test(processFile(pid, 'status'))
}

/** Whether the command line of a process is that of this program: by the name of a file in it, not of a folder. */
export function namesSynapse(pid: number): boolean {
  const words = commandLine(pid).split(' ')
  return words.some((word) => basename(word).includes('synapse') || word.endsWith('/src/cli/index.ts'))
}

/** The command line of a process, words separated by spaces; empty when it cannot be read. */
export function commandLine(pid: number): string {
  if (process.platform === 'linux') return processFile(pid, 'cmdline').replaceAll('\0', ' ').trim()
  const listed = Bun.spawnSync(['ps', '-o', 'command=', '-p', String(pid)], { stderr: 'ignore' })
  return listed.stdout.toString().trim()
}

function processFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}
