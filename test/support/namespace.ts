/**
 * Programs that see another network or other folders than this machine, by Linux namespaces, which ordinary users may
 * create where the system allows it. Nothing outside changes, and the namespaces end with the program.
 */

const UNSHARE = ['unshare', '--user', '--map-root-user', '--net', '--mount']

/** Whether such programs can run here. */
export const hasNamespaces =
  process.platform === 'linux' &&
  Bun.which('unshare') !== null &&
  Bun.which('ip') !== null &&
  Bun.spawnSync([...UNSHARE, 'true'], { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0

/** Runs a command line after the lines of a shell script, in new namespaces. */
export function inNamespaces(script: readonly string[], cmd: readonly string[]): string[] {
  return [...UNSHARE, 'sh', '-ec', [...script, 'exec "$@"'].join('\n'), 'sh', ...cmd]
}

const UNSHARE_PIDS = ['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc']

/** Whether programs can have a pid namespace here. */
export const hasPidNamespaces =
  process.platform === 'linux' &&
  Bun.which('unshare') !== null &&
  Bun.spawnSync([...UNSHARE_PIDS, '--kill-child', 'true'], { stdout: 'ignore', stderr: 'ignore' })
    .exitCode === 0

/** Runs a shell script in a new pid namespace, as pid 1; `words` are its `$@`. */
export function amongOwnPids(script: string, words: readonly string[] = []): string[] {
  return [...UNSHARE_PIDS, '--kill-child', 'sh', '-c', script, 'sh', ...words]
}
