import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive } from '../../../src/home'
import { until } from '../../support/sockets'
import type { Desk } from './desk'

/** A command that goes on until it is ended, and what it has printed so far. */
export class Started implements AsyncDisposable {
  private printed = ''
  private said = ''
  private readonly child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>

  constructor(desk: Desk, ...words: string[]) {
    this.child = Bun.spawn([...desk.room.site.program, ...words], {
      cwd: desk.home,
      env: desk.environment,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    desk.room.site.remember(this.child.pid)
    void this.read(this.child.stdout, (text) => (this.printed += text))
    void this.read(this.child.stderr, (text) => (this.said += text))
  }

  /** The objects that were printed, one a line. */
  get lines(): Record<string, unknown>[] {
    return this.printed
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  }

  get stderr(): string {
    return this.said
  }

  get stdout(): string {
    return this.printed
  }

  says(text: string): Promise<unknown> {
    return until(`'${text}'`, () => this.said.includes(text) || this.ended(text))
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    process.kill(this.child.pid, signal)
    return await this.child.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isAlive(this.child.pid)) this.child.kill('SIGKILL')
    await this.child.exited
  }

  private ended(text: string): false {
    if (this.child.exitCode === null) return false
    throw new Error(`it ended with ${this.child.exitCode} before '${text}': ${this.said}`)
  }

  private async read(from: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of from) add(decoder.decode(chunk, { stream: true }))
  }
}

/** Lines that programs have appended to a file of a desk. */
export function linesOf(desk: Desk, file: string): string[] {
  try {
    return readFileSync(join(desk.home, file), 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}
