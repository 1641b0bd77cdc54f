import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconShape } from './icon'
import { placeBeside } from './placing'

export interface MenuProps {
  /** The button's name, and that of the menu. */
  readonly label: string
  readonly icon?: IconShape
  /** What the button shows; its label by default, or its icon alone. */
  readonly button?: ComponentChildren
  readonly class?: string
  /** `MenuItem`s. Rendered while it is open. */
  readonly children: ComponentChildren
}

/** A button that opens a list of acts. Arrows move, Escape and a press elsewhere close it, the focus returns. */
export function Menu({ label, icon, button, class: className = 'button plain', children }: MenuProps) {
  const id = useId()
  const trigger = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  const items = () => [...(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])]
  const show = () => {
    if (!trigger.current || !list.current?.matches(':popover-open')) return
    placeBeside(list.current, trigger.current)
    items()[0]?.focus()
  }
  // It has its size when its items are drawn and it is open, which come in either order.
  useLayoutEffect(() => {
    if (isOpen) show()
  }, [isOpen])
  const toggled = ({ newState }: { readonly newState: string }) => {
    setOpen(newState === 'open')
    if (newState === 'open') show()
  }
  const moved = (event: KeyboardEvent) => {
    const all = items()
    const at = all.indexOf(document.activeElement as HTMLElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    all.at(to % all.length)?.focus()
  }
  return (
    <>
      <button
        type="button"
        ref={trigger}
        class={className}
        popovertarget={id}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={button === undefined && icon ? label : undefined}
        title={icon && button === undefined ? label : undefined}
      >
        {icon && <Icon of={icon} />}
        {button ?? (icon ? null : label)}
      </button>
      <div
        ref={list}
        id={id}
        class="menu"
        popover="auto"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        onBeforeToggle={({ newState }) => {
          if (newState === 'open') setOpen(true)
        }}
        onToggle={toggled}
        onKeyDown={moved}
        onClick={() => list.current?.hidePopover()}
      >
        {isOpen && children}
      </div>
    </>
  )
}

export interface MenuItemProps {
  readonly icon?: IconShape
  readonly danger?: boolean
  /** A choice that is on or off. */
  readonly checked?: boolean
  /** A key that does the same. */
  readonly hint?: string
  readonly onPress: () => unknown
  readonly children: ComponentChildren
}

export function MenuItem({ icon, danger = false, checked, hint, onPress, children }: MenuItemProps) {
  const role =
    checked === undefined
      ? { role: 'menuitem' as const }
      : { role: 'menuitemcheckbox' as const, 'aria-checked': checked }
  return (
    <button
      type="button"
      {...role}
      tabIndex={-1}
      class={danger ? 'item danger' : 'item'}
      onClick={() => onPress()}
    >
      {icon ? <Icon of={icon} size={16} /> : <span class="no-icon" />}
      <span class="text">{children}</span>
      {hint && <kbd>{hint}</kbd>}
    </button>
  )
}
