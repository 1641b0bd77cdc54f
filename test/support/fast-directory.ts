import { accessSync, constants, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** In memory where the system has such a place: what these tests ask does not depend on a disk's patience. */
const place = isWritable('/dev/shm') ? '/dev/shm' : realpathSync(tmpdir())

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
