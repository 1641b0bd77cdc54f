import type { AnswerTo } from '@synapse/client'
import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Chip, Field, Time } from '../../ui'
import { SecretDialog } from '../parts/secret'
import { Asking } from './asking'
import { Form, textOf } from './form'
import { Reading } from './reading'
import { Row, Rows, Used } from './rows'

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
  const make = (fields: FormData) => {
    const ends = textOf(fields, 'ends')
    const scopes = textOf(fields, 'scopes').split(/[\s,]+/)
    return issue(textOf(fields, 'name'), scopes, ends === '' ? null : new Date(ends).toISOString())
  }
  const revoke = (id: string) => synapse.request('POST /v1/me/tokens/{id}/revoke', { path: { id } })
  return (
    <>
      <section>
        <h2>Your tokens</h2>
        <p class="hint">A program that has one acts as you, within its scopes.</p>
        <Rows label="Tokens" empty="You have no token.">
          {tokens.map((one) => {
            const name = one.name ?? one.device ?? one.id.slice(0, 8)
            return (
              <Row
                key={one.id}
                title={name}
                facts={[
                  one.scopes.join(', '),
                  <Used key="used" at={one.last_used_at} />,
                  <End key="end" of={one} />,
                ]}
                acts={
                  <>
                    {one.device === null && (
                      <Asking
                        act="Rotate"
                        danger={false}
                        label={`Rotate ${name}`}
                        onYes={async () => {
                          await issue(name, [...one.scopes], one.expires_at)
                          await revoke(one.id)
                          await onChanged()
                        }}
                      >
                        You get a new token with the same name, scopes and end. This one ends at once:
                        programs that use it stop until they have the new one.
                      </Asking>
                    )}
                    <Asking
                      act="Revoke"
                      label={`Revoke ${name}`}
                      onYes={async () => {
                        await revoke(one.id)
                        await onChanged()
                      }}
                    >
                      Programs that use it stop, and their streams close within a second. This cannot be
                      undone.
                    </Asking>
                  </>
                }
              />
            )
          })}
        </Rows>
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

function End({ of: { expires_at } }: { readonly of: Token }) {
  if (expires_at === null) return <>never ends</>
  if (Date.parse(expires_at) <= Date.now()) return <Chip>expired</Chip>
  return (
    <>
      ends <Time at={expires_at} show="both" />
    </>
  )
}
