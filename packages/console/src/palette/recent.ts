const STORED = 'synapse.recent'
const MOST = 20

/** The slugs of the conversations that were open in this browser, the last one first; at most 20. */
export function recent(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]')
    return Array.isArray(found) ? found.filter((slug) => typeof slug === 'string') : []
  } catch {
    return []
  }
}

/** Notes that a conversation is open. */
export function setRecent(slug: string): void {
  try {
    const others = recent().filter((one) => one !== slug)
    localStorage.setItem(STORED, JSON.stringify([slug, ...others].slice(0, MOST)))
  } catch {
    // A full or forbidden storage: the palette begins with the side.
  }
}
