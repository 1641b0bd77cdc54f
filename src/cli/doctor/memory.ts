import { MIN_MEMORY, memoryOf } from '../../platform/memory'
import { type Check, pass, skip, warn } from './check'

const MIB = 1024 * 1024

/** Whether the server has the memory that a sign-in takes, beside its own. */
export const memory: Check = {
  name: 'memory',
  look({ state }) {
    const found = memoryOf(state.kind === 'running' ? state.run.pid : 'self')
    if (found === undefined) return [skip('this system does not say how much there is')]
    const most = Math.floor(found.limit / MIB)
    if (found.limit >= MIN_MEMORY) return [pass(`${Math.floor(found.free / MIB)} of ${most} MiB are free`)]
    return [
      warn(
        `the server may have ${most} MiB, and needs ${MIN_MEMORY / MIB}: it may be ended while somebody signs in`,
        `raise its limit to 256 MiB (systemd: MemoryMax=256M; Docker: --memory 256m)`,
      ),
    ]
  },
}
