import type { Who } from './rules'

/** Unique words that show where a text appears. Each knows who may read it. */
export class Canaries {
  private readonly mayHear = new Map<string, (who: Who) => boolean>()

  fresh(mayHear: (who: Who) => boolean): string {
    const word = `canary-${this.mayHear.size}-${crypto.randomUUID().slice(0, 8)}`
    this.mayHear.set(word, mayHear)
    return word
  }

  /** The canaries in a text. */
  in(text: string): string[] {
    return [...new Set(text.match(/canary-\d+-\w{8}/g))].toSorted()
  }

  /** The canaries in a text that this caller may not read. */
  leaked(text: string, who: Who): string[] {
    return this.in(text).filter((word) => this.mayHear.get(word)?.(who) !== true)
  }
}
