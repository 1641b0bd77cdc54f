import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../../config'
import { progressBar } from '../lib/progress'
import { foldersOf } from './index'

const LOOK_MS = 200

/** Shows how much of the store has been copied. The copy is a file on this machine that grows. */
export function showCopying(config: Config, quiet: boolean): Disposable {
  const bar = progressBar({ quiet })
  const total = sizeAt(config.database.kind === 'sqlite' ? config.database.path : '')
  const look = () => {
    const done = foldersOf(config)
      .flatMap(copiesIn)
      .reduce((sum, path) => sum + sizeAt(path), 0)
    if (done > 0) bar.show({ phase: 'copying', table: 'the store', done: Math.min(done, total), total })
  }
  const timer = setInterval(look, LOOK_MS)
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      bar.end()
    },
  }
}

function copiesIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => (name.endsWith('.partial') ? [join(folder, name)] : []))
  } catch {
    return []
  }
}

function sizeAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
