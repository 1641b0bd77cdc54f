import { join } from 'node:path'

/** A real process that runs a script of `fixtures/`, prints a line when it is ready, and is killed with its scope. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  readonly exited: Promise<number>
  /** The next line on its stdout. */
  line(): Promise<string>
  /** Closes its stdin, which tells the scripts to exit normally. */
  end(): Promise<void>
  kill(): Promise<void>
}

export function startChild(script: string, ...args: string[]): Child {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'fixtures', script), ...args], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const lines = linesOf(child.stdout)
  const kill = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  return {
    pid: child.pid,
    exited: child.exited,
    async line() {
      const { value, done } = await lines.next()
      if (done) throw new Error(`${script} ended without saying anything more`)
      return value
    },
    async end() {
      await child.stdin.end()
      await child.exited
    },
    kill,
    [Symbol.asyncDispose]: kill,
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  return undefined
}
