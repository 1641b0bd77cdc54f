import { X } from 'lucide'
import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { background } from '../../background'
import { IconButton } from '../../ui'
import { Confirm } from '../parts/confirm'
import { When } from '../parts/facts'
import { Problem } from '../parts/problem'
import { Table } from '../parts/table'
import type { Membership, Role } from './load'

export const roles = [
  { value: 'admin', label: 'admin: manages the channel' },
  { value: 'member', label: 'member: reads and posts' },
  { value: 'read_only', label: 'read only' },
] as const

export function roleOf(text: string): Role {
  return roles.find(({ value }) => value === text)?.value ?? 'member'
}

export interface MemberListProps {
  /** Of what it shows the memberships; the other side is what it lists. */
  readonly of: 'account' | 'channel'
  readonly memberships: readonly Membership[]
  /** Finds the ids of a membership by the listed name: a slug of an account's, a handle of a channel's. */
  readonly ids: (name: string) => Promise<{ readonly account: string; readonly channel: string }>
  /** Members of a direct channel are fixed. */
  readonly isFixed?: boolean
  readonly onChanged: () => unknown
}

/** Who is in a channel, or in which channels an account is, with the roles. */
export function MemberList({ of, memberships, ids, isFixed = false, onChanged }: MemberListProps) {
  const [leaving, setLeaving] = useState<Membership>()
  const nameOf = (one: Membership) => (of === 'account' ? one.channel_slug : one.account_handle)
  const pathOf = async (one: Membership) => {
    const { account, channel } = await ids(nameOf(one))
    return { account_id: account, channel_id: channel }
  }
  const change = async (one: Membership, role: Role) => {
    const path = await pathOf(one)
    await synapse.request('PATCH /v1/admin/memberships/{account_id}/{channel_id}', { path, body: { role } })
    await onChanged()
  }
  return (
    <>
      <Table
        label={of === 'account' ? 'Channels' : 'Members'}
        rows={memberships}
        keyOf={nameOf}
        empty={of === 'account' ? 'It is in no channel.' : 'Nobody is in this channel.'}
        columns={[
          {
            title: of === 'account' ? 'Channel' : 'Member',
            cell: (one) =>
              of === 'account' ? (
                <a href={href('adminItem', { section: 'channels', item: one.channel_slug })}>
                  #{one.channel_slug}
                </a>
              ) : (
                <a href={href('adminItem', { section: 'accounts', item: one.account_handle })}>
                  @{one.account_handle}
                </a>
              ),
          },
          {
            title: 'Role',
            cell: (one) => <RoleSelect of={one} name={nameOf(one)} isFixed={isFixed} onChange={change} />,
          },
          { title: 'Since', cell: (one) => <When at={one.joined_at} /> },
        ]}
        {...(isFixed
          ? {}
          : {
              acts: (one: Membership) => (
                <IconButton
                  small
                  icon={X}
                  label={`Remove ${of === 'account' ? 'from #' : '@'}${nameOf(one)}`}
                  onPress={() => setLeaving(one)}
                />
              ),
            })}
      />
      {leaving && (
        <Confirm
          title={`Remove @${leaving.account_handle} from #${leaving.channel_slug}?`}
          act="Remove"
          onClose={() => setLeaving(undefined)}
          onConfirm={async () => {
            await synapse.request('DELETE /v1/admin/memberships/{account_id}/{channel_id}', {
              path: await pathOf(leaving),
            })
            await onChanged()
          }}
        >
          <p>It no longer reads or posts there, and its streams of the channel end. Its messages stay.</p>
        </Confirm>
      )}
    </>
  )
}

interface RoleSelectProps {
  readonly of: Membership
  readonly name: string
  readonly isFixed: boolean
  readonly onChange: (one: Membership, role: Role) => Promise<void>
}

function RoleSelect({ of, name, isFixed, onChange }: RoleSelectProps) {
  const [error, setError] = useState<unknown>()
  if (isFixed) return <>{of.role}</>
  const choose = async (select: HTMLSelectElement) => {
    setError(undefined)
    try {
      await onChange(of, roleOf(select.value))
    } catch (failure) {
      select.value = of.role
      setError(failure)
    }
  }
  return (
    <>
      <select
        aria-label={`Role of ${name}`}
        value={of.role}
        onChange={(event) => background(choose(event.currentTarget))}
      >
        {roles.map(({ value }) => (
          <option key={value} value={value}>
            {value === 'read_only' ? 'read only' : value}
          </option>
        ))}
      </select>
      <Problem error={error} />
    </>
  )
}
