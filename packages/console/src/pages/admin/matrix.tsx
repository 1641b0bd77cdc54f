import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Chip } from '../../ui'
import { Confirm } from '../parts/confirm'
import { When } from '../parts/facts'
import { Table } from '../parts/table'
import type { MatrixUser as User } from './load'

type Device = User['devices'][number]

export interface MatrixUserProps {
  readonly user: User
  readonly onChanged: () => unknown
}

/** An account as a user of the homeserver: its id, and the devices that are signed in. */
export function MatrixUser({ user, onChanged }: MatrixUserProps) {
  const [ending, setEnding] = useState<Device>()
  const nameOf = ({ name, device_id }: Device) => name ?? device_id
  return (
    <>
      <header>
        <h2>Matrix</h2>
        <code>{user.user_id}</code>
        {user.locked && <Chip tone="bad">locked</Chip>}
        {user.suspended && <Chip tone="bad">suspended</Chip>}
      </header>
      <Table
        label={`Devices of ${user.user_id}`}
        rows={user.devices}
        keyOf={(one) => one.device_id}
        empty="It is signed in on no device."
        columns={[
          { title: 'Device', cell: (one) => <b>{nameOf(one)}</b> },
          { title: 'Id', cell: (one) => <code>{one.device_id}</code> },
          { title: 'Last seen', cell: (one) => <When at={one.last_seen_at} /> },
          { title: 'From', cell: (one) => one.last_seen_ip },
          { title: 'Since', cell: (one) => <When at={one.created_at} /> },
        ]}
        acts={(one) => (
          <Button small look="danger" aria-label={`Sign ${nameOf(one)} out`} onPress={() => setEnding(one)}>
            Sign out
          </Button>
        )}
      />
      {ending && (
        <Confirm
          title={`Sign ${nameOf(ending)} out?`}
          act="Sign out"
          onClose={() => setEnding(undefined)}
          onConfirm={async () => {
            await synapse.request('DELETE /v1/admin/matrix/users/{user_id}/devices/{matrix_device_id}', {
              path: { user_id: user.user_id, matrix_device_id: ending.device_id },
            })
            await onChanged()
          }}
        >
          <p>Its next request fails, and its keys are deleted. The person can sign in again.</p>
        </Confirm>
      )}
    </>
  )
}
