import { UsageError } from '../../lib/cli-error'
import { localMinute, tableOf } from '../../lib/table'
import type { SyncAction, SyncMachine } from '../../lib/wire'
import { adminCommand } from '../index'
import { handleArg, machineArg, userPath } from './index'

export const listMachines = adminCommand({
  args: { handle: handleArg },
  examples: ['synapse configsync machines ada'],
  act: (client, { handle }) => client.get<SyncMachine[]>(`${userPath(handle)}/machines`),
  table: (machines) =>
    tableOf(machines, {
      NAME: ({ name }) => name,
      PLATFORM: ({ platform }) => platform,
      SEEN: ({ last_seen_at }) => localMinute(last_seen_at),
      ID: ({ machine_id }) => machine_id,
    }),
})

export const renameMachine = adminCommand({
  args: {
    handle: handleArg,
    machine: machineArg,
    name: { type: 'positional', required: true, description: 'The new name' },
  },
  notes: ['The client of the machine sets its own name when it registers again.'],
  examples: ['synapse configsync machine rename ada 3f9c2a1b5d7e8f60 "Old laptop"'],
  act: (client, { handle, machine, name }) =>
    client.patch<SyncMachine>(machinePath(handle, machine), { name }),
})

export const removeMachine = adminCommand({
  args: {
    handle: handleArg,
    machine: machineArg,
    purge: { type: 'boolean', description: 'Delete the states of the machine, too' },
  },
  notes: ['Its token still works, and registers it again: revoke that as well.'],
  examples: [
    'synapse configsync machine remove ada 3f9c2a1b5d7e8f60',
    'synapse configsync machine remove ada 3f9c2a1b5d7e8f60 --purge',
  ],
  act: (client, { handle, machine, purge }) =>
    client.delete<SyncMachine>(`${machinePath(handle, machine)}${purge === true ? '?snapshots=true' : ''}`),
})

export const addAction = adminCommand({
  args: {
    handle: handleArg,
    machine: machineArg,
    action: {
      type: 'positional',
      required: true,
      description:
        'add_module, remove_module, add_package, remove_package, add_environment, update_environment or remove_environment',
    },
    payload: { type: 'string', valueHint: 'json', required: true, description: 'What the action is about' },
  },
  notes: ['The client of the machine does it when it syncs the next time.'],
  examples: [
    `synapse configsync action add ada 3f9c2a1b5d7e8f60 add_module --payload '{"name":"zsh"}'`,
    `synapse configsync action add ada 3f9c2a1b5d7e8f60 add_package --payload '{"manager":"brew","package":"jq"}'`,
  ],
  act: (client, { handle, machine, action, payload }) =>
    client.post<SyncAction[]>(`${machinePath(handle, machine)}/actions`, {
      action,
      payload: jsonIn(payload),
    }),
})

export const listActions = adminCommand({
  args: {
    handle: handleArg,
    machine: { type: 'string', valueHint: 'id', description: 'Only what waits for this machine' },
  },
  examples: ['synapse configsync action list ada'],
  act: (client, { handle, machine }) => client.get<SyncAction[]>(`${userPath(handle)}/actions`, { machine }),
})

export const clearActions = adminCommand({
  args: { handle: handleArg, machine: machineArg },
  examples: ['synapse configsync action clear ada 3f9c2a1b5d7e8f60'],
  act: (client, { handle, machine }) =>
    client.delete<{ removed: number }>(`${machinePath(handle, machine)}/actions`),
})

function machinePath(handle: string, machine: string): string {
  return `${userPath(handle)}/machines/${encodeURIComponent(machine)}`
}

/** @throws UsageError */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError('--payload must be a JSON object')
  }
}
