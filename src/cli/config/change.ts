import { command } from '../lib/command'
import { keyArg, pathOf, printSetting, type Setting, typedValue, whereArgs, withClient } from './index'

const LIVE = 'Effective with the next request, on every server that shares the store; survives restarts.'
const args = { ...whereArgs, json: { type: 'boolean', description: 'Print JSON instead of text' } } as const

export const setSetting = command({
  args: {
    key: keyArg,
    value: {
      type: 'positional',
      required: true,
      description: 'JSON; on or off for switches; words separated by commas for lists',
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
  notes: ['The environment, or the default, counts again.'],
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
    'Replaces the list of origins whose pages may call this server: scheme://host[:port], no path, no trailing slash,',
    'no *. One bad entry refuses the whole list.',
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
