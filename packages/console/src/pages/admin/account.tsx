import { Plus } from 'lucide'
import { useState } from 'preact/hooks'
import { navigate } from '../../app/navigation'
import { href } from '../../app/routes'
import { synapse } from '../../app/session'
import { Button, Chip, Empty, Field } from '../../ui'
import { Facts, When } from '../parts/facts'
import { textOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Select } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { AccountActs } from './account-acts'
import { AdminMain } from './frame'
import { accountOf, channels } from './load'
import { MatrixUser } from './matrix'
import { MemberList, roleOf, roles } from './members'
import { State } from './presence'
import { PushEndpoint } from './push'
import { TokenList } from './token-list'

/** One account: facts, channels, tokens, and where it is called. */
export function AccountPage({ item }: { readonly item: string }) {
  const loaded = useLoaded(() => accountOf(item), [item])
  const [joins, setJoins] = useState(false)
  const account = loaded.value?.account
  return (
    <AdminMain
      title={account?.display_name ?? `@${item}`}
      section="accounts"
      up={href('adminSection', { section: 'accounts' })}
      commands={[
        `synapse archive-account ${item}`,
        ...(account?.kind === 'human'
          ? [`synapse set-password ${item}`, `synapse ${account.is_admin ? 'unset' : 'set'}-admin ${item}`]
          : [`synapse issue-token --account ${item} --scopes channel:SLUG:read`]),
        `synapse add-member ${item} SLUG`,
        `synapse export-account ${item} > ${item}.ndjson`,
        `synapse erase-account ${item} --mode anonymize`,
      ]}
      header={
        account && (
          <AccountActs
            account={account}
            onChanged={(changed) =>
              loaded.replace((now) => now && { ...now, account: { ...now.account, ...changed } })
            }
            onErased={() => navigate(href('adminSection', { section: 'accounts' }))}
          />
        )
      }
    >
      <Show of={loaded}>
        {(found) =>
          found === undefined ? (
            <Empty>No account has the handle @{item}.</Empty>
          ) : (
            <>
              <Facts
                of={[
                  ['Handle', <code key="handle">@{item}</code>],
                  ['Kind', found.account.kind === 'human' ? 'person' : 'agent'],
                  ['State', <State key="state" of={found.account.presence} />],
                  ['Archived', found.account.archived_at && <When key="at" at={found.account.archived_at} />],
                  ['System admin', found.account.is_admin && <Chip tone="accent">admin</Chip>],
                  ['E-mail', found.account.email],
                  ['About', found.account.about],
                  ['Capabilities', found.account.capabilities.join(', ')],
                  ['Residency', found.account.kind === 'agent' && found.account.residency],
                  [
                    'Replies without a person',
                    found.account.kind === 'agent' && (found.account.chain_limit ?? 'as the channel says'),
                  ],
                  ['Last seen', <When key="seen" at={found.account.last_seen_at} />],
                  ['Created', <When key="made" at={found.account.created_at} />],
                ]}
              />
              <section class="part" aria-label="Channels">
                <header>
                  <h2>Channels</h2>
                  <Button small icon={Plus} onPress={() => setJoins(true)}>
                    Add to a channel
                  </Button>
                </header>
                <MemberList
                  of="account"
                  memberships={found.memberships}
                  ids={async (slug) => ({
                    account: found.account.id,
                    channel: (await channels()).find((one) => one.slug === slug)?.id ?? '',
                  })}
                  onChanged={loaded.reload}
                />
              </section>
              <section class="part" aria-label="Tokens">
                <TokenList account={found.account} tokens={found.tokens} onChanged={loaded.reload} />
              </section>
              {found.account.kind === 'agent' && (
                <section class="part" aria-label="Push">
                  <PushEndpoint account={found.account} push={found.push} onChanged={loaded.reload} />
                </section>
              )}
              {found.matrix && (
                <section class="part" aria-label="Matrix">
                  <MatrixUser user={found.matrix} onChanged={loaded.reload} />
                </section>
              )}
              <p class="links">
                <a href={href('adminSection', { section: 'webhooks' }, { account: item })}>Webhooks</a>
                <a href={href('adminSection', { section: 'audit' }, { actor: item })}>What it did</a>
                <a href={href('adminSection', { section: 'audit' }, { target: found.account.id })}>
                  What was done to it
                </a>
                <a href={href('adminItem', { section: 'configsync', item })}>ConfigSync</a>
              </p>
              {joins && (
                <AddToChannel
                  handle={item}
                  taken={found.memberships.map((one) => one.channel_slug)}
                  onClose={() => setJoins(false)}
                  onAdded={loaded.reload}
                />
              )}
            </>
          )
        }
      </Show>
    </AdminMain>
  )
}

interface AddProps {
  readonly handle: string
  readonly taken: readonly string[]
  readonly onClose: () => void
  readonly onAdded: () => unknown
}

function AddToChannel({ handle, taken, onClose, onAdded }: AddProps) {
  const known = useLoaded(channels)
  const add = async (fields: FormData) => {
    await synapse.request('POST /v1/admin/memberships', {
      body: {
        account_handle: handle,
        channel_slug: wordOf(fields, 'channel') ?? '',
        role: roleOf(textOf(fields, 'role')),
      },
    })
    await onAdded()
  }
  return (
    <FormDialog title={`Add @${handle} to a channel`} act="Add" onSubmit={add} onClose={onClose}>
      <Field label="Channel" name="channel" required autoFocus autoComplete="off" list="channels-known" />
      <datalist id="channels-known">
        {known.value
          ?.filter(({ slug, kind }) => kind !== 'dm' && !taken.includes(slug))
          .map(({ slug, name }) => (
            <option key={slug} value={slug}>
              {name}
            </option>
          ))}
      </datalist>
      <Select label="Role" name="role" first="member" options={roles} />
    </FormDialog>
  )
}
