import { CliError } from './cli-error'
import { exitCodeOfStatus } from './exit-codes'

/** The body of an API error, as the contract defines it. Another program at the address may answer anything. */
interface ErrorBody {
  readonly detail?: unknown
  readonly code?: unknown
  readonly gate?: unknown
  readonly required_scope?: unknown
  readonly channel?: unknown
  readonly retry_after?: unknown
  readonly fix?: unknown
  readonly request_id?: unknown
}

const ADMIN_TOKEN = 'the token is read from SYNAPSE_ADMIN_TOKEN, or from the file SYNAPSE_ADMIN_TOKEN_FILE'

/**
 * Makes an error from the server's refusal, in the words of the server, with hints on what to do. `credentialHint` says
 * where the token is from.
 */
export function refusalOf(status: number, answer: unknown, credentialHint = ADMIN_TOKEN): CliError {
  const body: ErrorBody = typeof answer === 'object' && answer !== null ? answer : {}
  const named = typeof body.channel === 'string' && !Array.isArray(body.detail) ? `: ${body.channel}` : ''
  const code = typeof body.code === 'string' ? body.code : undefined
  return new CliError(
    exitCodeOfStatus(status, code),
    `${detailOf(status, body)}${named}`,
    hintsOf(status, body, credentialHint),
  )
}

function detailOf(status: number, { detail }: ErrorBody): string {
  if (typeof detail === 'string' && detail !== '') return detail
  if (Array.isArray(detail) && detail.length > 0) return detail.map(fieldProblem).join('\n')
  return `the server answered with status ${status}`
}

/** Returns one line of a 422 answer, such as `handle: Field required`. */
function fieldProblem(problem: unknown): string {
  const { loc, msg }: { loc?: unknown; msg?: unknown } =
    typeof problem === 'object' && problem !== null ? problem : {}
  const path = Array.isArray(loc) ? loc.slice(1).join('.') : ''
  return [path, String(msg ?? 'is not valid')].filter((part) => part !== '').join(': ')
}

function hintsOf(status: number, body: ErrorBody, credentialHint: string): string[] {
  const hints: string[] = []
  if (typeof body.fix === 'string') hints.push(`fix: ${body.fix}`)
  if (typeof body.required_scope === 'string') hints.push(`this needs the scope ${body.required_scope}`)
  else if (typeof body.gate === 'string') hints.push(`refused by the gate ${body.gate}`)
  if (typeof body.retry_after === 'number') hints.push(`try again in ${body.retry_after} s`)
  if (status === 401) hints.push(credentialHint)
  if (status >= 500 && typeof body.request_id === 'string')
    hints.push(`the log of the server has details: request ${body.request_id}`)
  return hints
}
