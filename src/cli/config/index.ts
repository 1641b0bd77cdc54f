// The commands that show and change settings. Most send requests to the server, like every administrative command;
// check and path read the configuration of this machine.
// May import: the shared files of src/cli, admin/index.ts, and config.
// Start reading in this file, then change.ts.

import { InvalidValue, isRuntimeKey, settingFromText } from '../../config'
import { printable, printableJson } from '../../core/kernel/text'
import { whereArgs, withClient } from '../admin'
import { CliError, UsageError } from '../lib/cli-error'
import type { AdminClient } from '../lib/client'
import { EXIT } from '../lib/exit-codes'
import { print, printJson } from '../lib/terminal'
import type { Setting } from '../lib/wire'

export { whereArgs, withClient }

export const keyArg = {
  type: 'positional',
  required: true,
  description: 'Name of the setting, such as base_url; synapse config show lists them',
} as const

/** Returns every setting of the server. */
export async function allSettings(client: AdminClient): Promise<readonly Setting[]> {
  return (await client.get<{ settings: readonly Setting[] }>('/v1/config')).settings
}

/** Returns the setting with this key. @throws CliError not found */
export async function settingCalled(client: AdminClient, key: string): Promise<Setting> {
  const found = (await allSettings(client)).find((setting) => setting.key === key)
  if (found) return found
  throw new CliError(EXIT.notFound, `there is no setting ${key}`, ['synapse config show lists them'])
}

export function pathOf(key: string): string {
  return `/v1/config/${encodeURIComponent(key)}`
}

/** Parses a typed value. A newer server may have settings that this program does not know; it validates them itself. */
export function typedValue(key: string, text: string): unknown {
  if (!isRuntimeKey(key)) return jsonOrText(text)
  try {
    return settingFromText(key, text)
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error
    throw new UsageError(`${key} ${error.message}`, error.remedy === '' ? [] : [error.remedy])
  }
}

/** Writes a text as it is, and any other value as JSON. */
export function written(value: unknown): string {
  return typeof value === 'string' ? printable(value) : printableJson(value)
}

export function printSetting(setting: Setting, json: boolean | undefined): void {
  if (json === true) printJson(setting)
  else print(`${setting.key} = ${written(setting.value)}${remarkOf(setting)}`)
}

function remarkOf({ source }: Setting): string {
  return { set: '', env: '  (from the environment)', default: '  (the default)' }[source]
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
