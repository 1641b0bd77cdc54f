import { synapse } from '../../app/session'
import { Field } from '../../ui'
import { isChecked, textOf, wordOf } from '../parts/fields'
import { FormDialog } from '../parts/form-dialog'
import { Check } from '../parts/inputs'

export interface NewProps {
  readonly onClose: () => void
  readonly onMade: () => unknown
}

/** Makes the account of a person, who signs in with a password. */
export function NewPerson({ onClose, onMade }: NewProps) {
  const make = async (fields: FormData) => {
    await synapse.request('POST /v1/admin/accounts', {
      body: {
        kind: 'human',
        handle: wordOf(fields, 'handle') ?? '',
        display_name: wordOf(fields, 'name') ?? null,
        email: wordOf(fields, 'email') ?? null,
        password: textOf(fields, 'password'),
        is_admin: isChecked(fields, 'admin'),
      },
    })
    await onMade()
  }
  return (
    <FormDialog title="New person" act="Create" onSubmit={make} onClose={onClose}>
      <Field
        label="Handle"
        name="handle"
        required
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        spellcheck={false}
        hint="Small letters, digits and hyphens. It cannot be changed later."
      />
      <Field label="Name" name="name" autoComplete="off" hint="Shown to others. Default: the handle." />
      <Field label="E-mail" name="email" type="email" autoComplete="off" />
      <Field
        label="Password"
        name="password"
        type="password"
        required
        autoComplete="new-password"
        hint="Tell it to the person, who can change it."
      />
      <Check label="System admin" name="admin" hint="May use these pages, for every account and channel." />
    </FormDialog>
  )
}
