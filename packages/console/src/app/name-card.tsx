import type { AccountRef } from '@synapse/client'
import { SYSTEM_HANDLE } from '../state/people'
import { AccountName } from '../ui/account-name'
import { later, rest } from './later'

export { Presence } from './account-presence'

/** The card of an account, which a press on its name opens. */
export const NameCard = later(rest((parts) => parts.Card))

export interface NamedProps {
  readonly account: Pick<AccountRef, 'handle' | 'kind' | 'display_name'>
  /** Whether the word `agent` stands beside an agent. */
  readonly labelled?: boolean
  /** -1 in a row that Tab does not reach. */
  readonly tabIndex?: 0 | -1
}

/** The name of an account with its card. */
export function Named({
  account: { handle, kind, display_name },
  labelled = false,
  tabIndex = 0,
}: NamedProps) {
  const card = handle === SYSTEM_HANDLE ? {} : { card: () => <NameCard handle={handle} /> }
  return (
    <AccountName
      handle={handle}
      name={display_name}
      kind={kind}
      labelled={labelled}
      tabIndex={tabIndex}
      {...card}
    />
  )
}
