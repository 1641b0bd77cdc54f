/** A disk of a few megabytes that a test fills and empties: an in-memory file system mounted on a folder. */
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../home/temporary'

const CHUNK = new Uint8Array(1024 * 1024)

export class SmallDisk implements Disposable {
  private readonly filler: string

  private constructor(private readonly path: string) {
    this.filler = join(path, 'filler')
  }

  /** Mounts an empty disk on a folder, which is created. */
  static mount(path: string, megabytes: number): SmallDisk {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const options = `size=${megabytes}m,mode=0700`
    const { exitCode, stderr } = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path])
    if (exitCode !== 0) throw new Error(`nothing can be mounted at ${path}: ${stderr}`)
    return new SmallDisk(path)
  }

  /** Fills the disk until this many megabytes are free; with 0, not a byte is. */
  fill(leave: number): void {
    const file = openSync(this.filler, 'a')
    try {
      for (;;) {
        const { bavail, bsize } = statfsSync(this.path)
        const much = Math.min(CHUNK.length, bavail * bsize - leave * CHUNK.length)
        if (much <= 0) return
        writeSync(file, CHUNK, 0, much)
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    } finally {
      closeSync(file)
    }
  }

  /** Removes the filling. */
  empty(): void {
    rmSync(this.filler, { force: true })
  }

  [Symbol.dispose](): void {
    // Lazily: a process with an open file keeps the disk until it closes it.
    Bun.spawnSync(['umount', '-l', this.path])
  }
}

/** True where nothing can be mounted; tests that need it are skipped. */
export const smallDiskMissing = !canMount()

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !Bun.which('mount')) return false
  using directory = temporaryDirectory()
  try {
    SmallDisk.mount(directory.path, 1)[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}
