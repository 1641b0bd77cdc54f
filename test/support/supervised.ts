/**
 * A foreign server that tests start. It runs under a small shell, which stops it and removes its folder as soon as this
 * process is gone for any reason. A killed test run leaves nothing behind.
 */
import { chownSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './sockets'

/**
 * Prints the pid of the server, then its exit status. A second shell waits for the end of stdin, then stops the server
 * and removes its folder; after a line on stdin the folder stays. It outlives the first shell, which a test runner may
 * kill together with a test that takes too long.
 */
const SHELL = `
folder=$1 signal=$2
shift 2
exec 3<&0
"$@" </dev/null 3<&- >>"$folder/log" 2>&1 & server=$!
trap '' PIPE
echo "$server"
{
  read -r word && exit
  kill -s "$signal" "$server"
  patience=400
  while kill -0 "$server" && [ $((patience -= 1)) -gt 0 ]; do sleep 0.02; done
  rm -rf "$folder"
} <&3 >/dev/null 2>&1 & janitor=$!
exec 3<&-
wait "$server"
echo "$?" 2>/dev/null
wait "$janitor"
`

const READY_WITHIN_MS = 30_000

export interface Unprivileged {
  readonly uid: number
  readonly gid: number
  /** The words in front of a command that runs it as this user. */
  readonly prefix: readonly string[]
}

/** A user for programs that refuse to run as root; null if this process is not root. */
export function unprivileged(...names: string[]): Unprivileged | null {
  if (process.getuid?.() !== 0) return null
  for (const name of names) {
    const [uid, gid] = ['-u', '-g'].map((what) => {
      const { stdout, exitCode } = Bun.spawnSync(['id', what, name], { stderr: 'ignore' })
      return exitCode === 0 ? Number(stdout.toString()) : undefined
    })
    if (uid !== undefined && gid !== undefined)
      return { uid, gid, prefix: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'] }
  }
  throw new Error(`there is no user ${names.join(' or ')} to run a server as: root may not`)
}

/** A folder that only `owner` (null: this process) may enter; `place` is its parent. */
export function privateFolder(
  name: string,
  owner: Unprivileged | null,
  place = realpathSync(tmpdir()),
): string {
  const folder = mkdtempSync(join(place, `synapse-${name}-`))
  if (owner) chownSync(folder, owner.uid, owner.gid)
  return folder
}

/** A free port of 127.0.0.1. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

export interface SupervisedOptions {
  /** The files and the log of the server; removed with the server. */
  readonly folder: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What its log says once it accepts connections. */
  readonly ready: string
  /** The signal that stops it at once. */
  readonly endBy: 'QUIT' | 'TERM' | 'KILL'
}

interface Run {
  readonly shell: Bun.Subprocess<'pipe', 'pipe', 'ignore'>
  readonly pid: number
  readonly ended: Promise<number>
  status: number | undefined
}

export class Supervised {
  private run: Run | undefined

  constructor(private readonly options: SupervisedOptions) {}

  /** The pid of the server; undefined while it is down. */
  get pid(): number | undefined {
    return this.run?.status === undefined ? this.run?.pid : undefined
  }

  /** Starts the server with its existing data and waits until it is ready. */
  async start(): Promise<void> {
    if (this.pid !== undefined) throw new Error('the server runs already')
    const { folder, endBy, command, env, ready } = this.options
    const before = this.log().length
    const shell = Bun.spawn(['sh', '-c', SHELL, 'supervisor', folder, endBy, ...command], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'ignore',
      // A signal for the process group of the tests ends the tests; the shell does the rest.
      detached: true,
    })
    // From here on the folder belongs to the new shell.
    await this.dismiss('the folder stays')
    const said = lines(shell.stdout)
    const pid = Number(await said.next())
    const run: Run = { shell, pid, ended: said.next().then(Number), status: undefined }
    void run.ended.then((status) => (run.status = status))
    this.run = run
    await until(
      `"${ready}"`,
      () => {
        if (run.status !== undefined)
          throw new Error(`the server ended with ${run.status}: ${this.log().slice(before).slice(-2000)}`)
        return this.log().slice(before).includes(ready)
      },
      READY_WITHIN_MS,
    )
  }

  /** Signals the server and waits for its end; returns its exit status as a shell reports it (128 + a signal). */
  async end(signal: NodeJS.Signals): Promise<number> {
    if (!this.run) return 0
    if (this.pid !== undefined) process.kill(this.pid, signal)
    return await this.run.ended
  }

  /** The log of the server so far, over all its runs. */
  log(): string {
    try {
      return readFileSync(join(this.options.folder, 'log'), 'utf8')
    } catch {
      return ''
    }
  }

  /** Stops the server at once and removes its folder. */
  async close(): Promise<void> {
    await this.dismiss()
  }

  /** Closes the shell: it stops a server that still runs, and with a `word` it keeps the folder. */
  private async dismiss(word?: string): Promise<void> {
    const { run } = this
    if (!run) return
    if (word !== undefined) run.shell.stdin.write(`${word}\n`)
    await run.shell.stdin.end()
    await run.shell.exited
    this.run = undefined
  }
}

/** The lines of a stream; '' at its end. */
function lines(stream: ReadableStream<Uint8Array>): { next(): Promise<string> } {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  return {
    next: async () => {
      for (;;) {
        const end = rest.indexOf('\n')
        if (end >= 0) {
          const line = rest.slice(0, end)
          rest = rest.slice(end + 1)
          return line
        }
        const { value, done } = await reader.read()
        if (done) return ''
        rest += decoder.decode(value, { stream: true })
      }
    },
  }
}
