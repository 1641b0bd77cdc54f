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

/**
 * Runs a script with its input as JSON in its first argument, and returns the JSON in its last line. Clients print more
 * before it.
 */
export async function runMatrixClient<Report>(script: string, input: object): Promise<Report> {
  const done = await finished(start(script, input))
  return parsed<Report>({ ...done, stdout: done.stdout.trimEnd().split('\n').at(-1) ?? '' })
}

/** A script that runs until it is disposed of, and prints lines of JSON. */
export class RunningClient<Line extends object> implements AsyncDisposable {
  private readonly child
  private readonly lines: AsyncIterator<string>

  constructor(script: string, input: object) {
    this.child = start(script, input)
    this.lines = linesOf(this.child.stdout)
  }

  /** Reads lines until one matches, and returns it. Fails with what the script says if it ends. */
  async until(matches: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const { done, value } = await this.lines.next()
      if (done === true) throw new Error(`the client ended: ${await new Response(this.child.stderr).text()}`)
      const line = JSON.parse(value) as Line
      if (matches(line)) return line
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.child.exited
  }
}

function start(script: string, input: object) {
  const program = script.endsWith('.py') ? [PYTHON] : [process.execPath, '--no-env-file']
  return Bun.spawn([...program, script, JSON.stringify(input)], {
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: PATIENCE_MILLISECONDS,
  })
}

async function* linesOf(output: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of output) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
