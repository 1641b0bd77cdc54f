import { UsageError } from '../../lib/cli-error'
import type { SyncEnvironment, SyncKeypair } from '../../lib/wire'
import { adminCommand } from '../index'
import { handleArg, userPath } from './index'

export const listEnvironments = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse configsync env list ada'],
  act: (client, { handle }) => client.get<SyncEnvironment[]>(`${userPath(handle)}/environments`),
})

export const removeEnvironment = adminCommand({
  args: {
    handle: handleArg,
    name: { type: 'positional', required: true, description: 'The name of the environment' },
  },
  notes: ['A machine that still has it sends it again when it syncs.'],
  examples: ['synapse configsync env remove ada staging'],
  act: (client, { handle, name }) =>
    client.delete<SyncEnvironment>(`${userPath(handle)}/environments/${encodeURIComponent(name)}`),
})

export const showKeypair = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse configsync keypair show ada'],
  act: (client, { handle }) => client.get<SyncKeypair>(`${userPath(handle)}/keypair`),
})

const UNDERSTOOD = 'i-understand-data-loss'

export const resetKeypair = adminCommand({
  args: {
    handle: handleArg,
    [UNDERSTOOD]: {
      type: 'boolean',
      description: 'Required: nothing stored before can be decrypted any more',
    },
  },
  notes: ['For a lost master password. The next login of a client makes another key pair.'],
  examples: [`synapse configsync keypair reset ada --${UNDERSTOOD}`],
  act(client, args) {
    if (args[UNDERSTOOD] !== true)
      throw new UsageError(
        `everything that ${args.handle} stored becomes unreadable; add --${UNDERSTOOD} to do it all the same`,
      )
    return client.delete<SyncKeypair>(`${userPath(args.handle)}/keypair`)
  },
})
