import { useConsole } from '../../app/console'
import { Presence } from '../../app/name-card'
import { now } from '../../app/now'
import { preferences } from '../../app/preferences'
import { presenceView } from '../../state'
import { clockOf } from '../../ui/clock'

/** The state of an account in words, with what it says of it. */
export function PresenceLine({ handle }: { readonly handle: string }) {
  const { store } = useConsole()
  const clock = (time: string) => clockOf(new Date(time), preferences.value.clock)
  const { note } = presenceView(store.presence.get(handle), now(), clock)
  return (
    <p class="presence-line">
      <Presence handle={handle} />
      {note && <q>{note}</q>}
    </p>
  )
}
