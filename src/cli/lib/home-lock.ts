import { existsSync } from 'node:fs'
import { HomeLocked, homePaths, lockHome, processState, type RunFile, readRunFile } from '../../home'

/** How long `serve --stop` waits for a command that holds the lock of the home. */
export const COMMAND_WITHIN_MS = 5000

/** How long others wait for it. Several commands queue for the lock, and a busy machine runs each of them slowly. */
export const QUEUE_WITHIN_MS = 60_000

/**
 * Checks that the lock of the home is free, by taking and releasing it. A server that starts at this moment retries.
 * @throws HomeLocked naming the holder
 */
export async function seeFree(home: string, waitMs = 0): Promise<void> {
  if (!existsSync(homePaths(home).lock)) return
  const lock = await lockHome(home, { waitMs })
  lock.release()
}

/** Reports whether the lock of the home is free. */
export async function isFree(home: string): Promise<boolean> {
  try {
    await seeFree(home)
    return true
  } catch (error) {
    if (error instanceof HomeLocked) return false
    throw error
  }
}

/** The server that holds the lock, as far as its run file says; undefined when a command holds it. */
export function serverOf(home: string): RunFile | undefined {
  const run = readRunFile(homePaths(home).runFile)
  return run === undefined || processState(home, run) === 'gone' ? undefined : run
}

/** Reports whether the lock is held by a server that is proven to run here; a command lets go of it soon. */
export function hasServer(home: string): boolean {
  const run = readRunFile(homePaths(home).runFile)
  return run !== undefined && processState(home, run) === 'ours'
}
