import { UserPlus } from 'lucide'
import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, Empty, Field } from '../../ui'
import { Confirm } from '../parts/confirm'
import { Facts, When } from '../parts/facts'
import { textOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Select } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { Aliases } from './aliases'
import { EditChannel } from './channel-form'
import { Kind, keepsOf } from './channels'
import { AdminMain } from './frame'
import { type Channel, channelOf, type ListedAccount } from './load'
import { MemberList, roleOf, roles } from './members'
import { PurgeChannel } from './purge'

type Act = 'edit' | 'add' | 'purge' | 'archive'

/** One channel: its settings, members and aliases, and what is kept. */
export function ChannelPage({ item }: { readonly item: string }) {
  const loaded = useLoaded(() => channelOf(item), [item])
  const [act, setAct] = useState<Act>()
  const close = () => setAct(undefined)
  const channel = loaded.value?.channel
  const isArchived = channel !== undefined && channel.archived_at !== null
  const changed = (next: Channel) => loaded.replace((now) => now && { ...now, channel: next })
  const unarchive = async (id: string) =>
    changed(await synapse.request('POST /v1/admin/channels/{id}/unarchive', { path: { id } }))
  return (
    <AdminMain
      title={channel?.kind === 'dm' ? channel.name : `#${item}`}
      section="channels"
      up={href('adminSection', { section: 'channels' })}
      commands={[
        `synapse set-channel ${item} --set history=joined,retention_days=90`,
        `synapse list-members ${item}`,
        `synapse add-member HANDLE ${item}`,
        `synapse purge ${item} --before 90d --dry-run`,
        `synapse ${isArchived ? 'unarchive' : 'archive'}-channel ${item}`,
      ]}
      header={channel && <Button onPress={() => setAct('edit')}>Edit</Button>}
    >
      <Show of={loaded}>
        {(found) =>
          found === undefined ? (
            <Empty>No channel has the slug #{item}.</Empty>
          ) : (
            <>
              <ChannelFacts of={found.channel} />
              <section class="part" aria-label="Members">
                <header>
                  <h2>Members</h2>
                  {found.channel.kind !== 'dm' && (
                    <Button small icon={UserPlus} onPress={() => setAct('add')}>
                      Add a member
                    </Button>
                  )}
                </header>
                <MemberList
                  of="channel"
                  memberships={found.memberships}
                  isFixed={found.channel.kind === 'dm'}
                  ids={async (handle) => ({
                    account: found.accounts.find((one) => one.handle === handle)?.id ?? '',
                    channel: found.channel.id,
                  })}
                  onChanged={loaded.reload}
                />
              </section>
              {found.channel.kind !== 'dm' && !isArchived && <Aliases slug={item} />}
              <section class="part" aria-label="Messages">
                <header>
                  <h2>Messages</h2>
                </header>
                <p class="quiet">
                  Purging deletes old messages for good. Archiving closes the channel and deletes nothing.
                </p>
                <div class="acts">
                  <Button look="danger" onPress={() => setAct('purge')}>
                    Purge…
                  </Button>
                  {isArchived ? (
                    <Button onPress={() => unarchive(found.channel.id)}>Unarchive</Button>
                  ) : (
                    found.channel.kind !== 'dm' && (
                      <Button look="danger" onPress={() => setAct('archive')}>
                        Archive…
                      </Button>
                    )
                  )}
                </div>
              </section>
              <p class="links">
                {!isArchived && <a href={href('channel', { slug: item })}>Open the channel</a>}
                <a href={href('adminSection', { section: 'audit' }, { target: found.channel.id })}>
                  What was changed
                </a>
              </p>
              {act === 'edit' && <EditChannel channel={found.channel} onClose={close} onChanged={changed} />}
              {act === 'purge' && (
                <PurgeChannel channel={found.channel} onClose={close} onPurged={loaded.reload} />
              )}
              {act === 'add' && (
                <AddMember
                  slug={item}
                  accounts={found.accounts}
                  taken={found.memberships.map((one) => one.account_handle)}
                  onClose={close}
                  onAdded={loaded.reload}
                />
              )}
              {act === 'archive' && (
                <Confirm
                  title={`Archive #${item}?`}
                  act="Archive"
                  onClose={close}
                  onConfirm={async () =>
                    changed(
                      await synapse.request('POST /v1/admin/channels/{id}/archive', {
                        path: { id: found.channel.id },
                      }),
                    )
                  }
                >
                  <p>
                    Nobody reads or posts there until it is unarchived, and it is not listed. Nothing is
                    deleted.
                  </p>
                </Confirm>
              )}
            </>
          )
        }
      </Show>
    </AdminMain>
  )
}

function ChannelFacts({ of }: { readonly of: Channel }) {
  const { settings } = of
  return (
    <Facts
      of={[
        ['Name', of.name],
        ['Topic', of.topic],
        ['Kind', <Kind key="kind" of={of} />],
        ['Keeps messages', keepsOf(of)],
        [
          'New members see',
          settings.history === 'joined' ? 'what was posted since they joined' : 'everything',
        ],
        ['Broadcasts by', settings.broadcast_by ?? 'as the server says'],
        ['Replies in a thread', limitOf(settings.chain_limit)],
        ['Messages of agents in a row', limitOf(settings.agent_run)],
        ['Agents go on by themselves', silenceOf(settings.auto_continue_s)],
        ['Legal hold', settings.legal_hold ? 'nothing is deleted' : undefined],
        ['Archived', of.archived_at && <When key="at" at={of.archived_at} />],
        ['Created', <When key="made" at={of.created_at} />],
      ]}
    />
  )
}

function limitOf(limit: number | undefined): string {
  return limit === undefined ? 'as the server says' : limit === 0 ? 'without a limit' : String(limit)
}

function silenceOf(seconds: number | undefined): string {
  if (seconds === undefined) return 'as the server says'
  return seconds === 0 ? 'never' : `after ${seconds} s of silence`
}

interface AddProps {
  readonly slug: string
  readonly accounts: readonly ListedAccount[]
  readonly taken: readonly string[]
  readonly onClose: () => void
  readonly onAdded: () => unknown
}

function AddMember({ slug, accounts, taken, onClose, onAdded }: AddProps) {
  const add = async (fields: FormData) => {
    await synapse.request('POST /v1/admin/memberships', {
      body: {
        account_handle: (wordOf(fields, 'handle') ?? '').replace(/^@/, ''),
        channel_slug: slug,
        role: roleOf(textOf(fields, 'role')),
      },
    })
    await onAdded()
  }
  return (
    <FormDialog title={`Add a member to #${slug}`} act="Add" onSubmit={add} onClose={onClose}>
      <Field label="Handle" name="handle" required autoFocus autoComplete="off" list="accounts-known" />
      <datalist id="accounts-known">
        {accounts
          .filter((one) => one.archived_at === null && !taken.includes(one.handle))
          .map((one) => (
            <option key={one.id} value={one.handle}>
              {one.display_name}
            </option>
          ))}
      </datalist>
      <Select label="Role" name="role" first="member" options={roles} />
    </FormDialog>
  )
}
