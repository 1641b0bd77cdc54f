import { useConsole } from '../../app/console'
import { now } from '../../app/now'
import { preferences } from '../../app/preferences'
import { isHeld, presenceView } from '../../state'
import { ClaimChip } from '../../timeline/claims'
import { nameOf } from '../../timeline/host'
import { PresenceMark } from '../../ui'
import { clockOf } from '../../ui/clock'

/** What goes on in a channel in one line: claims that hold, agents that wait or are blocked. Absent when there is nothing. */
export function WorkStrip({ slug }: { readonly slug: string }) {
  const app = useConsole()
  const { store } = app
  const time = now()
  const claims = store.claims.all.value.filter((claim) => claim.channel === slug && isHeld(claim, time))
  const stuck = (store.members.get(slug) ?? []).flatMap(({ handle, kind }) => {
    const presence = store.presence.get(handle)
    if (kind !== 'agent' || (presence?.state !== 'blocked' && presence?.state !== 'waiting')) return []
    const view = presenceView(presence, time, (at) => clockOf(new Date(at), preferences.value.clock))
    return view.shape === 'offline' ? [] : [{ handle, view }]
  })
  if (claims.length === 0 && stuck.length === 0) return null
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: where it is too long it is scrolled with the keyboard
    <ul class="work-strip" aria-label="Work in this channel" tabIndex={0}>
      {stuck.map(({ handle, view }) => (
        <li key={handle}>
          <b>{nameOf(app, handle)}</b>
          <PresenceMark look={view.shape} words={view.words} />
          {view.note && <q>{view.note}</q>}
        </li>
      ))}
      {claims.map((claim) => (
        <li key={claim.id}>
          <ClaimChip claim={claim} holder={nameOf(app, claim.holder)} />
        </li>
      ))}
    </ul>
  )
}
