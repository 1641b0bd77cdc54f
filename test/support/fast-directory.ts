import { accessSync, constants, mkdtempSync, realpathSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'

/** In memory where the system has such a file system, so that no test depends on the speed of a disk. */
const place = isWritable(MEMORY) ? MEMORY : realpathSync(tmpdir())

/** The same for large data: containers often have little memory for files. */
export function roomyPlace(bytes: number): string {
  if (place !== MEMORY) return place
  const { bavail, bsize } = statfsSync(place)
  return bavail * bsize >= bytes ? place : realpathSync(tmpdir())
}

/** A new directory that is removed with its scope. */
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
