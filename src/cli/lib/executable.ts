import { basename, join, relative } from 'node:path'

/** Returns the words that start this program again; arguments follow. A compiled program contains its script. */
export function ownCommand(): string[] {
  return isCompiled() ? [process.execPath] : [process.execPath, ...process.execArgv, Bun.main]
}

/** Returns what a person types to run this program from the current directory: `synapse`, or a path to it. */
export function ownName(): string {
  const program = isCompiled() ? process.execPath : join(import.meta.dir, '../../../bin/synapse')
  if (Bun.which(basename(program)) === program) return basename(program)
  const near = relative(process.cwd(), program)
  if (near.startsWith('..')) return program
  return near.includes('/') ? near : `./${near}`
}

function isCompiled(): boolean {
  return Bun.main.startsWith('/$bunfs/') || Bun.main.startsWith('B:/~BUN/')
}
