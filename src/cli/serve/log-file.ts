import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

const ROTATE_BYTES = 10 * 1024 * 1024
const KEPT = 7

/** The log file of a daemon. A failure to write it does not stop the server. */
export interface LogFile extends Disposable {
  write(text: string): void
  /** Opens a new file of the same name, after the old one was moved away. */
  reopen(): void
}

/**
 * Appends to the file at `path`, mode 0600. At 10 MiB it is renamed to `<path>.1`, the one of that name to `<path>.2`
 * and so on; seven of them are kept.
 */
export function openLogFile(path: string, { rotateBytes = ROTATE_BYTES, kept = KEPT } = {}): LogFile {
  let file = open()
  const close = () => {
    if (file !== undefined) closeSync(file.descriptor)
    file = undefined
  }
  const reopen = () => {
    close()
    file = open()
  }
  return {
    write(text) {
      if (file !== undefined && file.size >= rotateBytes) {
        close()
        attempt(() => rotate(path, kept))
      }
      file ??= open()
      if (file === undefined) return
      const { descriptor } = file
      file.size += attempt(() => writeSync(descriptor, text)) ?? 0
    },
    reopen,
    [Symbol.dispose]: close,
  }

  function open(): { descriptor: number; size: number } | undefined {
    return attempt(() => {
      const descriptor = openSync(path, 'a', 0o600)
      return { descriptor, size: fstatSync(descriptor).size }
    })
  }
}

function rotate(path: string, kept: number): void {
  rmSync(`${path}.${kept}`, { force: true })
  for (let number = kept - 1; number >= 1; number--) {
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`)
  }
  renameSync(path, `${path}.1`)
}

/** Ignores a failure: a full disk or a missing directory only loses log lines. */
function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
