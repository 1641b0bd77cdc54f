import { adminCommand } from '../admin'
import { CliError } from '../lib/cli-error'
import type { AdminClient } from '../lib/client'
import { EXIT } from '../lib/exit-codes'
import { localMinute, tableOf } from '../lib/table'
import type { Device } from '../lib/wire'

export const listDevices = adminCommand({
  args: {},
  notes: ['Includes pending codes, but does not show the codes themselves.'],
  examples: ['synapse pair list'],
  act: devicesOf,
  table: (devices) =>
    tableOf(
      devices,
      {
        DEVICE: ({ device }) => device,
        ACCOUNT: ({ account_handle }) => account_handle,
        STATE: ({ state }) => state,
        USED: ({ last_used_at }) => localMinute(last_used_at),
        ID: ({ id }) => id,
      },
      'To revoke one: synapse pair revoke DEVICE',
    ),
})

export const revokeDevice = adminCommand({
  args: {
    device: {
      type: 'positional',
      required: true,
      valueHint: 'LABEL',
      description: 'Label of the device, or its id as pair list shows it',
    },
  },
  notes: [
    'A label revokes every device of that name: its codes, tokens and sessions, and within a second its streams.',
  ],
  examples: ['synapse pair revoke phone-ada'],
  async act(client, { device }) {
    const found = (await devicesOf(client)).filter(
      (one) => one.id === device || (one.device === device && one.state !== 'revoked'),
    )
    if (found.length === 0) throw new CliError(EXIT.notFound, `there is no device ${device}`)
    const revoked: Device[] = []
    for (const { id } of found)
      revoked.push(await client.post<Device>(`/v1/admin/devices/${encodeURIComponent(id)}/revoke`))
    return revoked
  },
})

function devicesOf(client: AdminClient): Promise<Device[]> {
  return client.list<Device>('/v1/admin/devices')
}
