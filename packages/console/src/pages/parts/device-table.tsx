import { useState } from 'preact/hooks'
import { Button, Chip, Countdown } from '../../ui'
import { Confirm } from './confirm'
import { When } from './facts'
import { Check } from './inputs'
import { Scopes } from './scopes'
import { Table } from './table'

export interface Device {
  readonly id: string
  readonly device: string
  readonly account_handle: string
  readonly scopes: readonly string[]
  readonly state: 'active' | 'redeemed' | 'expired' | 'revoked' | 'locked'
  readonly created_at: string
  readonly expires_at: string
  readonly last_used_at: string | null
}

export interface DeviceTableProps {
  readonly devices: readonly Device[]
  /** Whether it names the accounts. */
  readonly ofEverybody?: boolean
  readonly onRevoke: (device: Device) => Promise<unknown>
}

/** Devices that were let in, and codes that still let one in. */
export function DeviceTable({ devices, ofEverybody = false, onRevoke }: DeviceTableProps) {
  const [ending, setEnding] = useState<Device>()
  const [showsAll, setShowsAll] = useState(false)
  const isLive = ({ state }: Device) => state === 'active' || state === 'redeemed'
  const gone = devices.filter((one) => !isLive(one)).length
  return (
    <>
      <Table
        label="Devices"
        rows={devices.filter((one) => showsAll || isLive(one))}
        keyOf={(one) => one.id}
        empty="No device was let in by a code."
        columns={[
          { title: 'Device', cell: (one) => <b>{one.device}</b> },
          ...(ofEverybody ? [{ title: 'Account', cell: (one: Device) => `@${one.account_handle}` }] : []),
          { title: 'State', cell: (one) => <State of={one} /> },
          { title: 'Scopes', cell: (one) => <Scopes of={one.scopes} /> },
          { title: 'Last used', cell: (one) => <When at={one.last_used_at} /> },
          { title: 'Since', cell: (one) => <When at={one.created_at} /> },
        ]}
        acts={(one) =>
          isLive(one) && (
            <Button small look="danger" aria-label={`Revoke ${one.device}`} onPress={() => setEnding(one)}>
              Revoke
            </Button>
          )
        }
      />
      {gone > 0 && <Check label={`Show ${gone} that have ended`} checked={showsAll} onChange={setShowsAll} />}
      {ending && (
        <Confirm
          title={`Revoke ${ending.device}?`}
          act="Revoke"
          onClose={() => setEnding(undefined)}
          onConfirm={() => onRevoke(ending)}
        >
          <p>
            {ending.state === 'active'
              ? 'Its code no longer works.'
              : 'The device is signed out, and its streams close within a second. It can be let in again by a new code.'}
          </p>
        </Confirm>
      )}
    </>
  )
}

function State({ of }: { readonly of: Device }) {
  switch (of.state) {
    case 'active':
      return (
        <Chip tone="wait">
          code, <Countdown until={of.expires_at} />
        </Chip>
      )
    case 'redeemed':
      return <Chip tone="agent">in</Chip>
    case 'expired':
      return <Chip>code expired</Chip>
    case 'revoked':
      return <Chip>revoked</Chip>
    case 'locked':
      return <Chip tone="bad">locked: typed wrong five times</Chip>
  }
}
