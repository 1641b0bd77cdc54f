import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Room } from '../../client/room'
import type { Finished } from '../../support/finished'

/** A command that goes on, and what it has written so far. */
export interface Started {
  readonly child: Bun.Subprocess
  readonly shown: string
  readonly errors: string
}

/** The machine of a user: a home directory with the files of a client. */
export class Desk {
  readonly home: string
  readonly folder: string

  constructor(
    readonly room: Room,
    readonly handle: string,
    private readonly settings: Readonly<Record<string, string>> = {},
  ) {
    this.home = join(room.site.directory, `desk-${handle}`)
    this.folder = join(this.home, '.synapse')
    mkdirSync(this.home, { recursive: true })
  }

  /** A user whose token and synapse.toml are those of an earlier client. */
  static async of(room: Room, handle: string, kind: 'agent' | 'person' = 'agent', more = ''): Promise<Desk> {
    const desk = new Desk(room, handle)
    mkdirSync(desk.folder, { mode: 0o700, recursive: true })
    writeFileSync(join(desk.folder, `${handle}.token`), `  ${await room.token(handle, kind)}\n\n`, {
      mode: 0o600,
    })
    desk.put('synapse.toml', `[synapse]\nbase_url = "${room.url}/"\nhandle = "${handle}"\n${more}`)
    return desk
  }

  get environment(): Record<string, string> {
    return { ...this.room.site.environment, HOME: this.home, ...this.settings }
  }

  /** Another terminal of the same user, with additional settings in the environment. */
  with(settings: Readonly<Record<string, string>>): Desk {
    return new Desk(this.room, this.handle, { ...this.settings, ...settings })
  }

  run(...words: string[]): Promise<Finished> {
    return this.feed('', ...words)
  }

  /** Runs a command with a text on its stdin. */
  feed(input: string, ...words: string[]): Promise<Finished> {
    return this.room.site.spawn([...this.room.site.program, ...words], this.environment, input)
  }

  /** The stdout of a command that must succeed. */
  async out(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words)
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  /** The lines of JSON that a command prints. */
  async lines<Line = Record<string, unknown>>(...words: string[]): Promise<Line[]> {
    const text = await this.out(...words)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }

  /** Runs a command at a terminal of so many columns, and returns what it shows. */
  async type(columns: number, ...words: string[]): Promise<Omit<Finished, 'stderr'>> {
    let shown = ''
    const child = Bun.spawn([...this.room.site.program, ...words], {
      cwd: this.home,
      env: this.environment,
      terminal: { cols: columns, data: (_, data) => (shown += new TextDecoder().decode(data)) },
    })
    this.room.site.remember(child.pid)
    const code = await child.exited
    return { code, stdout: shown.replaceAll('\r\n', '\n') }
  }

  /** Starts a command that goes on; at a terminal of so many columns, or with its stdout in a pipe. */
  start(columns: number | undefined, ...words: string[]): Started {
    const started = { shown: '', errors: '' }
    const take = (key: 'shown' | 'errors') => async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder()
      for await (const chunk of stream) started[key] += decoder.decode(chunk, { stream: true })
    }
    const command = [...this.room.site.program, ...words]
    const at = { cwd: this.home, env: this.environment }
    if (columns !== undefined) {
      const decoder = new TextDecoder()
      const data = (_: unknown, bytes: Uint8Array) =>
        (started.shown += decoder.decode(bytes, { stream: true }))
      const child = Bun.spawn(command, { ...at, terminal: { cols: columns, rows: 50, data } })
      this.room.site.remember(child.pid)
      return Object.assign(started, { child })
    }
    const child = Bun.spawn(command, { ...at, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
    this.room.site.remember(child.pid)
    take('shown')(child.stdout).catch(() => undefined)
    take('errors')(child.stderr).catch(() => undefined)
    return Object.assign(started, { child })
  }

  put(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text, { mode: 0o600 })
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8')
  }
}
