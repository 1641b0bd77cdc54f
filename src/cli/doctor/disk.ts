import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Check, type Finding, fail, pass, skip, warn } from './check'

const MIB = 1024 * 1024
/** Below this the server is not ready. */
const LEAST = 64 * MIB
const LITTLE = 1024 * MIB

/** Whether there is room for what is written next, and for a copy of the store, on every disk that they lie on. */
export const disk: Check = {
  name: 'disk',
  look({ config, database }) {
    if (!existsSync(config.home)) return [skip('there is no home')]
    const size = database === undefined ? 0 : statSync(database).size
    const folders = [config.home, ...(database === undefined ? [] : [dirname(database)])]
    const disks = new Map(folders.toReversed().map((folder) => [statSync(folder).dev, folder]))
    return [...disks.values()].map((folder) => roomAt(folder, size))
  },
}

function roomAt(folder: string, size: number): Finding {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  const detail = `${Math.floor(free / MIB)} MiB free at ${folder}`
  if (free < LEAST) return fail(detail, 'make room now: the server refuses to write')
  if (free < LITTLE || free < 2 * size) return warn(detail, 'make room')
  return pass(detail)
}
