import { presenceView } from '../state'
import { clockOf } from '../ui/clock'
import { PresenceMark } from '../ui/presence'
import { useConsole } from './console'
import { now } from './now'
import { preferences } from './preferences'

/** The state of an account in words, as the store has it now. */
export function Presence({ handle, quiet = false }: { readonly handle: string; readonly quiet?: boolean }) {
  const { store } = useConsole()
  const { clock } = preferences.value
  const { shape, words } = presenceView(store.presence.get(handle), now(), (time) =>
    clockOf(new Date(time), clock),
  )
  return <PresenceMark look={shape} words={words} quiet={quiet} />
}
