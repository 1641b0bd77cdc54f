/**
 * Unmodified Matrix clients that the tests run, each in a process of its own: scripts in test/matrix/clients.
 *
 *   test.skipIf(matrixClientsMissing)('…', async () => {
 *     const report = await runMatrixClient<Report>('js-sdk-versions.js', { baseUrl })
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { finished, parsed } from './finished'

const folder = join(import.meta.dir, '../matrix/clients')

/** A client that does not come to its end within this time is ended. */
const PATIENCE_MILLISECONDS = 80_000

/** Debian's own Python: only that one finds the modules of Debian's packages. */
const PYTHON = '/usr/bin/python3'

/** True without the clients of the package registry: bun scripts/matrix-clients.ts fetches them. */
export const matrixClientsMissing = isMissing(
  existsSync(join(folder, 'node_modules/matrix-js-sdk')),
  'matrix-js-sdk and matrix-bot-sdk: run bun scripts/matrix-clients.ts',
)

/** True without matrix-nio, which scripts/provision.sh installs. */
export const nioMissing = isMissing(
  existsSync(PYTHON) &&
    Bun.spawnSync([PYTHON, '-c', 'import nio'], { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0,
  'matrix-nio: install the package python3-matrix-nio',
)

/** CI has every client, so there nothing is skipped. */
function isMissing(isHere: boolean, what: string): boolean {
  if (isHere) return false
  if (process.env.CI !== undefined) throw new Error(`there is no ${what}`)
  console.warn(`skipped: no ${what}`)
  return true
}

/** Runs a script with its input as JSON in its first argument, and returns what it prints as JSON at its end. */
export async function runMatrixClient<Report>(script: string, input: object): Promise<Report> {
  const program = script.endsWith('.py') ? [PYTHON] : [process.execPath, '--no-env-file']
  const child = Bun.spawn([...program, script, JSON.stringify(input)], {
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: PATIENCE_MILLISECONDS,
  })
  return parsed<Report>(await finished(child))
}
