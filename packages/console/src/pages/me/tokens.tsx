import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Chip, Field } from '../../ui'
import { When } from '../parts/facts'
import { instantOf, wordOf, wordsIn } from '../parts/fields'
import { Scopes } from '../parts/scopes'
import { SecretDialog } from '../parts/secret'
import { Table } from '../parts/table'
import { Asking } from './asking'
import { Form } from './form'
import { Reading } from './reading'

type Token = AnswerTo<'GET /v1/me/tokens'>['tokens'][number]

/** The tokens by which programs act as the person. */
export function Tokens() {
  const read = async () => {
    const { tokens } = await synapse.request('GET /v1/me/tokens')
    return tokens.filter(({ revoked_at }) => revoked_at === null)
  }
  return <Reading read={read}>{(tokens, reload) => <TokenList tokens={tokens} onChanged={reload} />}</Reading>
}

interface TokenListProps {
  readonly tokens: readonly Token[]
  readonly onChanged: () => Promise<void>
}

function TokenList({ tokens, onChanged }: TokenListProps) {
  const [secret, setSecret] = useState<string>()
  const issue = async (name: string, scopes: string[], expires_at: string | null) => {
    const { token } = await synapse.request('POST /v1/me/tokens', { body: { name, scopes, expires_at } })
    setSecret(token)
    await onChanged()
  }
  const make = (fields: FormData) =>
    issue(wordOf(fields, 'name') ?? '', wordsIn(fields, 'scopes'), instantOf(fields, 'ends') ?? null)
  const revoke = (id: string) => synapse.request('POST /v1/me/tokens/{id}/revoke', { path: { id } })
  return (
    <>
      <section>
        <h2>Your tokens</h2>
        <p class="hint">A program that has one acts as you, within its scopes.</p>
        <Table
          label="Tokens"
          rows={tokens}
          keyOf={(one) => one.id}
          empty="You have no token."
          columns={[
            { title: 'Token', cell: (one) => <b>{nameOf(one)}</b> },
            { title: 'Scopes', cell: (one) => <Scopes of={one.scopes} /> },
            { title: 'Last used', cell: (one) => <When at={one.last_used_at} /> },
            { title: 'Ends', cell: (one) => <End of={one} /> },
          ]}
          acts={(one) => (
            <>
              {one.device === null && (
                <Asking
                  act="Rotate"
                  danger={false}
                  label={`Rotate ${nameOf(one)}`}
                  onYes={async () => {
                    await issue(nameOf(one), [...one.scopes], one.expires_at)
                    await revoke(one.id)
                    await onChanged()
                  }}
                >
                  You get a new token with the same name, scopes and end. This one ends at once: programs that
                  use it stop until they have the new one.
                </Asking>
              )}{' '}
              <Asking
                act="Revoke"
                label={`Revoke ${nameOf(one)}`}
                onYes={async () => {
                  await revoke(one.id)
                  await onChanged()
                }}
              >
                Programs that use it stop, and their streams close within a second. This cannot be undone.
              </Asking>
            </>
          )}
        />
      </section>
      <section>
        <h2>Make a token</h2>
        <Form act="Make" onSend={make} isCleared>
          <Field
            label="Name"
            name="name"
            required
            maxLength={64}
            autoComplete="off"
            hint="Which program it is for."
          />
          <Field
            label="Scopes"
            name="scopes"
            required
            autoComplete="off"
            defaultValue="channel:*:read channel:*:post"
            hint="What it allows, separated by blanks; none beyond your own."
          />
          <Field label="Ends" name="ends" type="datetime-local" hint="Empty: never." />
        </Form>
      </section>
      {secret !== undefined && (
        <SecretDialog
          secret={{
            title: 'Your new token',
            words: 'Give it to the program, for example as SYNAPSE_TOKEN.',
            texts: [{ label: 'Token', text: secret }],
          }}
          onClose={() => setSecret(undefined)}
        />
      )}
    </>
  )
}

function nameOf({ name, device, id }: Token): string {
  return name ?? device ?? id.slice(0, 8)
}

function End({ of: { expires_at } }: { readonly of: Token }) {
  if (expires_at !== null && Date.parse(expires_at) <= Date.now()) return <Chip>expired</Chip>
  return <When at={expires_at} />
}
