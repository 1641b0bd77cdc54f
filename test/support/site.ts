/**
 * The program as an operator runs it, in real processes on a separate machine: a home directory, an environment, and a
 * data home that outlives its servers. Every process that was started on a site ends with it.
 */
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths, isAlive, isListening, processState, type RunFile, readRunFile } from '../../src/home'
import type { HomePaths } from '../../src/home/paths'
import { temporaryDirectory } from '../home/temporary'
import { type Finished, finished, parsed } from './finished'
import { ServerProcess } from './server-process'
import { until } from './sockets'
import { unlimited } from './unlimited'

const READY_WITHIN_MS = 20_000

type Settings = Readonly<Record<string, string>>

/** The program: from source, or the executable that TEST_PROGRAM names. */
export const program: readonly string[] = process.env.TEST_PROGRAM
  ? [process.env.TEST_PROGRAM]
  : [process.execPath, '--no-env-file', join(import.meta.dir, '../../src/cli/index.ts')]

/** What may differ between sites. */
export interface SiteOptions {
  /** The command line in front of the words of a command. */
  readonly program?: readonly string[]
  readonly path?: string
  /** True: only HOME and PATH are set, so that the data home is at its default path. */
  readonly isBare?: boolean
}

export class Site implements AsyncDisposable {
  private readonly temporary = temporaryDirectory()
  readonly program: readonly string[]
  /** Servers have no rate limits unless a test sets them. */
  private readonly rates: Settings
  private readonly started = new Set<number>()
  private served = 0
  readonly directory = this.temporary.path
  readonly userHome = join(this.directory, 'user')
  readonly home: string
  readonly paths: HomePaths
  readonly environment: Record<string, string>

  constructor(options: SiteOptions = {}) {
    const { isBare = false, path = process.env.PATH ?? '' } = options
    mkdirSync(this.userHome)
    this.program = options.program ?? program
    this.home = isBare ? join(this.userHome, '.local/share/synapse') : join(this.directory, 'data')
    this.paths = homePaths(this.home)
    this.environment = { HOME: this.userHome, PATH: path }
    // A test must not find other servers.
    if (!isBare)
      Object.assign(this.environment, { SYNAPSE_HOME: this.home, SYNAPSE_DISCOVERY_MDNS_BROWSE: 'off' })
    this.rates = isBare ? {} : unlimited
  }

  /** Runs a command of the program to its end, without a terminal. */
  run(...words: string[]): Promise<Finished> {
    return this.runWith({}, ...words)
  }

  /** The same with additional settings in the environment. */
  runWith(settings: Settings, ...words: string[]): Promise<Finished> {
    return this.spawn([...this.program, ...words], settings)
  }

  /** The JSON answer of a command. Fails if the command fails, with its output. */
  async json<Answer>(...words: string[]): Promise<Answer> {
    return parsed<Answer>(await this.run(...words))
  }

  /** Runs any command to its end, with `input` on its stdin. */
  async spawn(cmd: readonly string[], settings: Settings = {}, input = ''): Promise<Finished> {
    const child = Bun.spawn([...cmd], {
      cwd: this.userHome,
      env: { ...this.environment, ...settings },
      stdin: new Blob([input]),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    this.watch(child)
    return finished(child)
  }

  /** Runs a command at a terminal: waits for each prompt and types the text beside it. */
  async type(
    dialogue: [prompt: string, typed: string][],
    ...words: string[]
  ): Promise<Omit<Finished, 'stderr'>> {
    let shown = ''
    const child = Bun.spawn([...this.program, ...words], {
      cwd: this.userHome,
      env: this.environment,
      terminal: { cols: 200, data: (_, data) => (shown += new TextDecoder().decode(data)) },
    })
    this.watch(child)
    let seen = 0
    for (const [prompt, typed] of dialogue) {
      seen = await until(`'${prompt}' in: ${shown}`, () => {
        const at = shown.indexOf(prompt, seen)
        if (at === -1 && child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${shown}`)
        return at === -1 ? undefined : at + prompt.length
      })
      child.terminal?.write(typed)
    }
    const code = await child.exited
    return { code, stdout: shown.replaceAll('\r\n', '\n') }
  }

  /** Starts a server, on a free port unless the environment names one, and waits until it is ready. */
  serve(...words: string[]): Promise<ServerProcess> {
    return this.serveWith({}, ...words)
  }

  /** The same with additional settings in the environment. */
  async serveWith(settings: Settings, ...words: string[]): Promise<ServerProcess> {
    const env = { ...this.rates, ...this.environment, ...settings }
    const log = join(this.directory, `server-${++this.served}`)
    const outputs = [`${log}.out`, `${log}.err`] as const
    const [stdout, stderr] = [openSync(outputs[0], 'a'), openSync(outputs[1], 'a')]
    const child = Bun.spawn([...this.program, 'serve', '--port', env.SYNAPSE_PORT ?? '0', ...words], {
      cwd: this.userHome,
      env,
      stdin: 'ignore',
      stdout,
      stderr,
    })
    for (const file of [stdout, stderr]) closeSync(file)
    this.watch(child)
    const run = await until(
      'the server',
      () => {
        const status = child.exitCode ?? child.signalCode
        if (status !== null) {
          const said = outputs.map((path) => readFileSync(path, 'utf8')).join('')
          throw new Error(`the server ended with ${status}: ${said}`)
        }
        const found = readRunFile(this.paths.runFile)
        return found?.pid === child.pid && isListening(found) && found
      },
      READY_WITHIN_MS,
    )
    return new ServerProcess(run, outputs, () => child.exited)
  }

  /** Starts a daemon on a free port. */
  async daemon(...words: string[]): Promise<ServerProcess> {
    const command = ['serve', '--daemon', '--json', '--port', '0', ...words]
    const run = parsed<RunFile>(await this.runWith({ ...this.rates, ...this.environment }, ...command))
    this.remember(run.pid)
    return new ServerProcess(run, [this.paths.out], async () => {
      await until(`the end of ${run.pid}`, () => !isAlive(run.pid))
      return 0
    })
  }

  /** A process that must end with the site. */
  remember(pid: number): void {
    this.started.add(pid)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A daemon may have failed to report its start.
    const run = readRunFile(this.paths.runFile)
    if (run !== undefined && processState(this.home, run) === 'ours') this.remember(run.pid)
    for (const pid of this.started) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      await until(`the end of ${pid}`, () => !isAlive(pid))
    }
    this.temporary[Symbol.dispose]()
  }

  /** The pid of a process that has ended may soon belong to another one. */
  private watch({ pid, exited }: Bun.Subprocess): void {
    this.remember(pid)
    void exited.then(() => this.started.delete(pid))
  }
}
