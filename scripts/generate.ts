// Writes the generated files: bun run generate [--check]
//
// --check writes nothing. It lists the files that are out of date, and exits with status 1 if there are any.
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cliDoc } from '../src/cli/lib/docs.ts'
import { configurationDoc, envExample } from '../src/config/docs.ts'
import { openApiDocument } from '../src/http/openapi.ts'
import { apiTypes } from './api-types.ts'
import { describedEndpoints } from './offline-endpoints.ts'

/** Path in the repository → the content of the file. To add a generated file, add a line here. */
const generators: Record<string, () => string | Promise<string>> = {
  '.env.example': envExample,
  'docs/api/openapi.json': () => `${JSON.stringify(openApiDocument(describedEndpoints()), null, 2)}\n`,
  'docs/cli.md': cliDoc,
  'docs/configuration.md': configurationDoc,
  'packages/client/src/api.d.ts': () => apiTypes(openApiDocument(describedEndpoints())),
}

const root = resolve(import.meta.dir, '..')
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const stale: string[] = []

for (const [path, generate] of Object.entries(generators)) {
  const file = Bun.file(join(root, path))
  const wanted = await generate()
  if ((await file.exists()) && (await file.text()) === wanted) continue
  stale.push(path)
  if (!values.check) await Bun.write(file, wanted)
}

if (!values.check) {
  console.log(stale.length === 0 ? 'all generated files were up to date' : `wrote ${stale.join(', ')}`)
} else if (stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}\nfix with: bun run generate`)
  process.exitCode = 1
}
