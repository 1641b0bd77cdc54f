import type { Message } from '@synapse/client'
import { SmilePlus } from 'lucide'
import { useId, useRef, useState } from 'preact/hooks'
import { later, rest } from '../app/later'
import { Icon } from '../ui/icon'
import { placeBeside } from '../ui/placing'
import { readable } from './emoji'

const ReactionChoices = later(
  rest((parts) => parts.ReactionChoices),
  null,
)

interface ReactionsProps {
  readonly reactions: Message['reactions']
  /** My handle. */
  readonly me: string
  readonly nameOf: (handle: string) => string
  /** Adds a reaction of mine, or takes it back. Without it they cannot be pressed. */
  readonly onToggle: ((emoji: string, isOn: boolean) => void) | undefined
}

/** The reactions to a message. Mine are marked; a press adds or removes mine. */
export function Reactions({ reactions, me, nameOf, onToggle }: ReactionsProps) {
  if (reactions.length === 0) return null
  return (
    <ul class="reactions" aria-label="Reactions">
      {reactions.map(({ emoji, count, handles }) => {
        const isMine = handles.includes(me)
        const names = handles.map((handle) => (handle === me ? 'you' : nameOf(handle)))
        const more = count - handles.length
        const who = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
        const isWord = /^\w/.test(emoji)
        return (
          <li key={emoji}>
            <button
              type="button"
              class={isWord ? 'reaction word' : 'reaction'}
              aria-pressed={isMine}
              aria-label={`${readable(emoji)} ${count}: ${who}`}
              title={who}
              aria-disabled={onToggle ? undefined : true}
              onClick={() => onToggle?.(emoji, !isMine)}
            >
              <span class="reaction-sign">{readable(emoji)}</span> <span class="reaction-count">{count}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

interface ReactionPickerProps {
  readonly onPick: (emoji: string) => void
}

/** A button that opens 16 emoji, 8 words, and a field for any other. */
export function ReactionPicker({ onPick }: ReactionPickerProps) {
  const id = useId()
  const trigger = useRef<HTMLButtonElement>(null)
  const popover = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  const pick = (emoji: string) => {
    popover.current?.hidePopover()
    onPick(emoji)
  }
  const toggled = ({ newState }: { readonly newState: string }) => {
    setOpen(newState === 'open')
  }
  const shown = () => {
    if (trigger.current && popover.current) placeBeside(popover.current, trigger.current)
    popover.current?.querySelector('button')?.focus()
  }
  return (
    <>
      <button
        type="button"
        ref={trigger}
        class="button plain icon-only"
        popovertarget={id}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-label="React"
        title="React (+)"
        data-act="react"
      >
        <Icon of={SmilePlus} />
      </button>
      <div
        ref={popover}
        id={id}
        class="reaction-picker"
        popover="auto"
        role="dialog"
        aria-label="React"
        onToggle={toggled}
        onKeyDown={(event) => moveInGrid(event)}
      >
        {isOpen && <ReactionChoices onPick={pick} onShown={shown} />}
      </div>
    </>
  )
}

const COLUMNS = 8

/** The arrows move between the emoji, as in a table of eight columns. */
function moveInGrid(event: KeyboardEvent): void {
  const { target, currentTarget: picker } = event
  if (!(target instanceof HTMLButtonElement) || !(picker instanceof HTMLElement)) return
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key]
  if (by === undefined) return
  const all = [...picker.querySelectorAll('button')]
  event.preventDefault()
  event.stopPropagation()
  all[Math.max(0, Math.min(all.length - 1, all.indexOf(target) + by))]?.focus()
}
