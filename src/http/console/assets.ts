/** Compiles the browser code. Called as a macro, so that its result is part of the server's own code. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** One compiled file. */
export interface BuiltFile {
  /** With the hash of its content: `main-w3tm2fad.js`. */
  readonly name: string
  /** The gzip bytes, as base64. */
  readonly gzip: string
}

export interface BuiltConsole {
  /** The name of the file that the page loads. */
  readonly entry: string
  readonly files: readonly BuiltFile[]
  /** The styles of all areas, one after the other. */
  readonly style: string
}

/** Fetched a thousand times for each time that it is compressed. */
export const BEST = { library: 'libdeflate', level: 12 } as const

const source = resolve(import.meta.dir, '../../../packages/console/src')

/**
 * Runs the bundler in a process of its own, because a macro must not call it. The same sources give the same bytes.
 * @throws Error with the bundler's words if the code does not compile
 */
export function buildConsole(): BuiltConsole {
  const folder = mkdtempSync(join(tmpdir(), 'synapse-console-'))
  try {
    compileConsole(folder)
    const names = readdirSync(folder).sort()
    const entry = names.find((name) => /^entry-\w+\.js$/.test(name))
    if (entry === undefined) throw new Error(`the console has no entry: ${names.join(' ')}`)
    const files = names.map((name) => {
      const gzip = Bun.gzipSync(readFileSync(join(folder, name)), BEST)
      return { name, gzip: Buffer.from(gzip).toString('base64') }
    })
    return { entry, files, style: styleOf(join(source, 'style')) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Writes the compiled files into a folder, and a list of what is in them into a file. @throws Error as `buildConsole` */
export function compileConsole(folder: string, report?: string): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync({
    cmd: [process.execPath, join(source, '../bundle.ts'), folder, ...(report === undefined ? [] : [report])],
    cwd: source,
    // No variable of the caller changes the result.
    env: {},
  })
  if (exitCode !== 0) throw new Error(`the console does not compile: ${stdout}${stderr}`)
}

/** The foundations come first, then the areas by name. Comments and indents are left out. */
function styleOf(folder: string): string {
  const first = 'base.css'
  const others = readdirSync(folder)
    .filter((name) => name.endsWith('.css') && name !== first)
    .sort()
  return [first, ...others]
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim()
}
