import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Memory of a process, in bytes. */
export interface Memory {
  /** The maximum by the limits of its control groups or by the machine's memory. */
  readonly limit: number
  /** What is left of it, for this process and others under the same limit. */
  readonly free: number
}

/**
 * The minimum for a server. With 112 MiB one answered 32 concurrent sign-ins in a measurement; each takes 64 MiB while
 * it runs.
 */
export const MIN_MEMORY = 128 * 1024 * 1024

/** Returns the tightest limit of a process; undefined where the system does not tell (Linux does). */
export function memoryOf(pid: number | 'self' = 'self'): Memory | undefined {
  const machine = numbersIn(read('/proc/meminfo'))
  const [total, available] = [machine.get('MemTotal'), machine.get('MemAvailable')]
  if (total === undefined || available === undefined) return undefined
  const all = [{ limit: total * 1024, free: available * 1024 }, ...groupsOf(pid)]
  return {
    limit: Math.min(...all.map(({ limit }) => limit)),
    free: Math.max(0, Math.min(...all.map(({ free }) => free))),
  }
}

/** Where a version of control groups is mounted, and the names of its files. */
interface Kind {
  readonly mounts: readonly string[]
  readonly limit: string
  readonly usage: string
  /** In memory.stat: file pages that the kernel reclaims before it kills a process. */
  readonly reclaimable: string
}

const VERSION_1: Kind = {
  mounts: ['/sys/fs/cgroup/memory'],
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  reclaimable: 'total_inactive_file',
}
const VERSION_2: Kind = {
  mounts: ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'],
  limit: 'memory.max',
  usage: 'memory.current',
  reclaimable: 'inactive_file',
}

/**
 * Returns the limits of a process's control groups, its own and their parents
 * (https://docs.kernel.org/admin-guide/cgroup-v2.html).
 */
function groupsOf(pid: number | 'self'): Memory[] {
  return read(`/proc/${pid}/cgroup`)
    .split('\n')
    .flatMap((line) => {
      const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
      if (controllers === '') return groupsAt(VERSION_2, path)
      return controllers.split(',').includes('memory') ? groupsAt(VERSION_1, path) : []
    })
}

/** Inside a container the group may appear at the root, whatever its path outside; so each level is tried. */
function groupsAt({ mounts, limit, usage, reclaimable }: Kind, path: string): Memory[] {
  const parts = path.split('/').filter((part) => part !== '')
  const places = Array.from({ length: parts.length + 1 }, (_, up) =>
    parts.slice(0, parts.length - up).join('/'),
  )
  return mounts
    .flatMap((mount) => places.map((place) => join(mount, place)))
    .flatMap((folder) => {
      const most = Number(read(join(folder, limit)).trim() || 'NaN')
      const used = Number(read(join(folder, usage)).trim() || 'NaN')
      // `max`, or no such group.
      if (Number.isNaN(most) || Number.isNaN(used)) return []
      const back = numbersIn(read(join(folder, 'memory.stat'))).get(reclaimable) ?? 0
      return [{ limit: most, free: most - used + back }]
    })
}

/** Parses lines of a name and a number. */
function numbersIn(text: string): Map<string, number> {
  return new Map(
    [...text.matchAll(/^([\w()]+):?\s+(\d+)/gm)].map(([, name = '', number]) => [name, Number(number)]),
  )
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
