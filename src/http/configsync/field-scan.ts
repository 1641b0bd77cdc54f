const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const COMMA = 0x2c
const OPENING: ReadonlySet<number> = new Set([0x5b, OPEN_OBJECT])
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d])
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * Finds where the text of a field begins in a JSON object, of which more comes with every call. Finds only a field of
 * the outermost object that is written `"name":"`, without white space or escapes.
 */
export class FieldScan {
  private readonly needle: Uint8Array
  private depth = 0
  private isText = false
  private isEscaped = false
  /** The last byte outside of texts that is no white space. */
  private before = 0
  /** How many bytes of the needle were just read. */
  private matched = 0

  constructor(name: string) {
    this.needle = new TextEncoder().encode(`"${name}":"`)
  }

  /** Returns the index in `bytes` after the opening quote of the field's text. */
  push(bytes: Uint8Array): number | undefined {
    for (let i = 0; i < bytes.length; i++) if (this.step(bytes[i] ?? 0)) return i + 1
    return undefined
  }

  /** Reports whether the needle ends with this byte. */
  private step(byte: number): boolean {
    const isStart = byte === QUOTE && !this.isText && this.mayBeName()
    this.matched = isStart ? 1 : this.needle[this.matched] === byte && this.matched > 0 ? this.matched + 1 : 0
    if (this.matched === this.needle.length) return true
    if (this.isText) this.stepInText(byte)
    else this.stepOutside(byte)
    return false
  }

  private mayBeName(): boolean {
    return this.depth === 1 && (this.before === OPEN_OBJECT || this.before === COMMA)
  }

  private stepInText(byte: number): void {
    if (this.isEscaped) this.isEscaped = false
    else if (byte === BACKSLASH) this.isEscaped = true
    else if (byte === QUOTE) this.isText = false
  }

  private stepOutside(byte: number): void {
    if (WHITE_SPACE.has(byte)) return
    if (byte === QUOTE) this.isText = true
    else if (OPENING.has(byte)) this.depth++
    else if (CLOSING.has(byte)) this.depth--
    this.before = byte
  }
}
