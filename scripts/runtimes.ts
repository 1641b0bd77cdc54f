// Fetches the runtimes in which the tests run @synapse/client, into .toolchain/runtimes: bun scripts/runtimes.ts
//
// They come from the package registry. Later runs do nothing. Without them, the tests that need them are skipped.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const folder = join(resolve(import.meta.dir, '..'), '.toolchain/runtimes')
const place = `${process.platform}-${process.arch}`

interface Runtime {
  readonly name: string
  /** Package and version, and the executable in it. */
  readonly from: string
  readonly program: string
  /** The words before a script's name. */
  readonly words: readonly string[]
}

const node = (version: string): Runtime => ({
  name: `Node ${version.split('.')[0]}`,
  from: `npm:node-${place}@${version}`,
  program: 'bin/node',
  words: [],
})
const runtimes: readonly Runtime[] = [
  node('18.20.8'),
  node('22.23.5'),
  {
    name: 'Deno',
    from: `npm:@deno/${place}-glibc@2.9.6`,
    program: 'deno',
    words: ['run', '--no-prompt', '--allow-net', '--allow-env', '--allow-read'],
  },
]

const folderOf = ({ name }: Runtime) => name.toLowerCase().replace(' ', '')

/** The runtimes that were fetched, and this Bun: what each is called, and the command line before a script's name. */
export function runtimesHere(): { readonly name: string; readonly cmd: readonly string[] }[] {
  const fetched = runtimes.flatMap((runtime) => {
    const program = join(folder, 'node_modules', folderOf(runtime), runtime.program)
    return existsSync(program) ? [{ name: runtime.name, cmd: [program, ...runtime.words] }] : []
  })
  return [...fetched, { name: 'Bun', cmd: [process.execPath, '--no-env-file'] }]
}

/** Fetches what is missing. Returns what could not be fetched. */
function fetchRuntimes(): string[] {
  if (runtimesHere().length <= runtimes.length) {
    mkdirSync(folder, { recursive: true })
    const dependencies = Object.fromEntries(runtimes.map((runtime) => [folderOf(runtime), runtime.from]))
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
    // They are executables alone, so nothing of them is run to install them.
    const cmd = [process.execPath, 'install', '--ignore-scripts', '--no-save', '--linker=hoisted']
    const { success, stderr } = Bun.spawnSync(cmd, { cwd: folder, stdout: 'ignore', stderr: 'pipe' })
    if (!success) console.error(stderr.toString().trim())
  }
  const found = runtimesHere().map(({ name }) => name)
  return runtimes.map(({ name }) => name).filter((name) => !found.includes(name))
}

if (import.meta.main) {
  const missing = fetchRuntimes()
  if (missing.length > 0) console.log(`skipping the tests of @synapse/client in ${missing.join(', ')}`)
}
