import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './release'

/** A page of the documentation. */
export function pageOf(file: string): string {
  return readFileSync(join(CHECKOUT, file), 'utf8')
}

/** The shell blocks of a text, in order. */
export function blocksIn(text: string): string[] {
  return [...text.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
}

/** The lines of a block, with continued lines joined; of a transcript, only what was typed. */
export function linesOf(block: string): string[] {
  const lines = block.replaceAll('\\\n', ' ').trimEnd().split('\n')
  const typed = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
  return (typed.length > 0 ? typed : lines).filter((line) => line.trim() !== '')
}
