// Which npm packages went into the executables, read from what the bundler says, not from package.json.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A package of which at least one module is in the executables. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** SPDX, as the package says. */
  readonly license: string
  readonly description: string | undefined
  readonly home: string | undefined
  /** Names of packages, bundled or not. */
  readonly dependencies: readonly string[]
  /** The text of its licence file; undefined where it ships none. */
  readonly licenseText: string | undefined
  /** SHA-512 of its archive in hexadecimal digits, from bun.lock. */
  readonly sha512: string | undefined
}

interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly description?: string
  readonly homepage?: string
  readonly repository?: string | { readonly url?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<Record<string, readonly unknown[]>>
}

/** The packages behind the modules that the metafiles list, by name. */
export function bundledPackages(root: string, metafiles: readonly string[]): BundledPackage[] {
  const lock = Bun.JSONC.parse(readFileSync(join(root, 'bun.lock'), 'utf8')) as Lock
  const folders = new Set(metafiles.flatMap(modulesIn).flatMap(packageFolder))
  return [...folders]
    .map((folder) => packageAt(join(root, folder), lock))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** The modules of which something is left in the output. */
function modulesIn(metafile: string): string[] {
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
}

/** `node_modules/@scope/name` of a module's path; the innermost, where packages lie in packages. */
function packageFolder(path: string): string[] {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)
  return found?.[1] === undefined ? [] : [found[1]]
}

function packageAt(folder: string, lock: Lock): BundledPackage {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const { name, version, license, description, homepage, repository } = manifest
  if (license === undefined) throw new Error(`${name} names no licence: look for it, and add it here`)
  const url = typeof repository === 'string' ? repository : repository?.url
  return {
    name,
    version,
    license,
    description,
    home: homepage ?? (url === undefined ? undefined : webAddress(url)),
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    licenseText: licenseText(folder),
    sha512: sha512(lock, name, version),
  }
}

function webAddress(repository: string): string {
  if (/^[\w.-]+\/[\w.-]+$/.test(repository)) return `https://github.com/${repository}`
  return repository
    .replace(/^git\+/, '')
    .replace(/^git:/, 'https:')
    .replace(/\.git$/, '')
}

function licenseText(folder: string): string | undefined {
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(name))
  const notice = join(folder, 'NOTICE')
  if (file === undefined) return undefined
  const parts = [join(folder, file), ...(existsSync(notice) ? [notice] : [])]
  return parts.map((path) => readFileSync(path, 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n')
}

function sha512(lock: Lock, name: string, version: string): string | undefined {
  for (const [resolved, , , integrity] of Object.values(lock.packages)) {
    if (resolved !== `${name}@${version}` || typeof integrity !== 'string') continue
    return Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex')
  }
  return undefined
}
