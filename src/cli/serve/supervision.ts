import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { processState, type RunFile } from '../../home'

/** What a person types to have the supervisor of this server act, or to see what it keeps of the log. */
export function supervisorCommand(home: string, run: RunFile, act: 'restart' | 'logs'): string {
  if (run.supervisor === 'docker') return `docker ${act} <container>`
  // Another process may have its number here, and another unit.
  const isHere = processState(home, run) === 'ours'
  const { unit, isOfUser } = isHere ? unitOf(run.pid) : { unit: 'synapse', isOfUser: false }
  const user = isOfUser ? '--user ' : ''
  return act === 'restart' ? `systemctl ${user}restart ${unit}` : `journalctl ${user}-u ${unit} -f`
}

/** The unit of a process, as its control group says (systemd.unit(5)); `synapse` where that cannot be read. */
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
