import { type ReadonlySignal, signal } from '@preact/signals'

const query = matchMedia('(min-width: 75rem)')
const matches = signal(query.matches)
query.addEventListener('change', () => {
  matches.value = query.matches
})

/** Whether there is room for a pane beside the main one. */
export const isWide: ReadonlySignal<boolean> = matches
