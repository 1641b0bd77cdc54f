// Makes a release folder: bun run release [--target linux-x64]... [--out dist/release/<version>]
//
// It holds the executables of all targets, what install.sh needs, the tarball of @synapse/client, the bill of materials, the licences of everything
// inside, and SHA256SUMS over all of it. The same commit gives the same bytes: build it twice and compare SHA256SUMS.
// The runtimes of the other targets are fetched from the package registry once; Bun keeps them in its cache.
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { commit } from './commit.ts'
import { packClient } from './release/client.ts'
import { thirdPartyLicenses } from './release/licenses.ts'
import { bundledPackages } from './release/packages.ts'
import { billOfMaterials } from './release/sbom.ts'

/** The targets, by the names that install.sh looks for. */
const TARGETS = [
  'linux-x64',
  'linux-arm64',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'windows-x64',
]
const COPIED = ['install.sh', 'Caddyfile', 'LICENSE']

const root = resolve(import.meta.dir, '..')
const { values } = parseArgs({
  options: {
    target: { type: 'string', multiple: true, default: TARGETS },
    out: { type: 'string', default: join(root, 'dist/release', manifest.version) },
  },
})
const unknown = values.target.filter((target) => !TARGETS.includes(target))
if (unknown.length > 0) {
  console.error(`unknown target ${unknown.join(', ')}; there are ${TARGETS.join(', ')}`)
  process.exit(2)
}
const out = resolve(values.out)
await mkdir(dirname(out), { recursive: true })
// An interrupted release leaves the previous one unchanged.
const folder = await mkdtemp(join(dirname(out), '.release-'))
const workshop = join(folder, '.work')
try {
  const metafiles: string[] = []
  for (const target of values.target) metafiles.push(await build(target))
  const packages = bundledPackages(root, metafiles)
  const made = commit()
  await Bun.write(join(folder, 'synapse.cdx.json'), billOfMaterials(packages, made))
  await Bun.write(join(folder, 'THIRD-PARTY-LICENSES'), thirdPartyLicenses(packages))
  await packClient(root, workshop, folder)
  for (const name of COPIED) await copyFile(join(root, name), join(folder, name))
  await rm(workshop, { recursive: true })
  await Bun.write(join(folder, 'SHA256SUMS'), await checksums())
  await chmod(folder, 0o755)
  await rm(out, { recursive: true, force: true })
  await rename(folder, out)
  console.log(`${relative(process.cwd(), out)}: ${manifest.version}, ${packages.length} packages inside`)
  if (made === '' || made.endsWith('-dirty'))
    console.error('not to be published: it is not what a commit holds')
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Builds for the target and returns the path of the list of its modules. */
async function build(target: string): Promise<string> {
  const name = target.startsWith('windows') ? 'synapse.exe' : 'synapse'
  // Always under the same name: it is a part of the bytes.
  const outfile = join(workshop, target, 'synapse')
  const metafile = join(workshop, `${target}.json`)
  await mkdir(dirname(outfile), { recursive: true })
  const script = join(root, 'scripts/build.ts')
  const words = ['--target', `bun-${target}`, '--outfile', outfile, '--metafile', metafile]
  const child = Bun.spawn({ cmd: [process.execPath, script, ...words], cwd: root, stdout: 'pipe' })
  const [output, status] = await Promise.all([new Response(child.stdout).text(), child.exited])
  if (status !== 0) throw new Error(`no executable for ${target}`)
  await rename(join(dirname(outfile), name), join(folder, name.replace('synapse', `synapse-${target}`)))
  console.log(`${target.padEnd(16)} ${output.trim().replace(/^.*: /, '')}`)
  return metafile
}

/** In the form that sha256sum --check reads. */
async function checksums(): Promise<string> {
  const lines: string[] = []
  for (const name of (await readdir(folder)).sort()) {
    const hash = new Bun.CryptoHasher('sha256')
    for await (const chunk of Bun.file(join(folder, name)).stream()) hash.update(chunk)
    lines.push(`${hash.digest('hex')}  ${name}\n`)
  }
  return lines.join('')
}
