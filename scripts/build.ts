// Compiles the executable: bun run build [--target bun-linux-arm64] [--outfile dist/synapse] [--metafile FILE]
//
// --metafile says which modules went into it. scripts/release.ts builds for every target.
//
// The same sources, Bun and output name give the same bytes, so nothing here may depend on time or place. Of the
// minifiers only the one of syntax is on: Elysia reads the source text of its handlers, which the others break.
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
// Bun writes into this folder, so that a program that runs from `outfile` is replaced, not overwritten.
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
    // The source map is inside the executable; the copy that Bun leaves beside it is not wanted.
    if (name.endsWith('.map')) continue
    // For Windows the name ends in .exe, whether that was asked for or not.
    const file = join(dirname(outfile), name)
    await rename(join(workshop, name), file)
    const megabytes = (Bun.file(file).size / 1e6).toFixed(1)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${relative(process.cwd(), file)}: ${megabytes} MB in ${seconds} s`)
  }
}

async function compile(target: string): Promise<number> {
  // A worker is started by its file name, which no import shows to the bundler. Inside the executable all modules are
  // files of one folder and a worker lies there under its path below src: src/store/search-worker.ts is found as
  // new URL('./store/search-worker.ts', import.meta.url) there, from source as './search-worker.ts' beside its owner.
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
