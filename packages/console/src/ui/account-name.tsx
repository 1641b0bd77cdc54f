import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { placeBeside } from './placing'

const HOVER_MS = 300

export interface AccountNameProps {
  readonly handle: string
  readonly name?: string | null
  readonly kind: string
  /** The card of the account. Rendered while it is open. Without one the name is only text. */
  readonly card?: () => ComponentChildren
  /** Whether the word `agent` stands beside an agent. */
  readonly labelled?: boolean
  /** -1 in a row that Tab does not reach. */
  readonly tabIndex?: 0 | -1
}

/** The name of an account. Its card opens when it is hovered for 300 ms, pressed, or asked for by Enter. */
export function AccountName({ handle, name, kind, card, labelled = false, tabIndex = 0 }: AccountNameProps) {
  const text = name ?? handle
  const word =
    labelled && kind !== 'human' ? <span class="kind">{kind === 'system' ? 'system' : 'agent'}</span> : null
  const look = kind === 'human' ? 'person' : 'agent'
  if (card === undefined)
    return (
      <span class={`account-name ${look}`}>
        <b title={`@${handle}`}>{text}</b>
        {word}
      </span>
    )
  return (
    <span class={`account-name ${look}`}>
      <CardButton label={text} card={card} tabIndex={tabIndex} />
      {word}
    </span>
  )
}

interface CardButtonProps {
  readonly label: string
  readonly card: () => ComponentChildren
  readonly tabIndex: 0 | -1
}

function CardButton({ label, card, tabIndex }: CardButtonProps) {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const popover = useRef<HTMLDivElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  // A list has hundreds of names: the card of one is made when somebody comes near.
  const [isMade, setMade] = useState(false)
  const [isOpen, setOpen] = useState(false)
  const isPressed = useRef(false)
  useEffect(() => () => clearTimeout(timer.current), [])
  useEffect(() => {
    if (isMade && isPressed.current) popover.current?.showPopover()
  }, [isMade])
  useEffect(() => {
    const [card, opener] = [popover.current, button.current]
    if (!isOpen || !card || !opener) return
    // It grows while what it shows is read.
    const watcher = new ResizeObserver(() => placeBeside(card, opener))
    watcher.observe(card)
    return () => watcher.disconnect()
  }, [isOpen])
  const later = (act: () => void) => {
    clearTimeout(timer.current)
    timer.current = setTimeout(act, HOVER_MS)
  }
  const leave = ({ pointerType }: PointerEvent) => {
    if (pointerType !== 'mouse') return
    later(() => {
      if (popover.current?.contains(document.activeElement) !== true) popover.current?.hidePopover()
    })
  }
  return (
    <>
      <button
        type="button"
        ref={button}
        class="name"
        tabIndex={tabIndex}
        popovertarget={id}
        // A press after the hover must not close it.
        popovertargetaction="show"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onFocus={() => setMade(true)}
        onPointerDown={() => setMade(true)}
        onClick={() => {
          // A reader presses without coming near.
          isPressed.current = true
          setMade(true)
        }}
        onPointerEnter={({ pointerType }) => {
          setMade(true)
          if (pointerType === 'mouse') later(() => popover.current?.showPopover())
        }}
        onPointerLeave={leave}
      >
        {label}
      </button>
      {isMade && (
        <div
          ref={popover}
          id={id}
          class="name-card"
          popover="auto"
          role="dialog"
          aria-label={label}
          onToggle={({ newState }) => setOpen(newState === 'open')}
          onPointerEnter={() => clearTimeout(timer.current)}
          onPointerLeave={leave}
        >
          {isOpen && card()}
        </div>
      )}
    </>
  )
}
