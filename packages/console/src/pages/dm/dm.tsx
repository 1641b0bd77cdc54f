/** Direct conversations. Imports state/, text/ and ui/. Start reading here. */

import { NameCard } from '../../app/name-card'
import { AccountName, Avatar } from '../../ui'
import { PresenceLine } from './presence-line'

interface DirectHeadingProps {
  readonly handle: string
  readonly name: string
  readonly kind: string
}

/** The head of a direct conversation: who it is, and in what state. */
export function DirectHeading({ handle, name, kind }: DirectHeadingProps) {
  return (
    <span class="direct-heading">
      <Avatar handle={handle} name={name} kind={kind} />
      <AccountName
        handle={handle}
        name={name}
        kind={kind}
        labelled
        card={() => <NameCard handle={handle} />}
      />
      <PresenceLine handle={handle} />
    </span>
  )
}
