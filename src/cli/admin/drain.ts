import { command } from '../lib/command'
import { EXIT } from '../lib/exit-codes'
import { printJson } from '../lib/terminal'
import type { DrainState } from '../lib/wire'
import { adminCommand, whereArgs, withClient } from './index'

const PATH = '/v1/admin/drain'
const SETTING = '/v1/config/drain'

export const startDrain = adminCommand({
  args: {},
  notes: [
    'Every server of the store then answers changes with 503 and Retry-After. Reading, signing in and the commands of',
    'the operator still work. Use it before maintenance or before the server is shut down. It survives a restart.',
  ],
  examples: ['synapse drain start'],
  act: async (client) => {
    await client.put(SETTING, { value: true })
    return await client.get<DrainState>(PATH)
  },
})

export const stopDrain = adminCommand({
  args: {},
  examples: ['synapse drain stop'],
  act: async (client) => {
    await client.put(SETTING, { value: false })
    return await client.get<DrainState>(PATH)
  },
})

export const drainStatus = command({
  args: whereArgs,
  notes: ['Exit status: 0 when nothing is in progress any more, 1 otherwise.'],
  examples: ['synapse drain status'],
  async run({ args }) {
    const state = await withClient(args, (client) => client.get<DrainState>(PATH))
    printJson(state)
    const { in_flight, outbox_pending, pairs_behind } = state
    return in_flight + outbox_pending + pairs_behind === 0 ? EXIT.ok : EXIT.failure
  },
})
