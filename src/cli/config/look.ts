import { command } from '../lib/command'
import { print, printJson, type Style, styleOf } from '../lib/terminal'
import type { Setting, SettingChange } from '../lib/wire'
import { allSettings, keyArg, settingCalled, whereArgs, withClient, written } from './index'

const json = { type: 'boolean', description: 'Print JSON instead of text' } as const

export const showSettings = command({
  args: { ...whereArgs, json },
  notes: [
    'Shows the settings that can be changed while the server runs. Secrets are masked. `default` marks unset ones.',
  ],
  examples: ['synapse config show', 'synapse config show --json'],
  async run({ args }) {
    const settings = await withClient(args, allSettings)
    if (args.json === true) printJson({ settings })
    else for (const line of table(styleOf(process.stdout), settings)) print(line)
    return undefined
  },
})

export const getSetting = command({
  args: {
    key: keyArg,
    ...whereArgs,
    json: { ...json, description: 'Print the setting and its source as JSON' },
  },
  examples: ['synapse config get base_url', 'synapse config get rate.post --json'],
  async run({ args }) {
    const setting = await withClient(args, (client) => settingCalled(client, args.key))
    if (args.json === true) printJson(setting)
    else print(written(setting.value))
    return undefined
  },
})

export const settingHistory = command({
  args: {
    key: { ...keyArg, required: false, description: 'Only changes of this setting; default: of all' },
    limit: { type: 'string', valueHint: 'n', description: 'Number of changes; default: 100, at most 500' },
    ...whereArgs,
    json,
  },
  examples: ['synapse config history', 'synapse config history auth.cors_origins --json'],
  async run({ args }) {
    const { key, limit } = args
    const changes = await withClient(args, async (client) => {
      const { changes: found } = await client.get<{ changes: readonly SettingChange[] }>(
        '/v1/config-history',
        {
          key,
          limit,
        },
      )
      // A setting of another version has a history here, although this version does not know it.
      if (found.length === 0 && key !== undefined) await settingCalled(client, key)
      return found
    })
    if (args.json === true) printJson({ changes })
    else for (const change of changes) print(lineOf(change))
    return undefined
  },
})

function table({ dim }: Style, settings: readonly Setting[]): string[] {
  const width = Math.max(...settings.map(({ key }) => key.length))
  return settings.map(({ key, value, source, updated_at, updated_by }) => {
    const remark =
      source === 'set'
        ? `set ${updated_at?.slice(0, 19).replace('T', ' ')} by ${updated_by ?? 'the operator'}`
        : source
    return `${key.padEnd(width)}  ${written(value)}  ${dim(remark)}`
  })
}

function lineOf({ at, key, unset, value, by }: SettingChange): string {
  const what = unset ? `unset ${key}` : `set ${key} ${written(value)}`
  return `${at.slice(0, 19).replace('T', ' ')}  ${by ?? 'the operator'}  ${what}`
}
