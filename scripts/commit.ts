import { resolve } from 'node:path'

const root = resolve(import.meta.dir, '..')

/** The commit of the checkout, marked when files differ from it; empty where there is no git or no repository. */
export function commit(): string {
  const head = git('rev-parse', '--short=12', 'HEAD')
  return head === '' || git('status', '--porcelain') === '' ? head : `${head}-dirty`
}

function git(...args: string[]): string {
  if (Bun.which('git') === null) return ''
  const { success, stdout } = Bun.spawnSync(['git', ...args], {
    cwd: root,
    stdin: 'ignore',
    stderr: 'ignore',
  })
  return success ? stdout.toString().trim() : ''
}
