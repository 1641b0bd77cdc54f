import type { ComponentChildren } from 'preact'
import { Time } from '../../ui'

export interface RowProps {
  readonly title: ComponentChildren
  /** What is known of it, in one line each. */
  readonly facts: readonly ComponentChildren[]
  readonly acts?: ComponentChildren
  readonly children?: ComponentChildren
}

/** A thing that is the person's: a device, a token, a webhook. */
export function Row({ title, facts, acts, children }: RowProps) {
  return (
    <li>
      <div class="what">
        <b>{title}</b>
        {facts.map((fact, at) => (
          <div class="quiet" key={at}>
            {fact}
          </div>
        ))}
        {children}
      </div>
      {acts && <div class="acts">{acts}</div>}
    </li>
  )
}

export interface RowsProps {
  readonly label: string
  /** Said when there is none. */
  readonly empty: string
  readonly children: readonly ComponentChildren[]
}

export function Rows({ label, empty, children }: RowsProps) {
  if (children.length === 0) return <p class="quiet">{empty}</p>
  return (
    <ul class="me-rows" aria-label={label}>
      {children}
    </ul>
  )
}

export function Used({ at }: { readonly at: string | null }) {
  return at === null ? (
    <>never used</>
  ) : (
    <>
      last used <Time at={at} show="both" />
    </>
  )
}
