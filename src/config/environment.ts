import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { folderOfUser } from '../home'

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process. The only place in Synapse that reads it. */
export function processEnvironment(): Environment {
  return process.env
}

/** As whom this process was started. Root may have become the owner of a home since. */
export const startedAs: number | undefined = process.getuid?.()

/** The environment of whom this process has become: the folders of root are none of another user's. */
export function ownEnvironment(): Environment {
  const env = processEnvironment()
  const uid = process.getuid?.()
  const folder = uid === undefined || uid === startedAs ? undefined : folderOfUser(uid)
  if (folder === undefined) return env
  const { XDG_DATA_HOME: _data, XDG_STATE_HOME: _state, ...others } = env
  return { ...others, HOME: folder }
}

/** The folder that `~` means; empty for a user who has none: no HOME, and no entry in /etc/passwd. */
export function userFolder(env: Environment): string {
  if (env.HOME) return env.HOME
  try {
    return homedir()
  } catch {
    // How the system says that there is no entry.
    return ''
  }
}

/** The program that started this process and would start it again. */
export type Supervisor = 'systemd' | 'docker'

/** What a process can know about who started it. */
export interface ProcessFacts {
  readonly pid: number
  readonly ppid: number
  readonly exists: (path: string) => boolean
}

const THIS_PROCESS: ProcessFacts = { pid: process.pid, ppid: process.ppid, exists: existsSync }

/** Which supervisor runs this process, if any; a process that `--daemon` started has none. */
export function supervisorOf(env: Environment, facts = THIS_PROCESS): Supervisor | null {
  const { pid, ppid, exists } = facts
  if (env.SYNAPSE_BOOT_ID) return null
  // INVOCATION_ID alone would not do: everything started from a unit inherits it, terminals too.
  if (env.SYSTEMD_EXEC_PID === String(pid)) return 'systemd'
  const inContainer = exists('/.dockerenv') || exists('/run/.containerenv')
  // Alone, or below the container's init.
  return inContainer && (pid === 1 || ppid === 1) ? 'docker' : null
}
