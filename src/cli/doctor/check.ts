import { withoutCredentials } from '../../config'
import type { Diagnosis } from './diagnosis'

export type Status = 'pass' | 'warn' | 'fail' | 'skip'

/** One finding of a check. `fix` says what to do about it, as a command if possible. */
export interface Finding {
  readonly status: Status
  readonly detail: string
  readonly fix?: string
}

/** One check of a subject: a home with its server, or a remote server. */
export interface Check<Subject = Diagnosis> {
  readonly name: string
  readonly look: (subject: Subject) => Finding[] | Promise<Finding[]>
}

/** The reported line of a check. */
export interface Report {
  readonly name: string
  readonly status: Status
  readonly detail: string
  readonly fix: string | null
}

const ORDER: readonly Status[] = ['fail', 'warn', 'pass', 'skip']

export const pass = (detail: string): Finding => ({ status: 'pass', detail })
export const skip = (detail: string): Finding => ({ status: 'skip', detail })
export const warn = (detail: string, fix: string): Finding => ({ status: 'warn', detail, fix })
export const fail = (detail: string, fix: string): Finding => ({ status: 'fail', detail, fix })

/** Reports whether a time is at most so many milliseconds away from now, in the past or, by a wrong clock, the future. */
export function isWithin(at: number, milliseconds: number): boolean {
  return Math.abs(Date.now() - at) <= milliseconds
}

/** Runs the checks one after another, because they use the same files and connections. */
export async function reportsOf<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
): Promise<Report[]> {
  const reports: Report[] = []
  for (const check of checks) reports.push(await reportOf(check, subject))
  return reports
}

/** Runs a check and reports its worst findings in one line. A check that throws counts as failed. */
async function reportOf<Subject>({ name, look }: Check<Subject>, subject: Subject): Promise<Report> {
  const findings = await findingsOf(look, subject)
  const status = ORDER.find((each) => findings.some((finding) => finding.status === each)) ?? 'skip'
  const worst = findings.filter((finding) => finding.status === status)
  const fixes = new Set(worst.flatMap(({ fix }) => fix ?? []))
  return {
    name,
    status,
    detail: withoutCredentials(worst.map(({ detail }) => detail).join('; ')),
    fix: fixes.size === 0 ? null : withoutCredentials([...fixes].join('; ')),
  }
}

async function findingsOf<Subject>(look: Check<Subject>['look'], subject: Subject): Promise<Finding[]> {
  try {
    return await look(subject)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    const [line = ''] = String(error instanceof Error ? error.message : error).split('\n')
    return [
      fail(
        `this check could not run: ${line.slice(0, 200)}${code}`,
        'run doctor as the user that runs the server',
      ),
    ]
  }
}
