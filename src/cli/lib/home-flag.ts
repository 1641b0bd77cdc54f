import { type Config, findHome } from '../../config'

/** ` --home <dir>` as a person has to type it so that another command, in another terminal, acts on this home; or nothing. */
export function homeFlag({ home, sources }: Config, command: 'serve' | 'other'): string {
  if (sources.home === 'default' && findHome({ command }) === home) return ''
  return ` --home ${/^[\w./-]+$/.test(home) ? home : `'${home.replaceAll("'", "'\\''")}'`}`
}
