import { Plus } from 'lucide'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Chip } from '../../ui'
import { Confirm } from '../parts/confirm'
import { When } from '../parts/facts'
import { Check } from '../parts/inputs'
import { Scopes } from '../parts/scopes'
import { Table } from '../parts/table'
import type { Account, Token } from './load'
import { NewToken } from './new-token'

export interface TokenListProps {
  readonly account: Account
  readonly tokens: readonly Token[]
  readonly onChanged: () => unknown
}

/** The tokens of an account: what they allow, when they were used, and what ends them. */
export function TokenList({ account, tokens, onChanged }: TokenListProps) {
  const [isNew, setNew] = useState(false)
  const [ending, setEnding] = useState<Token>()
  const [showsAll, setShowsAll] = useState(false)
  const gone = tokens.filter((one) => one.revoked_at !== null).length
  return (
    <>
      <header>
        <h2>Tokens</h2>
        {account.kind === 'agent' && account.archived_at === null && (
          <Button small icon={Plus} onPress={() => setNew(true)}>
            Issue a token
          </Button>
        )}
      </header>
      <Table
        label={`Tokens of @${account.handle}`}
        rows={tokens.filter((one) => showsAll || one.revoked_at === null)}
        keyOf={(one) => one.id}
        empty={
          account.kind === 'agent' ? 'It has no token that works.' : 'It has no personal token that works.'
        }
        columns={[
          {
            title: 'Token',
            cell: (one) => <b>{one.name ?? one.device ?? one.id.slice(0, 8)}</b>,
          },
          { title: 'Scopes', cell: (one) => <Scopes of={one.scopes} /> },
          { title: 'Acts as', cell: (one) => one.actors?.map((handle) => `@${handle}`).join(', ') },
          { title: 'Last used', cell: (one) => <When at={one.last_used_at} /> },
          { title: 'Ends', cell: (one) => <End of={one} /> },
        ]}
        acts={(one) =>
          one.revoked_at === null && (
            <Button
              small
              look="danger"
              aria-label={`Revoke ${one.name ?? one.device ?? one.id.slice(0, 8)}`}
              onPress={() => setEnding(one)}
            >
              Revoke
            </Button>
          )
        }
      />
      {gone > 0 && (
        <Check label={`Show ${gone} that were revoked`} checked={showsAll} onChange={setShowsAll} />
      )}
      {isNew && <NewToken handle={account.handle} onClose={() => setNew(false)} onMade={onChanged} />}
      {ending && (
        <Confirm
          title="Revoke this token?"
          act="Revoke"
          onClose={() => setEnding(undefined)}
          onConfirm={async () => {
            await synapse.request('POST /v1/admin/tokens/{id}/revoke', { path: { id: ending.id } })
            await onChanged()
          }}
        >
          <p>
            The next request with {ending.name ?? 'it'} fails, and its streams close within a second. A
            program of @{account.handle} that uses it stops. This cannot be undone.
          </p>
        </Confirm>
      )}
    </>
  )
}

function End({ of }: { readonly of: Token }) {
  if (of.revoked_at) return <Chip>revoked</Chip>
  if (of.expires_at && Date.parse(of.expires_at) <= Date.now()) return <Chip>expired</Chip>
  return <When at={of.expires_at} />
}
