import { type ChildProcess, spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { processEnvironment } from '../../../config/environment'

/**
 * Becomes the program when a line comes from the starter, whose death before that ends it. So no program runs whose process
 * is not known.
 */
const GATE = 'read -r go <&3 && exec 3<&- && exec "$@"'
/** By which a shell says that there is no such program. */
const NOT_FOUND = 127
/** How long a program may take to end after it was asked to. */
const GRACE_MS = 5000

export interface ProgramSpec {
  readonly command: readonly [file: string, ...parameters: string[]]
  /** Its standard input. */
  readonly input: string
  readonly directory?: string | undefined
  /** Variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs?: number | undefined
  /** Keep up to so many characters of its standard output; without it the output goes where that of this process goes. */
  readonly keepOutput?: number | undefined
  /** Called when the process exists. */
  readonly started: (pid: number) => void
  readonly signal: AbortSignal
}

export interface ProgramEnd {
  /** Undefined if it succeeded, else why not. */
  readonly problem: string | undefined
  readonly output: string
}

/**
 * Runs a program with a process group of its own, and waits for its end. At the end of its time, and when the signal
 * aborts, the whole group is asked to end, and killed if it does not.
 */
export async function runProgram(spec: ProgramSpec): Promise<ProgramEnd> {
  const { command, input, directory, env, timeoutMs, keepOutput, signal } = spec
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...command], {
    ...(directory === undefined ? {} : { cwd: directory }),
    env: { ...processEnvironment(), ...env },
    stdio: ['pipe', keepOutput === undefined ? 'inherit' : 'pipe', 'inherit', 'pipe'],
    detached: true,
  })
  const ended = endOf(child)
  if (child.pid !== undefined) spec.started(child.pid)
  const gate = child.stdio[3] as Writable
  gate.on('error', () => {}).end('\n')
  const output = new Kept(keepOutput ?? 0)
  child.stdout?.setEncoding('utf8').on('data', (text: string) => output.add(text))
  // A program that does not read its input closes it.
  child.stdin?.on('error', () => {}).end(input)
  let stopped: string | undefined
  const stop = (why: string) => {
    stopped ??= why
    endGroup(child.pid)
  }
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop(`it ran for ${timeoutMs / 1000} s`), timeoutMs)
  const abort = () => stop('interrupted')
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    const problem = await ended
    return { problem: stopped ?? problem, output: output.text }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** Asks the process group of a program to end, and kills what is left of it after a while. */
export function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  signalGroup(pid, 'SIGTERM')
  setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS)
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch {
    // It has ended.
  }
}

/** Resolves when the program and its output have ended: to undefined if it succeeded, else to why not. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(`it cannot be started: ${error.message}`))
    child.on('close', (code, name) => {
      if (code === 0) resolve(undefined)
      else if (code === null) resolve(`it was ended by ${name}`)
      else resolve(`it ended with ${code}${code === NOT_FOUND ? ', which means that it was not found' : ''}`)
    })
  })
}

/** The beginning of an output. */
class Kept {
  text = ''

  constructor(private readonly most: number) {}

  add(more: string): void {
    if (this.text.length < this.most) this.text = (this.text + more).slice(0, this.most)
  }
}
