import { CircleAlert } from 'lucide'
import { Icon } from '../ui'
import { nameOf, useHost } from './host'

/** Whom a message that was sent from here named in vain, or does not reach now. */
export function Unreached({ id }: { readonly id: string }) {
  const { app } = useHost()
  const outcome = app.outbox.outcomeOf(id).value
  if (!outcome) return null
  const { unresolved, unreachable } = outcome
  return (
    <p class="unreached">
      <Icon of={CircleAlert} size={14} />
      <span>
        {unresolved.length > 0 &&
          `Nobody here is called ${unresolved.map((name) => `@${name}`).join(', ')}. `}
        {unreachable.length > 0 &&
          `${unreachable.map((handle) => nameOf(app, handle)).join(', ')} cannot be reached now; the message waits in the inbox.`}
      </span>
    </p>
  )
}
