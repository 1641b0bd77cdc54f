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
