import { readFileSync, statSync } from 'node:fs'
import { OperatorError } from '../core/kernel/operator-error'

/** The user that a process has become. */
export interface Owner {
  readonly uid: number
  readonly gid: number
  /** Undefined for an id without an entry in /etc/passwd, as in many containers. */
  readonly name: string | undefined
}

/**
 * Makes a process of root become the owner of the home, permanently and with the owner's groups. Otherwise root would
 * create files that the server cannot open. Call it before anything in the home is read.
 * Returns the new user, or undefined if nothing had to change.
 * @throws OperatorError `refused` if the system does not allow the change
 */
export function becomeOwner(home: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const stat = statSync(home, { throwIfNoEntry: false })
  if (stat === undefined || stat.uid === 0) return undefined
  const { name, gid } = passwdEntry(stat.uid) ?? { name: undefined, gid: stat.gid }
  try {
    // Groups first: only root may change them.
    if (name === undefined) process.setgroups?.([gid])
    else supplementaryGroups(name, gid)
    process.setgid?.(gid)
    process.setuid?.(stat.uid)
  } catch (cause) {
    throw notPossible(home, name ?? String(stat.uid), cause)
  }
  if (process.getuid() !== stat.uid) throw notPossible(home, name ?? String(stat.uid))
  return { uid: stat.uid, gid, name }
}

function supplementaryGroups(name: string, gid: number): void {
  // Bun has this function, but its types do not declare it.
  const { initgroups } = process as { initgroups?: (user: string, group: number) => void }
  if (initgroups === undefined) process.setgroups?.([gid])
  else initgroups.call(process, name, gid)
}

/** Returns the home folder of a user (`~`); undefined for an id without an entry in /etc/passwd. */
export function folderOfUser(uid: number): string | undefined {
  return passwdEntry(uid)?.folder
}

function passwdEntry(uid: number): { name: string; gid: number; folder: string | undefined } | undefined {
  for (const line of passwd().split('\n')) {
    const [name, , id, gid, , folder] = line.split(':')
    if (name && id === String(uid) && gid !== undefined && /^\d+$/.test(gid))
      return { name, gid: Number(gid), folder: folder || undefined }
  }
  return undefined
}

function passwd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}

function notPossible(home: string, who: string, cause?: unknown): OperatorError {
  const problem = `${home} belongs to ${who} and this process cannot become that user`
  return new OperatorError('refused', problem, `run the command as ${who}`, { cause })
}
