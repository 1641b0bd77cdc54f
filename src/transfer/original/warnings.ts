/** What an importer has to say: sentences about single things, and how often the common ones happened. */
export class Warnings {
  private readonly sentences: string[] = []
  private readonly counts = new Map<string, number>()

  say(sentence: string): void {
    this.sentences.push(sentence)
  }

  /** Counts something that is said once, with its number in front: `12 replies …`. */
  count(what: string, times = 1): void {
    if (times > 0) this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  list(): string[] {
    return [...this.sentences, ...[...this.counts].map(([what, times]) => `${times} ${what}`)]
  }
}
