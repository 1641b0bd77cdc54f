const STORED = 'synapse.last-open'

/** The slug of the conversation that was open last in this browser. */
export function lastOpen(): string | undefined {
  return localStorage.getItem(STORED) ?? undefined
}

export function setLastOpen(slug: string): void {
  try {
    localStorage.setItem(STORED, slug)
  } catch {
    // A full or forbidden storage: the first channel is opened next time.
  }
}
