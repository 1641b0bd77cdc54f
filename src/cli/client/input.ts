import { UsageError } from '../lib/cli-error'

/** Returns the text on stdin, without a line break at the end. @throws UsageError at a terminal, where nothing is piped */
export async function readInput(flag: string): Promise<string> {
  if (process.stdin.isTTY === true)
    throw new UsageError(`${flag} is missing`, ['without it, the text is read from a pipe: … | synapse …'])
  const text = await Bun.stdin.text()
  return text.replace(/\r?\n$/, '')
}
