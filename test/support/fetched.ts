import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where scripts/provision.sh unpacks packages that it may not install. */
const UNPACKED = join(import.meta.dir, '../../.toolchain/debian')

/** Folders that hold programs of the system, of which `path` is one, and then those that were unpacked. */
export function placesOf(path: string): string[] {
  return [path, join(UNPACKED, path)].filter((place) => existsSync(place))
}

/** What a program needs in its environment to find the libraries that were unpacked with it. */
export function librariesOf(program: string): Readonly<Record<string, string>> {
  if (!program.startsWith(UNPACKED)) return {}
  const folder = join(UNPACKED, 'usr/lib')
  const found = readdirSync(folder).filter((name) => name.includes('-linux-'))
  return { LD_LIBRARY_PATH: found.map((name) => join(folder, name)).join(':') }
}
