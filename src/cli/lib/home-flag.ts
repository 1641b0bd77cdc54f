import { type Config, findHome } from '../../config'

/** Returns ` --home <dir>` if a command in another terminal needs it to use this home, and otherwise an empty text. */
export function homeFlag({ home, sources }: Config, command: 'serve' | 'other'): string {
  if (sources.home === 'default' && findHome({ command }) === home) return ''
  return ` --home ${/^[\w./-]+$/.test(home) ? home : `'${home.replaceAll("'", "'\\''")}'`}`
}
