import { effect, type Signal, signal } from '@preact/signals'

/** How this browser shows the console. Kept in it, not on the server. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark'
  readonly density: 'comfortable' | 'compact'
  readonly clock: '24' | '12'
  /** What Enter does in a message field; the other act is on Shift+Enter. */
  readonly enter: 'send' | 'break'
  /** Whether single keys act on a focused row. */
  readonly singleKeys: boolean
  /** Whether notifications are shown where the browser allows them, and whether they may sound. */
  readonly alerts: boolean
  readonly alertSound: boolean
}

const usual: Preferences = {
  theme: 'system',
  density: 'comfortable',
  clock: '24',
  enter: 'send',
  singleKeys: true,
  alerts: true,
  alertSound: false,
}

const STORED = 'synapse.preferences'

export const preferences: Signal<Preferences> = signal(stored())

/** Changes some of them, here and in the other tabs of this browser. */
export function prefer(changes: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...changes }
  try {
    localStorage.setItem(STORED, JSON.stringify(preferences.value))
  } catch {
    // A full or forbidden storage: they hold until the tab is closed.
  }
}

/** Makes the page look as preferred. Call it once. */
export function applyPreferences(): void {
  addEventListener('storage', ({ key }) => {
    if (key === STORED || key === null) preferences.value = stored()
  })
  effect(() => {
    const { theme, density } = preferences.value
    const { dataset } = document.documentElement
    if (theme === 'system') delete dataset.theme
    else dataset.theme = theme
    dataset.density = density
  })
}

function stored(): Preferences {
  try {
    return { ...usual, ...(JSON.parse(localStorage.getItem(STORED) ?? '{}') as Partial<Preferences>) }
  } catch {
    return usual
  }
}
