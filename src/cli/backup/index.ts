// The commands for backups: create, list, verify and restore, and `epoch rotate`, which tells clients that the store was
// replaced. May import: the shared files of src/cli, src/backup, config and home; app/backups.ts by `await import`.
// create asks the server for the copy, or runs the application in process; the others work on files.
// Start reading in this file, then create.ts and restore.ts.

import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import type { ArgsDef } from 'citty'
import { folderOf, instanceFolders, refuseHalfRestored } from '../../backup'
import { type Config, findHome, loadConfig } from '../../config'
import { OperatorError } from '../../core/kernel/operator-error'
import { becomeOwner, homePaths, parseInstanceKey } from '../../home'
import { CliError, hasCode, UsageError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { askSecret } from '../lib/prompt'
import { isInteractive, note } from '../lib/terminal'

export const homeArgs = {
  home: { type: 'string', valueHint: 'dir', description: 'Home directory of the server (SYNAPSE_HOME)' },
  json: { type: 'boolean', description: 'Print JSON instead of text' },
} as const satisfies ArgsDef

/** Loads the configuration of the home. A process of root continues as the owner of the home. */
export function configAt(home: string | undefined): Config {
  const request = { flags: { home }, command: 'other' } as const
  becomeOwner(findHome(request))
  return loadConfig(request)
}

/** Refuses a store that does not exist, which the command would otherwise create. @throws CliError, OperatorError */
export function refuseAbsent({ home, database }: Config): void {
  refuseHalfRestored(home)
  if (database.kind !== 'sqlite' || existsSync(database.path)) return
  throw new CliError(EXIT.notFound, `there is no store at ${database.path}`, ['name the home with --home'])
}

/** Returns the folders that hold backups of this instance; of every instance if this home has no key. @throws CliError */
export function foldersOf(config: Config): string[] {
  if (config.backupDir === null)
    throw new CliError(EXIT.failure, 'no folder for backups is configured', [
      'set SYNAPSE_BACKUP_DIR to a folder, preferably on another disk',
    ])
  const did = ownDid(config)
  return did === undefined ? instanceFolders(config.backupDir) : [folderOf(config.backupDir, did)]
}

/** Returns the DID of the key of this home; undefined if there is no readable key. */
export function ownDid({ home, instanceKey }: Config): string | undefined {
  try {
    const { instanceKey: path } = homePaths(home)
    if (instanceKey === undefined && !existsSync(path)) return undefined
    return parseInstanceKey(instanceKey ?? readFileSync(path, 'utf8'), path).did
  } catch (error) {
    if (error instanceof OperatorError) return undefined
    throw error
  }
}

/** Finds a file by its path, or by its name in a folder of backups. @throws CliError if it is missing or unreadable */
export function fileCalled(name: string, folders: () => string[]): string {
  const path = resolve(name)
  if (isThere(path)) return path
  const inside = isAbsolute(name) ? [] : folders().map((folder) => join(folder, name))
  const found = inside.find(isThere)
  if (found !== undefined) return found
  throw new CliError(EXIT.notFound, `there is no file ${path}`, ['synapse backup list shows the backups'])
}

/** Reports whether the file exists. @throws CliError if this user may not read it; root may be the home's owner now */
function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch (error) {
    if (!hasCode(error, 'EACCES')) return false
    throw new CliError(EXIT.failure, `${path} cannot be read by user ${process.getuid?.()}`, [
      'copy it, with the files beside it, to where the owner of the home can read it',
    ])
  }
}

/** Returns the configured passphrase, or asks for one, twice if it is new. @throws UsageError, CliError */
export async function passphraseFor(config: Config, question: string, isNew: boolean): Promise<string> {
  if (config.backupPassphrase !== undefined) return config.backupPassphrase
  if (!isInteractive())
    throw new UsageError('the keys need a passphrase, and there is no terminal to ask for it', [
      'set SYNAPSE_BACKUP_PASSPHRASE_FILE to a file that holds it',
    ])
  for (;;) {
    const passphrase = await askSecret(`${question}: `)
    if (isNew && passphrase.length < 8) note('Use at least 8 characters.')
    else if (!isNew || (await askSecret('Once more: ')) === passphrase) return passphrase
    else note('The two do not match. Try again.')
  }
}

export function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
