// Compiles the executable: bun run build [--target bun-linux-arm64] [--outfile dist/synapse] [--metafile FILE]
//
// --metafile writes the list of the modules in it. scripts/release.ts builds for every target.
//
// The build is reproducible: the same sources, Bun and output name give the same bytes. Nothing here may depend on the
// time or on the folder. Only syntax is minified: Elysia reads the source text of its handlers, and other minification
// breaks that.
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { commit } from './commit.ts'

const root = resolve(import.meta.dir, '..')
const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    outfile: { type: 'string', default: join(root, 'dist/synapse') },
    metafile: { type: 'string' },
  },
})
const outfile = resolve(values.outfile)
// Bun writes into this folder. The file is then renamed, so that a program running from `outfile` is not overwritten.
const workshop = join(dirname(outfile), `.build-${process.pid}`)
const started = performance.now()

await rm(outfile, { force: true })
await mkdir(workshop, { recursive: true })
try {
  process.exitCode = await compile(join(workshop, basename(outfile)))
  if (process.exitCode === 0) await publish()
} finally {
  await rm(workshop, { recursive: true, force: true })
}

async function publish() {
  for (const name of await readdir(workshop)) {
    // The executable contains the source map; the copy that Bun writes next to it is not needed.
    if (name.endsWith('.map')) continue
    // For Windows, Bun adds .exe to a name without it.
    const file = join(dirname(outfile), name)
    await rename(join(workshop, name), file)
    const megabytes = (Bun.file(file).size / 1e6).toFixed(1)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${relative(process.cwd(), file)}: ${megabytes} MB in ${seconds} s`)
  }
}

async function compile(target: string): Promise<number> {
  // A worker is started by its file name, so the bundler does not find it by its imports. Inside the executable, all
  // modules are in one folder, and a worker has its path below src: src/store/search-worker.ts is
  // new URL('./store/search-worker.ts', import.meta.url) there. From source it is './search-worker.ts', next to the
  // module that starts it.
  const workers = [...new Bun.Glob('src/**/{worker,*-worker}.ts').scanSync({ cwd: root })].sort()
  const build = Bun.spawn({
    cmd: [
      process.execPath,
      'build',
      '--compile',
      ...(values.target === undefined ? [] : [`--target=${values.target}`]),
      ...(values.metafile === undefined ? [] : [`--metafile=${resolve(values.metafile)}`]),
      '--minify-syntax',
      '--sourcemap',
      '--bytecode',
      '--format=esm',
      '--splitting',
      '--root=src',
      '--define',
      'process.env.NODE_ENV="production"',
      '--define',
      `BUILD_VERSION=${JSON.stringify(manifest.version)}`,
      '--define',
      `BUILD_COMMIT=${JSON.stringify(commit())}`,
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      '--outfile',
      target,
      'src/cli/index.ts',
      ...workers,
    ],
    cwd: root,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, status] = await Promise.all([
    new Response(build.stdout).text(),
    new Response(build.stderr).text(),
    build.exited,
  ])
  if (status !== 0) console.error(stdout + stderr)
  return status
}
