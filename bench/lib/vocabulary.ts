const SIZE = 20_000

/** Returns a word. Each further word of the vocabulary is rarer, as in a language. `most`: only among so many. */
export function someWord(most = SIZE): string {
  return `w${Math.floor(most ** Math.random())}`
}

export function someWords(count: number, most?: number): string[] {
  return Array.from({ length: count }, () => someWord(most))
}
