import type { ComponentChildren } from 'preact'
import { Icon, type IconShape } from './icon'

export interface ChipProps {
  readonly tone?: 'plain' | 'accent' | 'agent' | 'wait' | 'bad'
  readonly icon?: IconShape
  readonly title?: string
  readonly children: ComponentChildren
}

/** A short fact with a background: a claim, a state, a filter. */
export function Chip({ tone = 'plain', icon, title, children }: ChipProps) {
  return (
    <span class={`chip ${tone}`} title={title}>
      {icon && <Icon of={icon} size={14} />}
      {children}
    </span>
  )
}
