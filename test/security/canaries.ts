import type { Who } from './rules'

/** Words that show where they turn up. Each knows who may hear it. */
export class Canaries {
  private readonly mayHear = new Map<string, (who: Who) => boolean>()

  fresh(mayHear: (who: Who) => boolean): string {
    const word = `canary-${this.mayHear.size}-${crypto.randomUUID().slice(0, 8)}`
    this.mayHear.set(word, mayHear)
    return word
  }

  /** Those in a text. */
  in(text: string): string[] {
    return [...new Set(text.match(/canary-\d+-\w{8}/g))].toSorted()
  }

  /** Those in a text that somebody may not hear. */
  leaked(text: string, who: Who): string[] {
    return this.in(text).filter((word) => this.mayHear.get(word)?.(who) !== true)
  }
}
