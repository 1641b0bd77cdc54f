import { command } from '../lib/command'
import type { Setting } from '../lib/wire'
import { keyArg, pathOf, printSetting, typedValue, whereArgs, withClient } from './index'

const LIVE = 'Takes effect with the next request, on every server of the store. Survives restarts.'
const args = { ...whereArgs, json: { type: 'boolean', description: 'Print JSON instead of text' } } as const

export const setSetting = command({
  args: {
    key: keyArg,
    value: {
      type: 'positional',
      required: true,
      description: 'New value: JSON, on or off, or a list separated by commas',
    },
    ...args,
  },
  notes: [LIVE],
  examples: [
    'synapse config set base_url https://chat.example.org',
    'synapse config set rate.post 1200/240',
    'synapse config set trusted_proxies 127.0.0.1,10.0.0.0/8',
  ],
  async run({ args }) {
    await change(args, args.key, typedValue(args.key, args.value))
    return undefined
  },
})

export const unsetSetting = command({
  args: { key: keyArg, ...args },
  notes: ['The value from the environment, or else the default, applies again.'],
  examples: ['synapse config unset rate.post'],
  async run({ args }) {
    const setting = await withClient(args, (client) => client.delete<Setting>(pathOf(args.key)))
    printSetting(setting, args.json)
    return undefined
  },
})

export const setCorsOrigins = command({
  args: {
    list: {
      type: 'positional',
      required: true,
      description: 'Origins separated by commas or spaces; "" for none',
    },
    ...args,
  },
  notes: [
    'Replaces the list of origins whose pages may call this server: scheme://host[:port], without path, trailing slash',
    'or *. If one entry is invalid, the whole list is refused.',
    LIVE,
  ],
  examples: [
    'synapse config auth-set-cors-origins https://a.example,https://b.example',
    'synapse config auth-set-cors-origins ""',
  ],
  async run({ args }) {
    await change(args, 'auth.cors_origins', typedValue('auth.cors_origins', args.list))
    return undefined
  },
})

interface Given {
  readonly home?: string | undefined
  readonly url?: string | undefined
  readonly json?: boolean | undefined
}

async function change(given: Given, key: string, value: unknown): Promise<void> {
  const setting = await withClient(given, (client) => client.put<Setting>(pathOf(key), { value }))
  printSetting(setting, given.json)
}
