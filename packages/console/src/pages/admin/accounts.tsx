import { Bot, UserPlus } from 'lucide'
import { useState } from 'preact/hooks'
import { href } from '../../app/routes'
import { Avatar, Button, Chip, Field } from '../../ui'
import { countOf, When } from '../parts/facts'
import { Check, Select } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { Table } from '../parts/table'
import { AccountActs } from './account-acts'
import { AdminMain } from './frame'
import { type Account, accounts, type ListedAccount, MOST_ROWS } from './load'
import { NewAgent } from './new-agent'
import { NewPerson } from './new-person'
import { State } from './presence'

const commands = [
  'synapse list-accounts',
  'synapse add-account --kind human --handle NAME',
  'synapse onboard-agent --handle NAME --channels SLUG,SLUG',
]

/** All accounts, with what can be done with them. */
export function Accounts() {
  const loaded = useLoaded(accounts)
  const [isNew, setNew] = useState<'agent' | 'person'>()
  const [find, setFind] = useState('')
  const [kind, setKind] = useState('')
  const [showsArchived, setShowsArchived] = useState(false)
  const fits = (one: ListedAccount) => {
    const words = `${one.handle} ${one.display_name} ${one.email ?? ''}`.toLowerCase()
    return (
      words.includes(find.trim().toLowerCase()) &&
      (kind === '' || one.kind === kind) &&
      (showsArchived || one.archived_at === null)
    )
  }
  const changed = (account: Account) =>
    loaded.replace((all) => all.map((one) => (one.id === account.id ? { ...one, ...account } : one)))
  return (
    <AdminMain
      title="Accounts"
      section="accounts"
      commands={commands}
      header={
        <>
          <Button icon={UserPlus} onPress={() => setNew('person')}>
            Person
          </Button>
          <Button look="primary" icon={Bot} onPress={() => setNew('agent')}>
            Agent
          </Button>
        </>
      }
    >
      <search class="filters">
        <Field
          type="search"
          label="Find"
          placeholder="Handle, name or e-mail"
          value={find}
          onInput={(event) => setFind(event.currentTarget.value)}
        />
        <Select
          label="Kind"
          value={kind}
          onChange={setKind}
          options={[
            { value: '', label: 'People and agents' },
            { value: 'human', label: 'People' },
            { value: 'agent', label: 'Agents' },
          ]}
        />
        <Check label="Show archived ones" checked={showsArchived} onChange={setShowsArchived} />
      </search>
      <Show of={loaded} rows={8}>
        {(all) => (
          <>
            {all.length === MOST_ROWS && (
              <p class="notice">These are the first {countOf(MOST_ROWS, 'account')} by handle.</p>
            )}
            <Table
              label="Accounts"
              rows={all.filter(fits)}
              keyOf={(one) => one.id}
              empty={
                all.some((one) => one.archived_at === null)
                  ? 'No account is like that.'
                  : 'There are no accounts.'
              }
              columns={[
                { title: 'Account', cell: (one) => <AccountLink of={one} /> },
                {
                  title: 'State',
                  cell: (one) => (one.archived_at ? <Chip>archived</Chip> : <State of={one.presence} />),
                },
                { title: 'Channels', cell: (one) => one.channel_count, class: 'number' },
                { title: 'Last seen', cell: (one) => <When at={one.last_seen_at} /> },
                { title: 'Token used', cell: (one) => <When at={one.token_used_at} /> },
              ]}
              acts={(one) => (
                <AccountActs account={one} onChanged={changed} onErased={() => loaded.reload()} />
              )}
            />
          </>
        )}
      </Show>
      {isNew === 'person' && <NewPerson onClose={() => setNew(undefined)} onMade={() => loaded.reload()} />}
      {isNew === 'agent' && <NewAgent onClose={() => setNew(undefined)} onMade={() => loaded.reload()} />}
    </AdminMain>
  )
}

/** The name of an account, which leads to its page. */
export function AccountLink({ of }: { readonly of: Account }) {
  return (
    <a class="who" href={href('adminItem', { section: 'accounts', item: of.handle })}>
      <Avatar handle={of.handle} name={of.display_name} kind={of.kind} />
      <span class="names">
        <b>{of.display_name}</b>
        <span class="handle">@{of.handle}</span>
      </span>
      {of.kind === 'agent' && <span class="kind">agent</span>}
      {of.is_admin && <Chip tone="accent">admin</Chip>}
    </a>
  )
}
