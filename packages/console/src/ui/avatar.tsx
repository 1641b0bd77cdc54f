import { initialsOf } from './initials'

export interface AvatarProps {
  readonly handle: string
  readonly name?: string | null
  readonly kind: string
  /** In px; 28 by default. */
  readonly size?: 20 | 28 | 40
}

/** A circle for people, a rounded square for agents. The name stands beside it, so readers skip it. */
export function Avatar({ handle, name, kind, size = 28 }: AvatarProps) {
  const isPerson = kind === 'human'
  return (
    <span class={`avatar ${isPerson ? 'person' : 'agent'} size-${size}`} aria-hidden="true">
      {initialsOf(isPerson ? (name ?? handle) : handle, kind)}
    </span>
  )
}
