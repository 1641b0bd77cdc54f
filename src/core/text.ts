/** Whether a text has more Unicode code points than `limit`; every length of the contract counts those. */
export function isLongerThan(text: string, limit: number): boolean {
  // A code point takes at most two UTF-16 units, so short texts need no counting.
  if (text.length <= limit) return false
  let count = 0
  for (const _ of text) if (++count > limit) return true
  return false
}
