import { UsageError } from '../../lib/cli-error'
import { command } from '../../lib/command'
import { confirm } from '../../lib/prompt'
import { printJson } from '../../lib/terminal'
import { normalName, type SyncAuditPage, type SyncUsage, type SyncUser } from '../../lib/wire'
import { adminCommand, whereArgs, withClient } from '../index'
import { handleArg, userPath } from './index'

export const enable = adminCommand({
  args: { handle: handleArg },
  notes: ['The account needs a token besides: see configsync token issue.'],
  examples: ['synapse configsync enable ada'],
  act: (client, { handle }) => client.post<SyncUser>(`${userPath(handle)}/enable`),
})

export const disable = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse configsync disable ada'],
  act: (client, { handle }) => client.post<SyncUser>(`${userPath(handle)}/disable`),
})

export const usage = adminCommand({
  args: { handle: { ...handleArg, required: false, description: 'The handle of one account; default: all' } },
  examples: ['synapse configsync usage', 'synapse configsync usage ada'],
  act: (client, { handle }): Promise<SyncUsage | SyncUsage[]> =>
    handle === undefined
      ? client.get<SyncUsage[]>('/v1/admin/configsync/users')
      : client.get<SyncUsage>(userPath(handle)),
})

export const quota = adminCommand({
  args: {
    handle: handleArg,
    bytes: {
      type: 'string',
      valueHint: 'number',
      description: 'Bytes that the account may store; default = as configsync.user_quota_bytes says',
    },
    machines: {
      type: 'string',
      valueHint: 'number',
      description: 'Machines that it may have; 0 = any number; default = as configsync.max_machines says',
    },
  },
  notes: ['Without --bytes and --machines it shows what applies.'],
  examples: [
    'synapse configsync quota ada --bytes 5368709120',
    'synapse configsync quota ada --machines 25 --bytes default',
  ],
  act(client, { handle, bytes, machines }) {
    if (bytes === undefined && machines === undefined) return client.get<SyncUsage>(userPath(handle))
    return client.patch<SyncUsage>(userPath(handle), {
      quota_bytes: numberIn(bytes, '--bytes'),
      max_machines: numberIn(machines, '--machines'),
    })
  },
})

export const purge = command({
  args: {
    handle: handleArg,
    yes: { type: 'boolean', description: 'Do not ask for confirmation' },
    ...whereArgs,
  },
  notes: [
    'Deletes states, versions, keys, variables, machines and the audit of the account in ConfigSync. The account itself and',
    'its tokens stay. Backups keep what they have.',
  ],
  examples: ['synapse configsync purge ada', 'synapse configsync purge ada --yes'],
  async run({ args }) {
    const handle = normalName(args.handle)
    // Asked before connecting, so that the lock of the home is not held while a person decides.
    if (args.yes !== true)
      await confirm('configsync purge', `Delete everything that ConfigSync has of ${handle} for good?`)
    printJson(
      await withClient(args, (client) =>
        client.post<{ handle: string }>(`${userPath(handle)}/purge`, { confirm: handle }),
      ),
    )
    return undefined
  },
})

export const audit = adminCommand({
  args: {
    handle: handleArg,
    limit: { type: 'string', valueHint: '1-500', description: 'Entries to list; default: 100' },
    cursor: { type: 'string', valueHint: 'text', description: 'next_cursor of the previous page' },
  },
  examples: ['synapse configsync audit ada', 'synapse configsync audit ada --limit 20'],
  act: (client, { handle, limit, cursor }) =>
    client.get<SyncAuditPage>(`${userPath(handle)}/audit`, { limit, cursor }),
})

/** Reads a number, or null for `default`. @throws UsageError */
function numberIn(text: string | undefined, flag: string): number | null | undefined {
  if (text === undefined) return undefined
  if (text === 'default') return null
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`${flag} must be a whole number, or default`)
}
