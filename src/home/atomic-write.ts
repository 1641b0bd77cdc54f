import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Replaces the file in one step: a reader sees the old text or the new text, never a part. Mode 0600. With `sync` the
 * text is on disk before it gets its name. Only the holder of the lock of the home may call it.
 */
export function writeAtomically(path: string, text: string, { sync = false } = {}): void {
  const temporary = `${path}.tmp`
  writeNew(temporary, text, sync)
  renameSync(temporary, path)
}

/** Creates a file with mode 0600. Removes a file of that name first, which a killed writer may have left. */
export function writeNew(path: string, text: string, sync: boolean): void {
  rmSync(path, { force: true })
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, text)
    if (sync) fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
