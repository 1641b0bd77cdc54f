import { command } from '../lib/command'
import { print } from '../lib/terminal'
import { getAccount } from '../lib/wire'
import { whereArgs, withClient } from './index'

export const exportAccount = command({
  args: {
    handle: { type: 'positional', required: true, description: 'The handle of the account' },
    ...whereArgs,
  },
  notes: [
    'Prints one JSON object a line: the account, its memberships, tokens, messages, attachments, reactions and entries of the audit log. Of direct channels, its own side. No secrets. What it has in ConfigSync: synapse configsync export.',
  ],
  examples: ['synapse export-account cairn > cairn.ndjson'],
  async run({ args }) {
    await withClient(args, async (client) => {
      const { id } = await getAccount(client, args.handle)
      for await (const piece of await client.pieces(`/v1/admin/accounts/${id}/export`))
        if (!print(piece)) break
    })
    return undefined
  },
})
