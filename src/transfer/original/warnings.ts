/** The warnings of an import: sentences about single things, and counts of common ones. */
export class Warnings {
  private readonly sentences: string[] = []
  private readonly counts = new Map<string, number>()

  say(sentence: string): void {
    this.sentences.push(sentence)
  }

  /** Counts something that is reported once, with its number: `12 replies …`. */
  count(what: string, times = 1): void {
    if (times > 0) this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  list(): string[] {
    return [...this.sentences, ...[...this.counts].map(([what, times]) => `${times} ${what}`)]
  }
}
