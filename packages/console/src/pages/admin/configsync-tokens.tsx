import { Plus } from 'lucide'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Button, Chip, Field } from '../../ui'
import { Confirm } from '../parts/confirm'
import { When } from '../parts/facts'
import { instantOf, isChecked, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Check } from '../parts/inputs'
import { Show, useLoaded } from '../parts/loaded'
import { Scopes } from '../parts/scopes'
import { type Secret, SecretDialog } from '../parts/secret'
import { Table } from '../parts/table'
import type { Token } from './load'

/** The tokens with which the machines of an account use ConfigSync. */
export function SyncTokens({ handle }: { readonly handle: string }) {
  const path = { handle }
  const loaded = useLoaded(
    () => synapse.request('GET /v1/admin/configsync/users/{handle}/tokens', { path }),
    [handle],
  )
  const [isNew, setNew] = useState(false)
  const [secret, setSecret] = useState<Secret>()
  const [ending, setEnding] = useState<Token>()
  const make = async (fields: FormData) => {
    const label = wordOf(fields, 'label') ?? ''
    const { token } = await synapse.request('POST /v1/admin/configsync/users/{handle}/tokens', {
      path,
      body: {
        label,
        expires_at: instantOf(fields, 'ends') ?? null,
        read_only: isChecked(fields, 'read-only'),
      },
    })
    setSecret({
      title: `A token for ${label}`,
      words: `A machine of @${handle} uses ConfigSync with it, and nothing else.`,
      texts: [{ label: 'Token', text: token }],
    })
    await loaded.reload()
  }
  return (
    <section class="part" aria-label="Tokens for ConfigSync">
      <header>
        <h2>Tokens</h2>
        <Button small icon={Plus} onPress={() => setNew(true)}>
          Issue a token
        </Button>
      </header>
      <Show of={loaded} rows={2}>
        {(tokens) => (
          <Table
            label="Tokens for ConfigSync"
            rows={tokens}
            keyOf={(one) => one.id}
            empty="No token allows ConfigSync."
            columns={[
              { title: 'Token', cell: (one) => <b>{one.name ?? one.id.slice(0, 8)}</b> },
              { title: 'Scopes', cell: (one) => <Scopes of={one.scopes} /> },
              { title: 'Last used', cell: (one) => <When at={one.last_used_at} /> },
              {
                title: 'Ends',
                cell: (one) => (one.revoked_at ? <Chip>revoked</Chip> : <When at={one.expires_at} />),
              },
            ]}
            acts={(one) =>
              one.revoked_at === null && (
                <Button
                  small
                  look="danger"
                  aria-label={`Revoke ${one.name ?? one.id}`}
                  onPress={() => setEnding(one)}
                >
                  Revoke
                </Button>
              )
            }
          />
        )}
      </Show>
      {isNew && (
        <FormDialog
          title={`A token for ConfigSync of @${handle}`}
          act="Issue"
          onSubmit={make}
          onClose={() => setNew(false)}
        >
          <Field
            label="Machine"
            name="label"
            required
            autoFocus
            autoComplete="off"
            hint="A label, such as laptop."
          />
          <Field label="Ends" name="ends" type="datetime-local" hint="Empty: never." />
          <Check label="Reads only" name="read-only" />
        </FormDialog>
      )}
      {secret && <SecretDialog secret={secret} onClose={() => setSecret(undefined)} />}
      {ending && (
        <Confirm
          title="Revoke this token?"
          act="Revoke"
          onClose={() => setEnding(undefined)}
          onConfirm={async () => {
            await synapse.request('POST /v1/admin/configsync/users/{handle}/tokens/{id}/revoke', {
              path: { handle, id: ending.id },
            })
            await loaded.reload()
          }}
        >
          <p>The machine that uses it no longer syncs.</p>
        </Confirm>
      )}
    </section>
  )
}
