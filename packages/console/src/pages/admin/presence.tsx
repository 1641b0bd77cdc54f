import type { Presence } from '@synapse/client'
import { preferences } from '../../app/preferences'
import { presenceView } from '../../state'
import { PresenceMark } from '../../ui'
import { clockOf } from '../../ui/clock'

/** What an account is doing, as the server knows it. */
export function State({ of }: { readonly of: Presence }) {
  const hours = preferences.value.clock
  const { shape, words, note } = presenceView(of, Date.now(), (time) => clockOf(new Date(time), hours))
  return (
    <span class="state" title={note ?? undefined}>
      <PresenceMark look={shape} words={words} />
    </span>
  )
}
