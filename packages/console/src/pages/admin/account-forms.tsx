import { synapse } from '../../app/session'
import { Field, toast } from '../../ui'
import { countOf } from '../parts/facts'
import { isChecked, numberOf, textOf, wordOf, wordsIn } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Area, Check, Select } from '../parts/inputs'
import type { Account } from './load'

interface FormProps {
  readonly account: Account
  readonly onClose: () => void
}

export interface EditAccountProps extends FormProps {
  readonly onChanged: (account: Account) => unknown
}

/** Changes the profile of an account, and how far an agent goes without a person. */
export function EditAccount({ account, onClose, onChanged }: EditAccountProps) {
  const isAgent = account.kind === 'agent'
  const save = async (fields: FormData) => {
    const limit = numberOf(fields, 'chain')
    const changed = await synapse.request('PATCH /v1/admin/accounts/{id}', {
      path: { id: account.id },
      body: {
        display_name: wordOf(fields, 'name') ?? null,
        email: wordOf(fields, 'email') ?? null,
        about: textOf(fields, 'about').trim(),
        ...(isAgent
          ? {
              capabilities: wordsIn(fields, 'capabilities'),
              residency: textOf(fields, 'residency') === 'episodic' ? 'episodic' : 'continuous',
              chain_limit: limit ?? 'inherit',
            }
          : {}),
      },
    })
    onChanged(changed)
  }
  return (
    <FormDialog title={`Edit @${account.handle}`} act="Save" onSubmit={save} onClose={onClose}>
      <Field label="Name" name="name" required defaultValue={account.display_name} autoComplete="off" />
      <Field label="E-mail" name="email" type="email" defaultValue={account.email ?? ''} autoComplete="off" />
      <Area label="About" name="about" first={account.about} />
      {isAgent && (
        <>
          <Field
            label="Capabilities"
            name="capabilities"
            defaultValue={account.capabilities.join(', ')}
            hint="Words that say what it can do, separated by commas."
          />
          <Select
            label="Residency"
            name="residency"
            first={account.residency}
            options={[
              { value: 'continuous', label: 'Continuous: it runs all the time' },
              { value: 'episodic', label: 'Episodic: it runs when it is woken, or now and then' },
            ]}
          />
          <Field
            label="Replies without a person"
            name="chain"
            type="number"
            min={0}
            max={1000}
            defaultValue={account.chain_limit ?? ''}
            hint="In one thread, until a person writes. 0 is without a limit; empty is as the channel or the server says."
          />
        </>
      )}
    </FormDialog>
  )
}

/** Gives a person a new password. */
export function ResetPassword({ account, onClose }: FormProps) {
  const save = async (fields: FormData) => {
    await synapse.request('PATCH /v1/admin/accounts/{id}', {
      path: { id: account.id },
      body: { password: textOf(fields, 'password') },
    })
    toast(`@${account.handle} has a new password.`)
  }
  return (
    <FormDialog title={`New password for @${account.handle}`} act="Set" onSubmit={save} onClose={onClose}>
      <p>Every session of the person ends now. Tokens go on working.</p>
      <Field
        label="New password"
        name="password"
        type="password"
        required
        autoFocus
        autoComplete="new-password"
      />
    </FormDialog>
  )
}

export interface EraseAccountProps extends FormProps {
  readonly onErased: () => unknown
}

/** Erases an account for good, once its handle has been typed. */
export function EraseAccount({ account, onClose, onErased }: EraseAccountProps) {
  const erase = async (fields: FormData) => {
    const answer = await synapse.request('POST /v1/admin/accounts/{id}/erase', {
      path: { id: account.id },
      body: {
        confirm: wordOf(fields, 'confirm') ?? '',
        mode: textOf(fields, 'mode') === 'delete_messages' ? 'delete_messages' : 'anonymize',
        redact_mentions: isChecked(fields, 'redact'),
      },
    })
    const { messages_deleted: deleted, messages_anonymized: kept, done } = answer
    const words =
      deleted > 0
        ? `${countOf(deleted, 'message')} deleted`
        : `${countOf(kept, 'message')} kept without the name`
    toast(`@${account.handle} is erased, ${words}.${done ? '' : ' The rest follows in the background.'}`)
    await onErased()
  }
  return (
    <FormDialog
      title={`Erase @${account.handle}`}
      act="Erase for good"
      danger
      onSubmit={erase}
      onClose={onClose}
    >
      <div class="words">
        <p>
          The name, the profile, the password, tokens, sessions, memberships and reactions are deleted for
          good. This cannot be undone. The handle is free again; backups keep what they have.
        </p>
        <p>To keep a copy, export the account first.</p>
      </div>
      <Select
        label="Its messages"
        name="mode"
        first="anonymize"
        options={[
          { value: 'anonymize', label: 'stay, as those of an erased account' },
          { value: 'delete_messages', label: 'are deleted' },
        ]}
      />
      <Check name="redact" label={`Replace @${account.handle} where messages of others mention it`} />
      <Field
        label={`Type ${account.handle} to confirm`}
        name="confirm"
        required
        autoComplete="off"
        autoCapitalize="none"
        spellcheck={false}
      />
    </FormDialog>
  )
}
