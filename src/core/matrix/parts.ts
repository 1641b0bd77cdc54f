import type { Core } from '..'
import type { Secrets } from '../kernel/ids'
import type { Passwords, Store } from '../kernel/ports'

/** What the homeserver needs. */
export interface MatrixParts {
  readonly core: Core
  readonly store: Store
  readonly secrets: Secrets
  readonly passwords: Passwords
  /** The part of every id after its colon, such as `example.org`. Never changes. */
  readonly serverName: string
}
