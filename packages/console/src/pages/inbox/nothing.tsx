import { useConsole } from '../../app/console'
import { Named, Presence } from '../../app/name-card'
import { Avatar } from '../../ui/avatar'
import { Empty } from '../../ui/states'

/** Says that nothing waits, and who works. */
export function Nothing({ children }: { readonly children: string }) {
  const { store } = useConsole()
  const working = store.presence.all.value.filter(
    ({ state, kind }) => state === 'working' && kind === 'agent',
  )
  return (
    <Empty
      action={
        working.length > 0 && (
          <ul class="at-work" aria-label="At work">
            {working.slice(0, 8).map(({ handle, note }) => {
              const account = store.accounts.get(handle) ?? { handle, kind: 'agent', display_name: handle }
              return (
                <li key={handle}>
                  <Avatar handle={handle} kind="agent" size={20} />
                  <Named account={account} />
                  <Presence handle={handle} />
                  {note && <q>{note}</q>}
                </li>
              )
            })}
          </ul>
        )
      }
    >
      {children}
    </Empty>
  )
}
