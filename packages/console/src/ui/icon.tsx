import type { IconNode } from 'lucide'
import { h } from 'preact'

export type IconShape = IconNode

export interface IconProps {
  /** An icon of lucide: `import { Bell } from 'lucide'`. */
  readonly of: IconShape
  /** In px; 18 by default. */
  readonly size?: number
  /** What it means, where no text beside it says so. Without one it is decoration. */
  readonly label?: string
  readonly class?: string
}

export function Icon({ of, size = 18, label, class: className = '' }: IconProps) {
  const shape = (
    <svg
      aria-hidden="true"
      class={`icon ${className}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      {of.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  )
  if (label === undefined) return shape
  return (
    <>
      {shape}
      <span class="unseen">{label}</span>
    </>
  )
}
