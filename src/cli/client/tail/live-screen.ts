import { print } from '../../lib/terminal'

const CLEAR = '\r\u001b[2K'

/** Prints lines, and keeps one line below them that is drawn again in place. */
export class LiveScreen {
  private status = ''
  private isOpen = true

  /** Without `hasStatus` there is no such line. */
  constructor(readonly hasStatus: boolean) {}

  /** Prints lines. Returns false when the reader of stdout has gone. */
  show(lines: readonly string[]): boolean {
    if (lines.length === 0) return true
    const text = `${lines.join('\n')}\n`
    return print(Buffer.from(this.hasStatus ? `${CLEAR}${text}${this.status}` : text))
  }

  /** Draws the status line, if it has changed. */
  draw(text: string): void {
    if (!this.hasStatus || !this.isOpen || text === this.status) return
    this.status = text
    print(Buffer.from(`${CLEAR}${text}`))
  }

  /** Removes the status line. */
  end(): void {
    if (this.hasStatus && this.isOpen && this.status !== '') print(Buffer.from(CLEAR))
    this.isOpen = false
    this.status = ''
  }
}
