import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where scripts/provision.sh unpacks packages that it cannot install. */
const UNPACKED = join(import.meta.dir, '../../.toolchain/debian')

/** The folders with programs: first `path` of the system, then the unpacked one. */
export function placesOf(path: string): string[] {
  return [path, join(UNPACKED, path)].filter((place) => existsSync(place))
}

/** The environment in which a program finds the libraries that were unpacked with it. */
export function librariesOf(program: string): Readonly<Record<string, string>> {
  if (!program.startsWith(UNPACKED)) return {}
  const folder = join(UNPACKED, 'usr/lib')
  const found = readdirSync(folder).filter((name) => name.includes('-linux-'))
  return { LD_LIBRARY_PATH: found.map((name) => join(folder, name)).join(':') }
}
