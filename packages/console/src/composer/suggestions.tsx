import { Users } from 'lucide'
import { useEffect, useRef } from 'preact/hooks'
import { Presence } from '../app/name-card'
import { visibleName } from '../text'
import { Avatar, Icon } from '../ui'
import { reachInWords, type Suggestion } from './completion'

interface SuggestionsProps {
  readonly id: string
  readonly optionId: (index: number) => string
  readonly list: readonly Suggestion[]
  readonly index: number
  readonly onAccept: (index: number) => void
}

/** The list of names above the field. The field keeps the focus. */
export function Suggestions({ id, optionId, list, index, onAccept }: SuggestionsProps) {
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => {
    element.current?.children[index]?.scrollIntoView({ block: 'nearest' })
  }, [index])
  return (
    <div class="suggestions" id={id} ref={element} role="listbox" tabIndex={-1} aria-label="Names">
      {list.map((one, at) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
        <div
          key={`${one.kind} ${one.text}`}
          id={optionId(at)}
          role="option"
          aria-selected={at === index}
          class={one.kind === 'account' && !one.isTold ? 'untold' : undefined}
          // The field keeps the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onAccept(at)}
        >
          <Entry of={one} />
        </div>
      ))}
    </div>
  )
}

function Entry({ of }: { readonly of: Suggestion }) {
  if (of.kind === 'group')
    return (
      <>
        <span class="group-mark">
          <Icon of={Users} size={16} />
        </span>
        <b>@{of.text}</b>
        <span class="side-words">{reachInWords(of.reaches)}</span>
      </>
    )
  const { handle, name, kind } = of.account
  return (
    <>
      <Avatar handle={handle} name={name || handle} kind={kind} size={20} />
      <b>@{handle}</b>
      {name !== '' && name !== handle && <span class="other-name">{visibleName(name)}</span>}
      <span class="side-words">{of.isTold ? <Presence handle={handle} /> : 'would not be told'}</span>
    </>
  )
}
