import type { ComponentChildren, InputHTMLAttributes } from 'preact'
import { useId } from 'preact/hooks'

export type FieldProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'type' | 'role'> & {
  readonly type?: 'text' | 'password' | 'email' | 'url' | 'number' | 'search' | 'date' | 'datetime-local'
  /** The id of a `datalist` with suggestions. */
  readonly list?: string
  readonly label: string
  readonly hint?: ComponentChildren
  /** Why its value was refused. */
  readonly problem?: string | undefined
  /** Beside the field, such as a button. */
  readonly after?: ComponentChildren
}

/** A labelled text field with its hint and its problem. */
export function Field({ label, hint, problem, after, ...rest }: FieldProps) {
  const id = useId()
  // The types tell the kinds of input apart; this is any of those above.
  const input = rest as InputHTMLAttributes<HTMLInputElement>
  const described = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="input">
        <input
          {...input}
          id={id}
          aria-describedby={described || undefined}
          aria-invalid={problem ? true : undefined}
        />
        {after}
      </div>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem && (
        <p class="problem" id={`${id}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
