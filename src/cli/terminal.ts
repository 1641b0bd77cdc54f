import { processEnvironment } from '../config/environment'
import { printableJson } from '../core/text'

/** Ways to set words apart on a terminal; plain text where colour is not wanted. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly green: (text: string) => string
  readonly red: (text: string) => string
}

/** Colour for terminals alone, and not where NO_COLOR is set (https://no-color.org). */
export function styleOf(stream: NodeJS.WriteStream): Style {
  const { NO_COLOR, TERM } = processEnvironment()
  const colour = stream.isTTY === true && !NO_COLOR && TERM !== 'dumb'
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return { bold: paint(1), dim: paint(2), green: paint(32), red: paint(31) }
}

/** Writes the answer of a command: JSON with an indent of two, and nothing else, on stdout. */
export function printJson(value: unknown): void {
  console.log(printableJson(value, 2))
}

/** Writes a remark for the person at the terminal; stdout stays for the answer. */
export function note(text: string): void {
  // Bun's console.error would paint it red.
  process.stderr.write(`${text}\n`)
}

/** Whether somebody is there who can be asked. */
export function isInteractive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}
