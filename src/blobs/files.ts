import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  type BlobArea,
  type BlobKey,
  type BlobState,
  type ByteRange,
  blobPath,
  keyAtPath,
  newBlobKey,
  type ReceivedBlob,
  type StoredBlob,
} from '../core/kernel/blobs'
import { stateOf } from './blob-state'
import { isAbsent } from './file-errors'
import type { OpenBlobs } from './owner'
import { cleanReceived, type DiskCall, diskCall, receiveFile } from './received-file'
import { unreachable } from './unreachable'

/** The folder of files that are being received; it must be on the same file system as the others. */
const TEMPORARY = 'tmp'

/** The file with the DID of the instance. */
const OWNER = 'instance'

/** Blobs as files below a folder, which several servers may share. */
export class FileBlobs implements OpenBlobs {
  /** Runs a call of the file system. @throws storage_full; unavailable, such as for a disk that can only be read */
  private readonly call: DiskCall

  constructor(
    private readonly root: string,
    report: (fault: unknown) => void,
  ) {
    this.call = diskCall((fault) => unreachable(fault, report))
  }

  async receive(area: BlobArea, bytes: AsyncIterable<Uint8Array>): Promise<ReceivedBlob> {
    const folder = join(this.root, TEMPORARY)
    const { path, sha256, size } = await receiveFile(folder, bytes, this.call)
    return {
      sha256,
      size,
      keep: (as = newBlobKey(area, sha256, Bun.randomUUIDv7())) => this.keep(path, as),
      [Symbol.asyncDispose]: () => rm(path, { force: true }),
    }
  }

  async open(key: BlobKey, size: number, range?: ByteRange): Promise<Blob | undefined> {
    if (!(await this.has(key, size))) return undefined
    const file = Bun.file(this.pathOf(key))
    return range === undefined ? file : file.slice(range.start, range.end)
  }

  async has(key: BlobKey, size: number): Promise<boolean> {
    return (await this.sizeOf(key)) === size
  }

  async check(key: BlobKey, size: number): Promise<BlobState> {
    const body = await this.open(key, size)
    if (body) return stateOf(key, body)
    return (await this.sizeOf(key)) === undefined ? 'missing' : 'corrupt'
  }

  async remove(key: BlobKey): Promise<void> {
    await this.call(() => rm(this.pathOf(key), { force: true }))
  }

  async *list(area: BlobArea): AsyncGenerator<readonly StoredBlob[], void> {
    for (const shard of (await this.call(() => this.shardsOf(area))).sort()) {
      const page: StoredBlob[] = []
      for (const name of (await this.call(() => namesIn(join(this.root, area, shard)))).sort()) {
        const path = `${area}/${shard}/${name}`
        const key = keyAtPath(path)
        if (key === undefined) continue
        // A file may be removed meanwhile.
        const found = await stat(join(this.root, path)).catch(() => undefined)
        if (found?.isFile()) page.push({ key, size: found.size, age: Date.now() - found.mtimeMs })
      }
      yield page
    }
  }

  clean(age: number): Promise<void> {
    return this.call(() => cleanReceived(join(this.root, TEMPORARY), age))
  }

  async owner(): Promise<string | undefined> {
    try {
      return (await readFile(join(this.root, OWNER), 'utf8')).trim()
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  async claim(did: string): Promise<void> {
    const text = new TextEncoder().encode(`${did}\n`)
    const { path } = await receiveFile(join(this.root, TEMPORARY), arrayOf(text), this.call)
    try {
      // Unlike a rename, this fails if the file exists.
      await link(path, join(this.root, OWNER))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    } finally {
      await rm(path, { force: true })
    }
    await syncFolder(this.root)
  }

  /** The file gets its name once it is complete and on disk, and the name is on disk too. */
  private async keep(from: string, key: BlobKey): Promise<BlobKey> {
    const to = this.pathOf(key)
    const folder = dirname(to)
    await this.call(async () => {
      const parents = await makeFolder(folder, this.root)
      await rename(from, to)
      await Promise.all([folder, ...parents].map(syncFolder))
    })
    return key
  }

  private sizeOf(key: BlobKey): Promise<number | undefined> {
    return this.call(async () => {
      try {
        return (await stat(this.pathOf(key))).size
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    })
  }

  /** The folders with the blobs of an area. Others may have put other things there. */
  private async shardsOf(area: BlobArea): Promise<string[]> {
    const folder = join(this.root, area)
    const names = (await namesIn(folder)).filter((name) => /^[0-9a-f]{2}$/.test(name))
    const found = await Promise.all(names.map((name) => stat(join(folder, name))))
    return names.filter((_, i) => found[i]?.isDirectory())
  }

  /** Keys are made by this program, never by a client; `newBlobKey` has checked their form. */
  private pathOf(key: BlobKey): string {
    return join(this.root, blobPath(key))
  }
}

/** Makes a folder below `root`. Returns the folders in which it made another one, whose names are not on disk yet. */
async function makeFolder(folder: string, root: string): Promise<string[]> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  const parents: string[] = []
  if (first === undefined) return parents
  for (let path = folder; path.startsWith(root) && path !== root; ) {
    const isFirst = path === first
    path = dirname(path)
    parents.push(path)
    if (isFirst) break
  }
  return parents
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function* arrayOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}
