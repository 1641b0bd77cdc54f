// Generates the migrations of both dialects from the schema: bun run migrations --name words [--custom]
//
// --custom creates empty files, for changes that drizzle-kit cannot derive (triggers, full-text tables).
// --check works on a copy and fails when the folders are inconsistent or the schema has changes without a migration.
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = resolve(import.meta.dir, '..')
const dialects = ['sqlite', 'postgres']
const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    custom: { type: 'boolean', default: false },
    name: { type: 'string' },
  },
})

if (values.check) {
  await check()
} else if (values.name === undefined) {
  console.error('usage: bun run migrations --name words [--custom]')
  process.exitCode = 2
} else {
  for (const dialect of dialects) await generate(dialect, values.name)
}

/** Runs drizzle-kit in this terminal, because it asks whether a missing column was renamed or dropped. */
async function generate(dialect: string, name: string) {
  const flags = ['--name', name, ...(values.custom ? ['--custom'] : [])]
  await Bun.spawn({
    ...drizzle(root, dialect, 'generate', ...flags),
    stdio: ['inherit', 'inherit', 'inherit'],
  }).exited
}

async function check() {
  const copy = await mkdtemp(join(tmpdir(), 'synapse-migrations-'))
  try {
    for (const path of ['src', 'drizzle', 'drizzle.config.ts', 'package.json', 'tsconfig.json']) {
      if (existsSync(join(root, path))) await cp(join(root, path), join(copy, path), { recursive: true })
    }
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
    for (const dialect of dialects) {
      await expect("Everything's fine", copy, dialect, 'check')
      await expect('No schema changes', copy, dialect, 'generate')
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Runs drizzle-kit and fails unless it prints the sentence. Its status is 0 after most of its errors. */
async function expect(sentence: string, copy: string, dialect: string, command: string) {
  const child = Bun.spawn({
    ...drizzle(copy, dialect, command),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  const output = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  if (output[0].includes(sentence)) return
  console.error(`${dialect}: drizzle-kit ${command} did not say "${sentence}":\n${output.join('').trim()}`)
  if (command === 'generate') console.error('a change of the schema needs: bun run migrations --name words')
  process.exitCode = 1
}

function drizzle(cwd: string, dialect: string, ...args: string[]) {
  return {
    cmd: [process.execPath, '--bun', 'node_modules/.bin/drizzle-kit', ...args, '--config=drizzle.config.ts'],
    cwd,
    env: { ...process.env, SYNAPSE_DIALECT: dialect },
  }
}
