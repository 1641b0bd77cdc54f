/** The report of `synapse doctor` on a test machine. */
import type { Site } from '../support/site'

export interface Line {
  readonly name: string
  readonly status: string
  readonly detail: string
  readonly fix: string | null
}

/** The exit code of doctor and its lines. */
export interface Examined {
  readonly code: number
  readonly lines: readonly Line[]
  of(name: string): Line | undefined
}

/** Reads the output of `doctor --json`. Fails if there is none. */
export function examinedBy(finished: { code: number; stdout: string; stderr: string }): Examined {
  const { code, stdout, stderr } = finished
  if (stdout === '') throw new Error(stderr)
  const { object, checks } = JSON.parse(stdout) as { object: string; checks: Line[] }
  if (object !== 'doctor_report') throw new Error(`this is no report of doctor: ${object}`)
  return { code, lines: checks, of: (name) => checks.find((check) => check.name === name) }
}

/** The report of doctor with these environment variables. */
export async function examined(
  site: Site,
  environment: Record<string, string> = {},
  ...words: string[]
): Promise<Examined> {
  return examinedBy(await site.runWith(environment, 'doctor', '--json', ...words))
}
