import { type FileHandle, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { collected } from '../core/kernel/collected'
import { AppError } from '../core/kernel/errors'
import { isAbsent } from './file-errors'

/** Bytes are refused below this much free space, so that the database on the same disk can go on. */
const FLOOR_BYTES = 64 * 1024 * 1024
/** The free space is asked for again after so many bytes. */
const ASKED_EVERY = 8 * 1024 * 1024

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** A file in the folder of temporary files, with its size and checksum. */
export interface ReceivedFile {
  readonly path: string
  readonly sha256: string
  readonly size: number
}

/** Runs a call of the file system, and says what its faults are thrown as. */
export type DiskCall = <Result>(run: () => Promise<Result>) => Promise<Result>

/**
 * Writes bytes to a new file as they come, and to disk. What fails on the way leaves no file. `call`: how the file system
 * is called; what `bytes` throws is thrown as it is. @throws storage_full
 */
export async function receiveFile(
  folder: string,
  bytes: AsyncIterable<Uint8Array>,
  call: DiskCall,
): Promise<ReceivedFile> {
  const path = join(folder, crypto.randomUUID())
  try {
    await call(() => mkdir(folder, { recursive: true, mode: 0o700 }))
    const file = await call(() => open(path, 'wx', 0o600))
    try {
      return { path, ...(await writeAll(file, folder, bytes, call)) }
    } finally {
      await call(() => file.close())
    }
  } catch (error) {
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

async function writeAll(
  file: FileHandle,
  folder: string,
  bytes: AsyncIterable<Uint8Array>,
  call: DiskCall,
): Promise<Pick<ReceivedFile, 'sha256' | 'size'>> {
  const hash = new Bun.CryptoHasher('sha256')
  let size = 0
  let askAt = 0
  for await (const chunk of collected(bytes, () => Bun.gc(false))) {
    if (size >= askAt) {
      await call(() => requireRoom(folder))
      askAt = size + ASKED_EVERY
    }
    hash.update(chunk)
    await call(() => writeChunk(file, chunk))
    size += chunk.length
  }
  await call(() => file.datasync())
  return { sha256: hash.digest('hex'), size }
}

async function writeChunk(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length; )
    written += (await file.write(chunk, written, chunk.length - written)).bytesWritten
}

async function requireRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < FLOOR_BYTES) throw full()
}

/** Deletes files of receivers that died: those not written for `age` milliseconds. */
export async function cleanReceived(folder: string, age: number): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isAbsent(error)) return []
    throw error
  })
  for (const name of names) {
    const path = join(folder, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
    if (Date.now() - mtimeMs > age) await rm(path, { force: true })
  }
}

/** Returns how the file system is called. `failed`: what a fault is thrown as, unless the disk is full. */
export function diskCall(failed: (fault: unknown) => AppError): DiskCall {
  return async (run) => {
    try {
      return await run()
    } catch (error) {
      if (error instanceof AppError) throw error
      throw error instanceof Error && 'code' in error && FULL.has(error.code) ? full() : failed(error)
    }
  }
}

function full(): AppError {
  return new AppError(
    'storage_full',
    'storage_full',
    'The disk is full: nothing was written, reading goes on',
  )
}
