import { useState } from 'preact/hooks'
import { synapse } from '../../app/session'
import { Field } from '../../ui'
import { instantOf, wordOf, wordsIn } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Area } from '../parts/inputs'
import { type Secret, SecretDialog } from '../parts/secret'

export interface NewTokenProps {
  readonly handle: string
  readonly onClose: () => void
  readonly onMade: () => unknown
}

/** Issues a token to an agent, and shows it once. */
export function NewToken({ handle, onClose, onMade }: NewTokenProps) {
  const [secret, setSecret] = useState<Secret>()
  const make = async (fields: FormData) => {
    const actors = wordsIn(fields, 'actors').map((one) => one.replace(/^@/, ''))
    const { token, scopes } = await synapse.request('POST /v1/admin/tokens', {
      body: {
        account_handle: handle,
        scopes: wordsIn(fields, 'scopes'),
        name: wordOf(fields, 'name') ?? null,
        expires_at: instantOf(fields, 'ends') ?? null,
        actors: actors.length > 0 ? actors : null,
      },
    })
    setSecret({
      title: `A token for @${handle}`,
      words: `It allows ${scopes.join(', ')}.`,
      texts: [{ label: 'Token', text: token }],
    })
    await onMade()
  }
  if (secret) return <SecretDialog secret={secret} onClose={onClose} />
  return (
    <FormDialog
      title={`Issue a token to @${handle}`}
      act="Issue"
      onSubmit={make}
      onClose={onClose}
      onDone={() => undefined}
    >
      <Field
        label="Name"
        name="name"
        autoFocus
        autoComplete="off"
        hint="Which program it is for, such as deploy."
      />
      <Area
        label="Scopes"
        name="scopes"
        first="channel:*:read channel:*:post"
        mono
        hint="What it allows, separated by blanks: channel:general:read, channel:*:post, claims:manage, admin:*. In a channel the membership counts as well."
      />
      <Field label="Ends" name="ends" type="datetime-local" hint="Empty: never." />
      <Field
        label="Acts as"
        name="actors"
        autoComplete="off"
        hint="Handles of other accounts in whose name it may act, separated by commas. Usually empty."
      />
    </FormDialog>
  )
}
