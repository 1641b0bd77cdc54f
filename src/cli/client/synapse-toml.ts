import { CliError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'

/** What `setup` writes into the table [synapse]; undefined keys stay as they are. */
interface Settings {
  readonly base_url: string
  readonly handle: string
  readonly channels: readonly string[] | undefined
}

/** Returns a synapse.toml with these settings. Everything else in the text stays. @throws CliError if that fails */
export function withSettings(text: string, settings: Settings): string {
  const lines = text === '' ? ['[synapse]'] : text.replace(/\r?\n$/, '').split(/\r?\n/)
  const head = lines.findIndex((line) => /^\s*\[\s*synapse\s*\]/.test(line))
  const start = head === -1 ? lines.push('', '[synapse]') : head + 1
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined) continue
    const line = `${key} = ${JSON.stringify(value)}`
    const end = tableEnd(lines, start)
    const at = lines.findIndex((one, i) => i >= start && i < end && new RegExp(`^\\s*${key}\\s*=`).test(one))
    if (at === -1) lines.splice(lastKey(lines, start, end), 0, line)
    else lines.splice(at, valueLines(lines, at, end), line)
  }
  const written = `${lines.join('\n')}\n`
  if (!holds(written, settings))
    throw new CliError(EXIT.failure, 'synapse.toml has a form that setup cannot change', [
      `write into [synapse]: base_url = ${JSON.stringify(settings.base_url)}, handle = ${JSON.stringify(settings.handle)}`,
    ])
  return written
}

/** The line after the last one of a table. */
function tableEnd(lines: readonly string[], start: number): number {
  const next = lines.findIndex((line, at) => at >= start && /^\s*\[/.test(line))
  return next === -1 ? lines.length : next
}

/** Where a new key goes: after the last line of the table that is not blank. */
function lastKey(lines: readonly string[], start: number, end: number): number {
  let at = end
  while (at > start && lines[at - 1]?.trim() === '') at--
  return at
}

/** How many lines a value takes: a list may go on over several. */
function valueLines(lines: readonly string[], at: number, end: number): number {
  for (let count = 1; at + count <= end; count++) {
    try {
      Bun.TOML.parse(lines.slice(at, at + count).join('\n'))
      return count
    } catch {
      // It goes on in the next line.
    }
  }
  return 1
}

function holds(text: string, { base_url, handle, channels }: Settings): boolean {
  try {
    const { synapse } = Bun.TOML.parse(text) as { synapse?: Record<string, unknown> }
    return (
      synapse?.['base_url'] === base_url &&
      synapse['handle'] === handle &&
      (channels === undefined || Bun.deepEquals(synapse['channels'], [...channels]))
    )
  } catch {
    return false
  }
}
