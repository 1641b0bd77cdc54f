import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Replaces the file in one step: a reader sees the old text or the new, never a part. Mode 0600. With `sync` the text
 * is on disk before it gets its name. One writer at a time: whoever holds the lock of the home.
 */
export function writeAtomically(path: string, text: string, { sync = false } = {}): void {
  const temporary = `${path}.tmp`
  writeNew(temporary, text, sync)
  renameSync(temporary, path)
}

/** Writes a file that nobody else had, mode 0600; what a killed writer left under that name is removed first. */
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
