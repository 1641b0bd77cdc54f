import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export interface Option {
  readonly value: string
  readonly label: string
}

export interface SelectProps {
  readonly label: string
  readonly name?: string
  readonly options: readonly Option[]
  /** Chosen at first, in a form. */
  readonly first?: string
  /** What is chosen, where the page decides it. */
  readonly value?: string
  readonly hint?: ComponentChildren
  readonly onChange?: (value: string) => unknown
}

/** A labelled list to choose one of. */
export function Select({ label, name, options, first, value, hint, onChange }: SelectProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange?.(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option
            key={option.value}
            value={option.value}
            selected={value === undefined ? option.value === first : undefined}
          >
            {option.label}
          </option>
        ))}
      </select>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

export interface CheckProps {
  readonly label: ComponentChildren
  readonly name?: string
  readonly value?: string
  /** Whether it is on at first, in a form. */
  readonly first?: boolean
  /** Whether it is on, where the page decides it. */
  readonly checked?: boolean
  readonly hint?: ComponentChildren
  readonly onChange?: (checked: boolean) => unknown
}

/** A labelled box to tick. */
export function Check({ label, name, value, first, checked, hint, onChange }: CheckProps) {
  const id = useId()
  const state = checked === undefined ? { defaultChecked: first } : { checked }
  return (
    <div class="check">
      <input
        {...state}
        type="checkbox"
        id={id}
        name={name}
        value={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange?.(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

export interface AreaProps {
  readonly label: string
  readonly name: string
  readonly first?: string
  readonly rows?: number
  readonly hint?: ComponentChildren
  readonly mono?: boolean
}

/** A labelled field of several lines. */
export function Area({ label, name, first = '', rows = 3, hint, mono = false }: AreaProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        class={mono ? 'text mono' : 'text'}
        id={id}
        name={name}
        rows={rows}
        defaultValue={first}
        aria-describedby={hint ? `${id}-hint` : undefined}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

export interface ChoicesProps {
  readonly label: string
  readonly children: ComponentChildren
}

/** A group of boxes or fields with one name. */
export function Choices({ label, children }: ChoicesProps) {
  return (
    <fieldset class="checks">
      <legend>{label}</legend>
      {children}
    </fieldset>
  )
}
