// Builds @synapse/client for other runtimes: bun scripts/build-client.ts [--out packages/client/dist]
//
// Writes one module, index.js, and the types of each source file. `npm pack` in packages/client then makes the tarball.
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import ts from 'typescript'

const root = resolve(import.meta.dir, '..')
const source = join(root, 'packages/client/src')
const { values } = parseArgs({
  options: { out: { type: 'string', default: join(root, 'packages/client/dist') } },
})
const out = resolve(values.out)

await rm(out, { recursive: true, force: true })
await mkdir(out, { recursive: true })
const built = await Bun.build({
  entrypoints: [join(source, 'index.ts')],
  outdir: out,
  target: 'browser',
  format: 'esm',
  minify: { syntax: true },
})
writeTypes()
console.log(`${out}: ${(built.outputs[0]?.size ?? 0).toLocaleString('en')} bytes of JavaScript`)

/** Writes the types of each file. Node finds a module only by its whole name, so imports get one. */
function writeTypes(): void {
  const program = ts.createProgram([join(source, 'index.ts')], {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.Preserve,
    lib: ['lib.esnext.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
    strict: true,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: source,
    outDir: out,
  })
  const { diagnostics } = program.emit(undefined, (path, text) => writeFileSync(path, withNames(text)))
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
  for (const { file, messageText } of problems)
    throw new Error(`${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
  // The compiler passes over files that are types alone.
  writeFileSync(join(out, 'api.d.ts'), readFileSync(join(source, 'api.d.ts')))
}

function withNames(types: string): string {
  return types
    .replaceAll(/((?:from |import\()'\.\/[\w-]+)'/g, "$1.js'")
    .replaceAll(/((?:from |import\()"\.\/[\w-]+)"/g, '$1.js"')
}
