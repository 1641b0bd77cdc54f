import type { ConfigProblem } from './config-error'

/** What an environment file says, and which of its lines say nothing. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>
  readonly problems: readonly ConfigProblem[]
}

const LINE = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/

/**
 * Reads KEY=VALUE lines. A line that begins with # is a comment; a # further on belongs to the value. Values may stand
 * in single quotes, as they are, or in double quotes, with \n, \" and \\. The last of equal keys counts.
 * Problems name the line, not what is in it, which may be a secret.
 */
export function parseEnvFile(text: string, path: string): EnvFile {
  const values: Record<string, string> = {}
  const problems: ConfigProblem[] = []
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const [, key, written = ''] = LINE.exec(line) ?? []
    const value = unquoted(written)
    if (key === undefined || value === undefined) {
      const problem = key === undefined ? 'is not KEY=VALUE' : 'has a quote that does not end'
      problems.push({
        name: `${path} line ${index + 1}`,
        problem,
        remedy: 'correct the line, or put # before it',
      })
    } else values[key] = value
  }
  return { values, problems }
}

function unquoted(written: string): string | undefined {
  const quote = written[0]
  if (quote !== "'" && quote !== '"') return written
  if (written.length < 2 || !written.endsWith(quote)) return undefined
  const inside = written.slice(1, -1)
  if (quote === "'") return inside
  // One pass, so that \\n stays a backslash and an n.
  return inside.replace(/\\([n"\\])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}
