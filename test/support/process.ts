/**
 * Servers in processes of their own, which can be killed: each runs on a site, a machine of its own with a home that
 * outlives them. Whatever was started on a site ends with it.
 */
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { homePaths, isAlive, isListening, type RunFile, readRunFile } from '../../src/home'
import type { HomePaths } from '../../src/home/paths'
import { temporaryDirectory } from '../home/temporary'
import { Caller } from './caller'
import { until } from './sockets'
import { unlimited } from './unlimited'

const READY_WITHIN_MS = 20_000

/** How the program is run from source. */
export const fromSource: readonly string[] = [
  process.execPath,
  '--no-env-file',
  join(import.meta.dir, '../../src/cli/index.ts'),
]

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What may be different about a site. */
export interface SiteOptions {
  /** The command line that the words of a command are put behind. */
  readonly program?: readonly string[]
  readonly path?: string
  /** True: nothing but HOME and PATH is set, so that the home lies where it lies for anybody. */
  readonly isBare?: boolean
}

export class Site implements AsyncDisposable {
  private readonly temporary = temporaryDirectory()
  private readonly started = new Set<number>()
  private readonly program: readonly string[]
  readonly directory = this.temporary.path
  readonly userHome = join(this.directory, 'user')
  readonly home: string
  readonly paths: HomePaths
  readonly environment: Readonly<Record<string, string>>

  constructor({ program = fromSource, path = process.env.PATH ?? '', isBare = false }: SiteOptions = {}) {
    mkdirSync(this.userHome)
    this.program = program
    this.home = join(this.userHome, '.local/share/synapse')
    this.paths = homePaths(this.home)
    this.environment = {
      HOME: this.userHome,
      PATH: path,
      ...(isBare ? {} : { SYNAPSE_HOME: this.home, ...unlimited }),
    }
  }

  /** Runs a command line of the program to its end. */
  run(...words: string[]): Promise<Finished> {
    return this.spawn([...this.program, ...words])
  }

  /** Runs anything here to its end. */
  async spawn(cmd: string[]): Promise<Finished> {
    const child = Bun.spawn(cmd, {
      cwd: this.userHome,
      env: this.environment,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    this.started.add(child.pid)
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    return { code, stdout, stderr }
  }

  /** Starts a server, on a free port unless the settings name one, and waits until it is ready. */
  async start(settings: Readonly<Record<string, string>> = {}, ...words: string[]): Promise<ServerProcess> {
    const begun = performance.now()
    const path = join(this.directory, `server-${this.started.size}.log`)
    const log = openSync(path, 'a')
    const child = Bun.spawn([...this.program, 'serve', '--port', settings.SYNAPSE_PORT ?? '0', ...words], {
      cwd: this.userHome,
      env: { ...unlimited, ...this.environment, ...settings },
      stdin: 'ignore',
      stdout: log,
      stderr: log,
    })
    closeSync(log)
    const written = () => Bun.file(path).text()
    this.started.add(child.pid)
    const run = await until(
      'the server',
      async () => {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}: ${await written()}`)
        const found = readRunFile(this.paths.runFile)
        return found?.pid === child.pid && isListening(found) && found
      },
      READY_WITHIN_MS,
    )
    return new ServerProcess(run, child.exited, performance.now() - begun, written)
  }

  /** Starts a daemon on a free port. Whatever becomes of it, it is gone when the site ends. */
  async daemon(): Promise<ServerProcess> {
    const begun = performance.now()
    const { code, stdout, stderr } = await this.run('serve', '--daemon', '--json', '--port', '0')
    const run = readRunFile(this.paths.runFile)
    if (run) this.started.add(run.pid)
    if (code !== 0 || !run) throw new Error(`no daemon: ${stdout}${stderr}`)
    const exited = async () => {
      await until(`the end of ${run.pid}`, () => !isAlive(run.pid))
      return 0
    }
    return new ServerProcess(run, exited(), performance.now() - begun, () => Bun.file(this.paths.out).text())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.started) {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      await until(`the end of ${pid}`, () => !isAlive(pid))
    }
    this.temporary[Symbol.dispose]()
  }
}

/** A server that runs, or ran, on a site. */
export class ServerProcess {
  readonly url: string
  readonly pid: number
  /** Whoever reaches its Unix socket. */
  readonly operator: Caller

  constructor(
    readonly run: RunFile,
    readonly exited: Promise<number>,
    /** Milliseconds from its start until it was ready. */
    readonly readyAfter: number,
    /** What it wrote on stdout and stderr. */
    readonly written: () => Promise<string>,
  ) {
    this.url = run.urls[0] ?? ''
    this.pid = run.pid
    this.operator = new Caller((path, init) =>
      fetch(`http://localhost${path}`, { ...init, unix: run.socket ?? '' }),
    )
  }

  /** Somebody with a token, at this server. */
  as(token: string): Caller {
    return new Caller((path, init) => fetch(`${this.url}${path}`, init), { authorization: `Bearer ${token}` })
  }

  /** Makes a channel. */
  async room(slug: string): Promise<void> {
    await this.ask('/v1/admin/channels', { slug, name: slug })
  }

  /** Makes an agent who is in these channels; answers its token. */
  async agent(handle: string, ...channels: string[]): Promise<string> {
    const { token } = await this.ask<{ token: string }>('/v1/admin/onboard', { handle, channels })
    return token
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name)
  }

  /** Ends it without any chance to do something about it. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** Asks it to stop and waits for its end; answers its exit code. */
  async stop(): Promise<number> {
    this.signal('SIGTERM')
    return this.exited
  }

  /** Memory it holds, in bytes; undefined on systems without /proc. */
  residentBytes(): number | undefined {
    try {
      const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
    } catch {
      return undefined
    }
  }

  private async ask<Body>(path: string, body: object): Promise<Body> {
    const answer = await this.operator.post<Body>(path, body)
    if (answer.status !== 201) throw new Error(`the operator was refused: ${answer.text}`)
    return answer.body
  }
}
