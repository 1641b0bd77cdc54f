import { MIN_MEMORY, memoryOf } from '../../platform/memory'
import { type Check, pass, skip, warn } from './check'

const MIB = 1024 * 1024

/** Checks that the server has enough memory to hash a password. */
export const memory: Check = {
  name: 'memory',
  look({ state }) {
    const found = memoryOf(state.kind === 'running' ? state.run.pid : 'self')
    if (found === undefined) return [skip('this system does not report its memory')]
    const most = Math.floor(found.limit / MIB)
    if (found.limit >= MIN_MEMORY) return [pass(`${Math.floor(found.free / MIB)} of ${most} MiB are free`)]
    return [
      warn(
        `the memory limit of the server is ${most} MiB, and it needs ${MIN_MEMORY / MIB}: the system may kill it during a sign-in`,
        `raise the limit to 256 MiB (systemd: MemoryMax=256M; Docker: --memory 256m)`,
      ),
    ]
  },
}
