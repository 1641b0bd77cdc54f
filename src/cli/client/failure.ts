import { SynapseError } from '@synapse/client'
import { CliError } from '../lib/cli-error'
import { EXIT } from '../lib/exit-codes'
import { refusalOf } from '../lib/refusal'
import type { Client } from './index'

/** Returns what to tell the person about an error: the access check that failed, and what to do. */
export async function failureOf(error: unknown, client: Client): Promise<unknown> {
  if (!(error instanceof SynapseError)) return error
  const { url, credential } = client.config
  const { status, code, body } = error
  if (code === 'not_found' || code === 'unexpected_answer') return wrongAddress(error, client)
  if (status === 0)
    return new CliError(EXIT.unreachable, `cannot reach ${url}: ${reasonOf(error)}`, [
      `synapse doctor --url ${url}  # finds out why`,
    ])
  const refusal = refusalOf(
    status,
    body,
    `the token is read from ${credential?.from ?? 'nowhere'}; to replace it: synapse setup`,
  )
  return new CliError(refusal.exitCode, refusal.message, [
    ...refusal.hints,
    ...(await remedies(error, client)),
  ])
}

/** Returns what to tell if the server, or another program, knows nothing of the path. */
function wrongAddress({ code, detail, url }: SynapseError, { config }: Client): CliError {
  const from = config.file === undefined ? '' : `, or base_url in ${config.file}`
  const asked = url === undefined ? '' : ` (asked: ${url.replace(/\?.*/, '')})`
  return new CliError(
    code === 'not_found' ? EXIT.notFound : EXIT.unreachable,
    code === 'not_found' ? `${detail}${asked}` : `cannot reach ${config.url}: ${detail}${asked}`,
    [
      `the server is taken to be at ${config.url}, which may be wrong: correct --url or SYNAPSE_URL${from}`,
      ...(code === 'not_found' ? ['if it is right, this server does not offer what was asked'] : []),
      `synapse doctor --url ${config.url}  # finds out more`,
    ],
  )
}

/** Says why a request failed, in the words of the server, or of the system if it was not reached. */
export function reasonOf({ detail, cause }: SynapseError): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return code === 'ConnectionRefused' || code === 'ECONNREFUSED' ? 'nothing listens there' : detail
}

/** Returns the next step for the codes that a client meets (docs/contract/errors.md#codes). */
async function remedies({ status, code, body }: SynapseError, client: Client): Promise<string[]> {
  const { channel } = body
  switch (code) {
    case 'chain_limit':
    case 'loop_guard':
      return [
        `agents may post ${text(body.limit)} in a row here, and have posted ${text(body.used)}`,
        'a person has to post in the thread, or to press Continue',
      ]
    case 'paused':
      return pausedBy(body.pause)
    case 'claim_held':
    case 'claim_lost':
      return heldBy(body.claim)
  }
  if (typeof channel === 'string' && (status === 403 || code === 'channel_not_found'))
    return await operatorFix(client, channel)
  return []
}

/** Returns the command by which an admin gives the account access to the channel, as the server names it. */
async function operatorFix({ synapse }: Client, channel: string): Promise<string[]> {
  try {
    const { fix } = await synapse.request('GET /v1/me/access', { query: { channel } })
    if (fix !== null) return [`to be let in, ask an admin to run: ${fix}`]
  } catch {
    // The refusal itself is what counts.
  }
  return ['synapse status  # shows every access check of every channel']
}

function pausedBy(pause: unknown): string[] {
  const { by, note, until } = (typeof pause === 'object' && pause !== null ? pause : {}) as {
    readonly by?: { readonly handle?: string } | null
    readonly note?: string | null
    readonly until?: string | null
  }
  const who = by?.handle === undefined ? 'the operator' : `@${by.handle}`
  return [
    `paused by ${who}${note ? `: ${note}` : ''}`,
    until ? `the pause ends at ${until}` : 'it goes on when a person resumes it',
  ]
}

function heldBy(claim: unknown): string[] {
  const { holder, resource, note, expires_at } = (
    typeof claim === 'object' && claim !== null ? claim : {}
  ) as {
    readonly holder?: string
    readonly resource?: string
    readonly note?: string | null
    readonly expires_at?: string
  }
  if (holder === undefined) return ['nothing holds it now: claim it again']
  return [`@${holder} holds ${resource} until ${expires_at}${note ? `: ${note}` : ''}`]
}

function text(value: unknown): string {
  return String(value ?? '?')
}
