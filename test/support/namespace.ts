/**
 * Programs that see another network, or other folders, than this machine has: by namespaces of Linux, which ordinary
 * users may make where the system lets them. Nothing outside of them changes, and they end with the program.
 */

const UNSHARE = ['unshare', '--user', '--map-root-user', '--net', '--mount']

/** Whether there can be such programs here. */
export const hasNamespaces =
  process.platform === 'linux' &&
  Bun.which('unshare') !== null &&
  Bun.which('ip') !== null &&
  Bun.spawnSync([...UNSHARE, 'true'], { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0

/** What runs a command line behind the lines of a shell script, in namespaces of its own. */
export function inNamespaces(script: readonly string[], cmd: readonly string[]): string[] {
  return [...UNSHARE, 'sh', '-ec', [...script, 'exec "$@"'].join('\n'), 'sh', ...cmd]
}

const UNSHARE_PIDS = ['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc']

/** Whether programs can have process numbers of their own here. */
export const hasPidNamespaces =
  process.platform === 'linux' &&
  Bun.which('unshare') !== null &&
  Bun.spawnSync([...UNSHARE_PIDS, '--kill-child', 'true'], { stdout: 'ignore', stderr: 'ignore' })
    .exitCode === 0

/** What runs a shell script among process numbers of its own, as number 1; `words` are its `$@`. */
export function amongOwnPids(script: string, words: readonly string[] = []): string[] {
  return [...UNSHARE_PIDS, '--kill-child', 'sh', '-c', script, 'sh', ...words]
}
