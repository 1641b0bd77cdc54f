import { basename, join, relative } from 'node:path'

/** How this very program is started again; the arguments follow. In a compiled one the script is part of it. */
export function ownCommand(): string[] {
  return isCompiled() ? [process.execPath] : [process.execPath, ...process.execArgv, Bun.main]
}

/** What a person types to call this program from the current directory: `synapse`, or a path to it. */
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
