import { Search as SearchIcon } from 'lucide'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useConsole } from '../../app/console'
import { nameOf } from '../../app/side-order'
import { Icon } from '../../ui/icon'
import { type Completions, suggest, typedAt } from './query'

export interface SearchFieldProps {
  readonly text: string
  readonly onSearch: (text: string) => void
}

/** The field of a search. It completes filters; Enter searches. */
export function SearchField({ text, onSearch }: SearchFieldProps) {
  const known = useCompletions()
  const field = useRef<HTMLInputElement>(null)
  const [value, setValue] = useState(text)
  const [caret, setCaret] = useState<number | undefined>()
  const [chosen, setChosen] = useState(-1)
  useEffect(() => setValue(text), [text])
  const typed = caret === undefined ? undefined : typedAt(value, caret)
  const offers = typed ? suggest(typed, known) : []
  const isOpen = offers.length > 0
  const close = () => setCaret(undefined)
  const read = ({ currentTarget: { value: now, selectionStart } }: { currentTarget: HTMLInputElement }) => {
    setValue(now)
    setCaret(selectionStart ?? now.length)
    setChosen(-1)
  }
  const take = (index: number) => {
    const offer = offers[index]
    if (!offer || !typed) return
    const end = typed.start + offer.insert.length
    const rest = value.slice(typed.end).replace(/^ /, '')
    const next = value.slice(0, typed.start) + offer.insert + rest
    setValue(next)
    setChosen(-1)
    // A name of a filter goes on with its values.
    setCaret(offer.insert.endsWith(':') ? end : undefined)
    requestAnimationFrame(() => {
      field.current?.focus()
      field.current?.setSelectionRange(end, end)
    })
  }
  const pressed = (event: KeyboardEvent) => {
    if (event.isComposing || event.keyCode === 229) return
    const { key } = event
    if (isOpen && (key === 'ArrowDown' || key === 'ArrowUp')) {
      event.preventDefault()
      const step = key === 'ArrowDown' ? 1 : -1
      setChosen((chosen + step + offers.length + (chosen < 0 && step < 0 ? 1 : 0)) % offers.length)
    } else if (isOpen && (key === 'Tab' || key === 'Enter') && chosen >= 0) {
      event.preventDefault()
      take(chosen)
    } else if (isOpen && key === 'Escape') {
      event.preventDefault()
      close()
    } else if (key === 'Enter') {
      event.preventDefault()
      close()
      onSearch(value.trim())
    }
  }
  return (
    <search class="search-box">
      <Icon of={SearchIcon} />
      <input
        ref={field}
        type="search"
        list={undefined}
        // biome-ignore lint/a11y/noRedundantRoles: an input without a list has another role
        role="combobox"
        aria-label="Search"
        aria-expanded={isOpen}
        aria-controls="search-offers"
        aria-autocomplete="list"
        aria-activedescendant={isOpen && chosen >= 0 ? `search-offer-${chosen}` : undefined}
        placeholder="Search messages"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        enterkeyhint="search"
        maxLength={400}
        value={value}
        onInput={read}
        onClick={read}
        onKeyDown={pressed}
        onBlur={close}
      />
      <div id="search-offers" role="listbox" aria-label="Filters" class="offers" hidden={!isOpen}>
        {offers.map(({ label, detail }, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and takes the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the same
          <div
            key={label}
            id={`search-offer-${index}`}
            role="option"
            aria-selected={index === chosen}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => take(index)}
          >
            <b>{label}</b>
            {detail && <span>{detail}</span>}
          </div>
        ))}
      </div>
    </search>
  )
}

function useCompletions(): Completions {
  const { store } = useConsole()
  const mine = store.mine.value
  return {
    places: mine.map((channel) =>
      channel.peer
        ? { name: `@${channel.peer.handle}`, detail: nameOf(channel) }
        : { name: channel.slug, ...(channel.topic ? { detail: channel.topic } : {}) },
    ),
    people: store.accounts.all.value.map(({ handle, display_name }) => ({
      handle,
      name: display_name || handle,
    })),
    now: Date.now(),
  }
}
