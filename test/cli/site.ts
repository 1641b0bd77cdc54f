import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths, isAlive, isListening, type RunFile, readRunFile } from '../../src/home'
import { temporaryDirectory } from '../home/temporary'
import { unlimited } from '../support/unlimited'

const PATIENCE_MS = 15_000
const POLL_MS = 20

/** The program as it is run: from source, or an executable that TEST_PROGRAM names. */
export const program = process.env.TEST_PROGRAM
  ? [process.env.TEST_PROGRAM]
  : [process.execPath, '--no-env-file', join(import.meta.dir, '../../src/cli/index.ts')]

/** What a finished command left. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A server that runs in the foreground of its own process. */
export interface Foreground extends Finished {
  readonly pid: number
  readonly url: string
  readonly exited: Promise<number>
  signal(name: NodeJS.Signals): void
}

/** A machine of its own: a user's home with a data home in it. Everything started on it ends with its scope. */
export class Site implements AsyncDisposable {
  private readonly directory = temporaryDirectory()
  private readonly started: number[] = []
  readonly userHome = join(this.directory.path, 'user')
  readonly home = join(this.directory.path, 'data')
  readonly environment: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: this.userHome,
    SYNAPSE_HOME: this.home,
    // Tests keep to themselves.
    SYNAPSE_DISCOVERY_MDNS_BROWSE: 'off',
  }

  constructor() {
    mkdirSync(this.userHome)
  }

  /** Runs a command line to its end, without a terminal. */
  async run(...words: string[]): Promise<Finished> {
    return this.runWith({}, ...words)
  }

  /** The same with further environment variables. */
  async runWith(extra: Record<string, string>, ...words: string[]): Promise<Finished> {
    return this.spawn([...program, ...words], extra)
  }

  /** Runs another program on this machine, with `input` on its stdin. */
  async spawn(cmd: string[], extra: Record<string, string> = {}, input = ''): Promise<Finished> {
    const child = Bun.spawn(cmd, {
      cwd: this.userHome,
      env: { ...this.environment, ...extra },
      stdin: new Blob([input]),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    return { code, stdout, stderr }
  }

  /** Runs a command line at a terminal: waits for each prompt and types what stands beside it. */
  async type(
    dialogue: [prompt: string, typed: string][],
    ...words: string[]
  ): Promise<Omit<Finished, 'stderr'>> {
    let shown = ''
    const child = Bun.spawn([...program, ...words], {
      cwd: this.userHome,
      env: this.environment,
      terminal: { cols: 200, data: (_, data) => (shown += new TextDecoder().decode(data)) },
    })
    this.remember(child.pid)
    let seen = 0
    for (const [prompt, typed] of dialogue) {
      seen = await waitFor(`'${prompt}' in: ${shown}`, () => {
        const at = shown.indexOf(prompt, seen)
        if (at === -1 && child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${shown}`)
        return at === -1 ? undefined : at + prompt.length
      })
      child.terminal?.write(typed)
    }
    const code = await child.exited
    return { code, stdout: shown.replaceAll('\r\n', '\n') }
  }

  /** What a command answers. Fails when it fails, with what it said. */
  async json<Answer>(...words: string[]): Promise<Answer> {
    return parsed<Answer>(await this.run(...words))
  }

  /** Starts `synapse serve` and waits until it is ready. Any free port will do, unless the environment says which. */
  async serve(...words: string[]): Promise<Foreground> {
    const child = Bun.spawn([...program, 'serve', ...words], {
      cwd: this.userHome,
      env: { SYNAPSE_PORT: '0', ...unlimited, ...this.environment },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    this.remember(child.pid)
    let [stdout, stderr] = ['', '']
    const reading = Promise.all([
      gather(child.stdout, (text) => (stdout += text)),
      gather(child.stderr, (text) => (stderr += text)),
    ])
    const exited = reading.then(() => child.exited)
    const run = await waitFor('the server', () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${stderr}`)
      const found = readRunFile(homePaths(this.home).runFile)
      return found?.pid === child.pid && isListening(found) ? found : undefined
    })
    return {
      pid: child.pid,
      url: run.urls[0] ?? '',
      exited,
      signal: (name) => child.kill(name),
      get code() {
        return child.exitCode ?? -1
      },
      get stdout() {
        return stdout
      },
      get stderr() {
        return stderr
      },
    }
  }

  /** Starts a daemon on a free port and answers what it printed. */
  async daemon(...words: string[]): Promise<RunFile> {
    const run = await this.json<RunFile>('serve', '--daemon', '--json', '--port', '0', ...words)
    this.remember(run.pid)
    return run
  }

  /** A process that has to be gone when the scope ends. */
  remember(pid: number): void {
    this.started.push(pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A daemon whose start was not reported.
    const run = readRunFile(homePaths(this.home).runFile)
    if (run !== undefined) this.remember(run.pid)
    for (const pid of this.started) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      await waitFor(`the end of ${pid}`, () => !isAlive(pid) || undefined)
    }
    this.directory[Symbol.dispose]()
  }
}

/** The JSON of a command that has to have succeeded, on stdout and alone there. */
export function parsed<Answer>({ code, stdout, stderr }: Finished): Answer {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
  return JSON.parse(stdout) as Answer
}

/** Asks until there is an answer. */
export async function waitFor<Answer>(what: string, ask: () => Answer | undefined): Promise<Answer> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const answer = ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await Bun.sleep(POLL_MS)
  }
}

async function gather(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }))
}
