import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Check, type Finding, fail, pass, skip, warn } from './check'

const MIB = 1024 * 1024
/** With less free space the server is not ready. */
const LEAST = 64 * MIB
const LITTLE = 1024 * MIB

/** Checks the free space for new messages and for a backup, on the disks of the home and of the store. */
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
  if (free < LEAST) return fail(detail, 'free space now: the server refuses writes')
  if (free < LITTLE || free < 2 * size) return warn(detail, 'free space')
  return pass(detail)
}
