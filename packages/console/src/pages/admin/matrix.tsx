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

/** An account as a user of the homeserver: its id, the devices that are signed in, and what notifies them. */
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
      {user.pushers.length > 0 && (
        <Table
          label={`Notifications of ${user.user_id}`}
          rows={user.pushers}
          keyOf={(one) => `${one.app_id} ${one.device_display_name} ${one.url}`}
          empty=""
          columns={[
            { title: 'Notifies', cell: (one) => <b>{one.device_display_name}</b> },
            { title: 'App', cell: (one) => one.app_display_name },
            { title: 'Through', cell: (one) => one.url },
            {
              title: 'Failing since',
              cell: (one) => one.failing_since && <When at={one.failing_since} />,
            },
          ]}
        />
      )}
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
