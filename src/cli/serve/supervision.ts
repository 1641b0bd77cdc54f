import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { processState, type RunFile } from '../../home'

/** Returns the command that restarts the server by its supervisor, or shows the log that the supervisor keeps. */
export function supervisorCommand(home: string, run: RunFile, act: 'restart' | 'logs'): string {
  if (run.supervisor === 'docker') return `docker ${act} <container>`
  // If the server is not proven to run here, its pid may be that of another process.
  const isHere = processState(home, run) === 'ours'
  const { unit, isOfUser } = isHere ? unitOf(run.pid) : { unit: 'synapse', isOfUser: false }
  const user = isOfUser ? '--user ' : ''
  return act === 'restart' ? `systemctl ${user}restart ${unit}` : `journalctl ${user}-u ${unit} -f`
}

/** Finds the systemd unit of a process by its control group (systemd.unit(5)); `synapse` if that cannot be read. */
function unitOf(pid: number): { unit: string; isOfUser: boolean } {
  try {
    const group = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? ''
    const name = basename(group)
    const isUnit = name.endsWith('.service') && !name.startsWith('user@')
    return {
      unit: isUnit ? name.slice(0, -'.service'.length) : 'synapse',
      isOfUser: group.includes('/user@'),
    }
  } catch {
    return { unit: 'synapse', isOfUser: false }
  }
}
