import { existsSync } from 'node:fs'
import type { RetentionRule } from '../../backup'
import { type Config, parseGenerations } from '../../config'
import { homePaths, liveSocket, readRunFile } from '../../home'
import { isFree } from '../lib/home-lock'
import { settingsSeen } from '../lib/settings-seen'

/** Returns which backups a home keeps, as its server says or, if none answers, its store. Changes no file. */
export async function retentionOf(config: Config): Promise<RetentionRule> {
  const { home, database: store } = config
  const paths = homePaths(home)
  const run = readRunFile(paths.runFile)
  const socket = run && (await liveSocket(home, run))
  const isInFile = socket === undefined && store.kind === 'sqlite' && existsSync(store.path)
  const settings = await settingsSeen({
    config,
    database: isInFile ? store.path : undefined,
    isHeld: existsSync(paths.lock) && !(await isFree(home)),
    socket,
  })
  // Both values were checked when they were set.
  const keep = settings.get('backup.keep') as number
  const generations = parseGenerations(settings.get('backup.retain') as string | null)
  return { keep, generations }
}
