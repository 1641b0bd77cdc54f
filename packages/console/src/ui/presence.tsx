import type { ComponentChildren } from 'preact'

/** How a state looks. `offline` has no shape. */
export type PresenceLook = 'working' | 'waiting' | 'blocked' | 'idle' | 'episodic' | 'offline'

const shapes: Readonly<Record<Exclude<PresenceLook, 'offline'>, ComponentChildren>> = {
  working: <circle cx="6" cy="6" r="5" fill="currentColor" />,
  waiting: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" stroke-width="1.5" />
      <path d="M6 1.5a4.5 4.5 0 0 0 0 9z" fill="currentColor" />
    </>
  ),
  blocked: <rect x="1.5" y="1.5" width="9" height="9" rx="1" fill="currentColor" />,
  idle: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="2" />,
  episodic: (
    <circle
      cx="6"
      cy="6"
      r="4.25"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-dasharray="2.6 2"
    />
  ),
}

export interface PresenceMarkProps {
  readonly look: PresenceLook
  /** In words, with its age: `working, 2 min`. Shown unless `quiet`. */
  readonly words: string
  /** Only the shape; the words are its name. */
  readonly quiet?: boolean
}

/** The state of an account as shape, colour and words. Offline has no shape. */
export function PresenceMark({ look, words, quiet = false }: PresenceMarkProps) {
  const shape = look === 'offline' ? null : shapes[look]
  if (quiet && shape === null) return null
  return (
    <span class={`presence ${look}`} title={quiet ? words : undefined}>
      {shape && (
        <svg class="shape" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
          {shape}
        </svg>
      )}
      <span class={quiet ? 'unseen' : ''}>{words}</span>
    </span>
  )
}
