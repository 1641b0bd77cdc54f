/**
 * A server of somebody else's that tests start: it runs under a small shell, which ends it and removes its folder as
 * soon as this process is gone, however it went. A test run that was killed leaves nothing behind.
 */
import { chownSync, mkdtempSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './sockets'

/**
 * Says the pid of the server, then its exit status. Behind it a second shell waits for the end of stdin, which ends the
 * server and then its folder; with a line on stdin the folder stays. It outlives the first, which a runner of tests
 * may kill together with a test that took too long.
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
  /** What a command line begins with to be run as this user. */
  readonly prefix: readonly string[]
}

/** Somebody else to run a program as that refuses to be root; null when this process is not root anyway. */
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

/** A folder that nobody but `owner` (null: this process) enters; `place`: what it lies in. */
export function privateFolder(
  name: string,
  owner: Unprivileged | null,
  place = realpathSync(tmpdir()),
): string {
  const folder = mkdtempSync(join(place, `synapse-${name}-`))
  if (owner) chownSync(folder, owner.uid, owner.gid)
  return folder
}

/** A port of 127.0.0.1 that nobody has. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => {} } })
  const { port } = listener
  listener.stop(true)
  return port
}

export interface SupervisedOptions {
  /** Where the server keeps its files and its log; goes with the server. */
  readonly folder: string
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What its log says when it takes connections. */
  readonly ready: string
  /** What ends it at once when nobody needs it any more. */
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

  /** The server's process; undefined while it is down. */
  get pid(): number | undefined {
    return this.run?.status === undefined ? this.run?.pid : undefined
  }

  /** Starts the server on what it kept, and waits until it is ready. */
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
      // A signal for the whole group of the tests ends the tests; what follows from that is the shell's work.
      detached: true,
    })
    // From here on the folder is the new shell's.
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

  /** Signals the server and waits for its end; answers its exit status as a shell sees it (128 + a signal). */
  async end(signal: NodeJS.Signals): Promise<number> {
    if (!this.run) return 0
    if (this.pid !== undefined) process.kill(this.pid, signal)
    return await this.run.ended
  }

  /** What the server wrote so far, over all its runs. */
  log(): string {
    try {
      return readFileSync(join(this.options.folder, 'log'), 'utf8')
    } catch {
      return ''
    }
  }

  /** Ends the server at once; its folder goes with it. */
  async close(): Promise<void> {
    await this.dismiss()
  }

  /** Lets go of the shell: it ends a server that still runs, and with a `word` it leaves the folder alone. */
  private async dismiss(word?: string): Promise<void> {
    const { run } = this
    if (!run) return
    if (word !== undefined) run.shell.stdin.write(`${word}\n`)
    await run.shell.stdin.end()
    await run.shell.exited
    this.run = undefined
  }
}

/** What is written to a stream, line by line; '' when it is over. */
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
