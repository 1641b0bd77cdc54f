import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { homePaths, readRunFile } from '../../home'
import { CliError } from '../lib/cli-error'
import { EXIT, type ExitCode } from '../lib/exit-codes'
import { print } from '../lib/terminal'
import type { ServeArgs } from './args'
import { homeToLookAfter } from './flags'
import { supervisorCommand } from './supervision'

const POLL_MS = 200
const CHUNK = 65_536

/** Prints the last lines of a daemon's log and, unless told not to, new lines until it is interrupted. */
export async function showLogs(args: ServeArgs, lines: number): Promise<ExitCode> {
  const home = homeToLookAfter(args)
  const { log, runFile } = homePaths(home)
  const run = readRunFile(runFile)
  if (run !== undefined && run.supervisor !== null) {
    print(supervisorCommand(home, run, 'logs'))
    return EXIT.ok
  }
  if (!existsSync(log))
    throw new CliError(EXIT.failure, `there is no log at ${log}`, [
      'a daemon writes one (synapse serve --daemon); a server in the foreground writes to its own stdout',
    ])
  const position = printTail(log, lines)
  if (args.follow !== false && position !== undefined) await follow(log, position)
  return EXIT.ok
}

/** Prints the last lines of a file and returns its size. Reads only the end of a large file. */
function printTail(path: string, lines: number): number | undefined {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    let start = size
    let found = 0
    const chunk = Buffer.alloc(CHUNK)
    // Looks for one line end more than lines: the one before the first line.
    while (start > 0 && found <= lines) {
      const length = Math.min(CHUNK, start)
      start -= length
      readSync(file, chunk, 0, length, start)
      for (let at = length - 1; at >= 0; at--) {
        if (chunk[at] !== 10 || ++found <= lines) continue
        start += at + 1
        break
      }
      if (found > lines) break
    }
    return lines > 0 ? copy(file, start, size) : size
  } finally {
    closeSync(file)
  }
}

/** Prints new lines until the reader of stdout closes it. Reads a renamed file to its end, then the new file of that name. */
async function follow(path: string, from: number): Promise<void> {
  let file = openSync(path, 'r')
  let position: number | undefined = from
  for (;;) {
    const { size, ino } = fstatSync(file)
    // The file was truncated.
    if (size < position) position = 0
    position = copy(file, position, size)
    if (position === undefined) return
    const named = statSync(path, { throwIfNoEntry: false })
    if (named !== undefined && named.ino !== ino) {
      closeSync(file)
      file = openSync(path, 'r')
      position = 0
    } else await Bun.sleep(POLL_MS)
  }
}

/** Copies a part of a file to stdout and returns where it ended; undefined if the reader of stdout closed it. */
function copy(file: number, from: number, to: number): number | undefined {
  const chunk = Buffer.alloc(CHUNK)
  let position = from
  while (position < to) {
    const length = readSync(file, chunk, 0, Math.min(CHUNK, to - position), position)
    if (length === 0) break
    if (!print(chunk.subarray(0, length))) return undefined
    position += length
  }
  return position
}
