import { existsSync, statfsSync, statSync } from 'node:fs'
import { type Check, fail, pass, skip, warn } from './check'

const MIB = 1024 * 1024
/** Below this the server is not ready. */
const LEAST = 64 * MIB
const LITTLE = 1024 * MIB

/** Whether there is room for what is written next, and for a copy of the store. */
export const disk: Check = {
  name: 'disk',
  look({ config, database }) {
    if (!existsSync(config.home)) return [skip('there is no home')]
    const { bavail, bsize } = statfsSync(config.home)
    const free = bavail * bsize
    const size = database === undefined ? 0 : statSync(database).size
    const detail = `${Math.floor(free / MIB)} MiB free at ${config.home}`
    if (free < LEAST) return [fail(detail, 'make room now: the server refuses to write')]
    if (free < LITTLE || free < 2 * size) return [warn(detail, 'make room')]
    return [pass(detail)]
  },
}
