/** What an avatar shows: a person's initial, or two characters of an agent: `builder-2` is b2, `scout` is sc. */
export function initialsOf(name: string, kind: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const first = [...(words[0] ?? '?')]
  if (kind === 'human') return (first[0] ?? '?').toUpperCase()
  const second = words.length > 1 ? [...(words.at(-1) ?? '')][0] : first[1]
  return `${first[0] ?? '?'}${second ?? ''}`.toLowerCase()
}
