import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { folderOfUser } from '../home'

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Returns the environment of this process. Only this function reads it. */
export function processEnvironment(): Environment {
  return process.env
}

/** The user id that this process was started with. A process of root may have become the owner of a home since. */
export const startedAs: number | undefined = process.getuid?.()

/**
 * Returns the environment for the current user of this process. After a change from root to another user, it has that
 * user's HOME and none of root's XDG folders.
 */
export function ownEnvironment(): Environment {
  const env = processEnvironment()
  const uid = process.getuid?.()
  const folder = uid === undefined || uid === startedAs ? undefined : folderOfUser(uid)
  if (folder === undefined) return env
  const { XDG_DATA_HOME: _data, XDG_STATE_HOME: _state, ...others } = env
  return { ...others, HOME: folder }
}

/** Returns the home folder of the user (`~`); empty without HOME and without an entry in /etc/passwd. */
export function userFolder(env: Environment): string {
  if (env.HOME) return env.HOME
  try {
    return homedir()
  } catch {
    // The system throws if there is no entry.
    return ''
  }
}

/** The program that started this process and restarts it. */
export type Supervisor = 'systemd' | 'docker'

/** The facts by which a process recognizes its supervisor. */
export interface ProcessFacts {
  readonly pid: number
  readonly ppid: number
  readonly exists: (path: string) => boolean
}

const THIS_PROCESS: ProcessFacts = { pid: process.pid, ppid: process.ppid, exists: existsSync }

/** Returns the supervisor of this process, or null. A process started by `--daemon` has none. */
export function supervisorOf(env: Environment, facts = THIS_PROCESS): Supervisor | null {
  const { pid, ppid, exists } = facts
  if (env.SYNAPSE_BOOT_ID) return null
  // INVOCATION_ID is not enough: every process started from a unit inherits it, including terminals.
  if (env.SYSTEMD_EXEC_PID === String(pid)) return 'systemd'
  const inContainer = exists('/.dockerenv') || exists('/run/.containerenv')
  // The process is the first of the container, or a child of its init.
  return inContainer && (pid === 1 || ppid === 1) ? 'docker' : null
}
