/** A fence of code in markdown: its character, how many of it, and where the code begins. */
interface Fence {
  readonly mark: '`' | '~'
  readonly length: number
}

/** Follows a text line by line and says which fence of code is open. */
export class Fences {
  private open: Fence | undefined

  get isOpen(): boolean {
    return this.open !== undefined
  }

  /** Reads the next line, without its line break. Returns whether the line is code or opens or ends it. */
  read(line: string): boolean {
    const [, marks = '', rest = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? []
    const mark = marks[0] as Fence['mark'] | undefined
    if (this.open) {
      const ends = mark === this.open.mark && marks.length >= this.open.length && rest.trim() === ''
      if (ends) this.open = undefined
      return true
    }
    if (mark === undefined || (mark === '`' && rest.includes('`'))) return false
    this.open = { mark, length: marks.length }
    return true
  }
}

/** Reports whether a fence is open at a position of a text, in UTF-16 units: what is written there is code. */
export function isInFence(text: string, position: number): boolean {
  const before = text.slice(0, position)
  if (!before.includes('```') && !before.includes('~~~')) return false
  const fences = new Fences()
  const lines = before.split('\n')
  // The line of the position itself opens a fence only once it is broken, which is what is asked here.
  for (const line of lines) fences.read(line)
  return fences.isOpen
}
