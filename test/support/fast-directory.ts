import { accessSync, constants, mkdtempSync, realpathSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'

/** In memory where the system has such a place: what these tests ask does not depend on a disk's patience. */
const place = isWritable(MEMORY) ? MEMORY : realpathSync(tmpdir())

/** The same for data that is large: a container often has room for little in memory. */
export function roomyPlace(bytes: number): string {
  if (place !== MEMORY) return place
  const { bavail, bsize } = statfsSync(place)
  return bavail * bsize >= bytes ? place : realpathSync(tmpdir())
}

/** A directory of its own that goes with its scope. */
export function fastDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(place, 'synapse-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
