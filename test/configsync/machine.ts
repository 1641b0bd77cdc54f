/**
 * A machine with a client of ConfigSync: a home of its own and the command `configsync`. The client is the stand-in
 * (stand-in/index.ts), run by Node if it is installed. TEST_CONFIGSYNC_CLI names a released client to run instead.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Finished, finished } from '../support/finished'

export const PASSWORD = 'correct horse battery staple'

const released = process.env.TEST_CONFIGSYNC_CLI
/** Whether the client is the stand-in, which tells its requests. */
export const isStandIn = released === undefined

/** Runs clients on machines of their own. */
export class Machines implements AsyncDisposable {
  private constructor(
    private readonly folder: string,
    private readonly client: readonly string[],
  ) {}

  static async open(): Promise<Machines> {
    const folder = mkdtempSync(join(tmpdir(), 'machines-'))
    const runtime = Bun.which('node') ?? process.execPath
    return new Machines(folder, [runtime, released ?? (await bundled(folder))])
  }

  machine(name: string): Machine {
    const home = join(this.folder, name)
    mkdirSync(home)
    return new Machine(home, this.client)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export class Machine {
  private readonly trace: string

  constructor(
    readonly home: string,
    private readonly client: readonly string[],
  ) {
    this.trace = join(home, '.trace')
  }

  /** Runs a command to its end. */
  run(...words: string[]): Promise<Finished> {
    return this.runAs(PASSWORD, ...words)
  }

  runAs(password: string, ...words: string[]): Promise<Finished> {
    const environment = { PATH: process.env.PATH ?? '', HOME: this.home, CONFIGSYNC_TRACE: this.trace }
    const child = Bun.spawn([...this.client, ...words], {
      cwd: this.home,
      env: { ...environment, CONFIGSYNC_MASTER_PASSWORD: password },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    return finished(child)
  }

  /** Runs a command that must succeed. Returns what it prints. */
  async does(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words)
    if (code !== 0) throw new Error(`configsync ${words.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** The requests of a command that must succeed, with the ids of machines and numbers taken out. */
  async requestsOf(...words: string[]): Promise<string[]> {
    rmSync(this.trace, { force: true })
    await this.does(...words)
    return existsSync(this.trace) ? readFileSync(this.trace, 'utf8').trimEnd().split('\n').map(nameless) : []
  }

  path(name: string): string {
    return join(this.home, name)
  }

  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return path
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name))
  }
}

function nameless(request: string): string {
  return request.replace(/\/machines\/[0-9a-f]{16}/, '/machines/M').replace(/\/\d+(?=[/ ])/g, '/N')
}

async function bundled(folder: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, 'stand-in/index.ts')],
    outdir: folder,
    naming: 'configsync.mjs',
    target: 'node',
  })
  const [output] = outputs
  if (!output) throw new Error('the stand-in was not built')
  return output.path
}
