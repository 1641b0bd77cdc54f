import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKOUT } from './release'

/** The instructions of the final image, with continued lines joined. */
export function finalImage(): [instruction: string, rest: string][] {
  const lines = readFileSync(join(CHECKOUT, 'Dockerfile'), 'utf8').replaceAll('\\\n', '').split('\n')
  const instructions = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const last = instructions.findLastIndex((line) => line.startsWith('FROM '))
  return instructions.slice(last).map((line) => {
    const at = line.indexOf(' ')
    return [line.slice(0, at), line.slice(at + 1)]
  })
}

/** The rest of the only instruction of this name. Fails if there is none, or more than one. */
export function instructionOf(instruction: string): string {
  const [found, ...others] = finalImage().filter(([name]) => name === instruction)
  if (found === undefined || others.length > 0) throw new Error(`the image has not one ${instruction}`)
  return found[1]
}
