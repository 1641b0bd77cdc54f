import { join } from 'node:path'
import { finished } from '../support/finished'
import { lastingFolder } from '../support/lasting-folder'

const root = join(import.meta.dir, '../..')

/** The checkout under test. */
export const CHECKOUT = root

/** The target of this machine, as scripts/release.ts and install.sh name it. */
export const TARGET = `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`

/** A finished release folder with the executable of this machine only. */
export interface Release {
  readonly folder: string
  readonly executable: string
}

/** Makes a release folder at this path. @throws Error with the output of the script */
export async function makeRelease(folder: string): Promise<Release> {
  const cmd = [process.execPath, join(root, 'scripts/release.ts'), '--target', TARGET, '--out', folder]
  const child = Bun.spawn({ cmd, cwd: root, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const { code, stdout, stderr } = await finished(child)
  if (code !== 0) throw new Error(`no release: ${stdout}${stderr}`)
  return { folder, executable: join(folder, `synapse-${TARGET}`) }
}

let made: Promise<Release> | undefined

/** One release folder for all tests of this run; no test may change it. */
export function theRelease(): Promise<Release> {
  made ??= makeRelease(join(ownFolder(), 'release'))
  return made
}

let another: Promise<string> | undefined

/** An executable that does the same and has other bytes, like another version. */
export function anotherExecutable(): Promise<string> {
  another ??= buildAnother()
  return another
}

async function buildAnother(): Promise<string> {
  const outfile = join(ownFolder(), 'another', 'synapse-another')
  const cmd = [process.execPath, join(root, 'scripts/build.ts'), '--outfile', outfile]
  const child = Bun.spawn({ cmd, cwd: root, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' })
  if ((await child.exited) !== 0) throw new Error('no other executable')
  return outfile
}

let folder: string | undefined

function ownFolder(): string {
  folder ??= lastingFolder()
  return folder
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false
  const { success } = Bun.spawnSync(['getconf', 'GNU_LIBC_VERSION'], { stdout: 'ignore', stderr: 'ignore' })
  return !success
}
