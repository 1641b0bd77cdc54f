import { chmodSync } from 'node:fs'
import { temporaryDirectory } from '../home/temporary'

/** A folder that every user may read, removed by a waiting shell when this process has ended in any way. */
export function lastingFolder(): string {
  const folder = temporaryDirectory().path
  chmodSync(folder, 0o755)
  const words = ['sh', '-c', 'read -r end; rm -rf "$0"', folder]
  Bun.spawn(words, { detached: true, stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' }).unref()
  return folder
}
