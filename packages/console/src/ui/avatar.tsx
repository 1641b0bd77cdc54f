/** What an avatar shows: a person's initial, or two characters of an agent: `builder-2` is b2, `scout` is sc. */
export function initialsOf(name: string, kind: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const first = [...(words[0] ?? '?')]
  if (kind === 'human') return (first[0] ?? '?').toUpperCase()
  const second = words.length > 1 ? [...(words.at(-1) ?? '')][0] : first[1]
  return `${first[0] ?? '?'}${second ?? ''}`.toLowerCase()
}

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
