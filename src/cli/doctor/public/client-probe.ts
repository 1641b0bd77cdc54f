import { VERSION } from '../../../app/version'
import type { ClientConfig } from '../../../config'

const ANSWER_WITHIN_MS = 8000

/** Connects to a server like a client. Its first answers are gathered once, before the first check. */
export interface ClientProbe {
  readonly client: ClientConfig
  /** What GET /healthz answered. */
  readonly health: Answer | NoAnswer
  /** The account of the token; undefined if there is no token, or the server does not answer. */
  readonly me: Answer | NoAnswer | undefined
  /** Asks the server with the token. `path` begins with /v1. */
  ask(path: string, init?: RequestInit): Promise<Answer | NoAnswer>
  /** The headers of every request. */
  readonly headers: Readonly<Record<string, string>>
}

/** An answer that was read completely. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The fields of a JSON object; empty for any other body. */
  readonly body: Readonly<Record<string, unknown>>
  /** The server wrote the answer between these two times, in milliseconds since 1970. */
  readonly sentAt: number
  readonly heardAt: number
}

/** No answer, with the code of the error. */
export interface NoAnswer {
  readonly noAnswer: string
}

/** Connects to the server of a client and gathers its first answers. */
export async function clientProbeOf(client: ClientConfig): Promise<ClientProbe> {
  const token = client.credential?.token
  const headers = {
    // Servers recognize this user agent, and do not report a token shared by two programs.
    'user-agent': `synapse-doctor/${VERSION}`,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const ask = (path: string, init: RequestInit = {}) =>
    answered(`${client.url}${path}`, { ...init, headers: { ...headers, ...init.headers } })
  // The token is sent only after a Synapse server has answered.
  const health = await answered(`${client.url}/healthz`, {})
  const isThere = isSynapse(health)
  const me = token !== undefined && isThere ? await ask('/v1/auth/me') : undefined
  return { client, health, me, ask, headers }
}

/** Reports whether the answer is from a Synapse server. */
export function isSynapse(health: Answer | NoAnswer): health is Answer {
  return 'status' in health && health.status === 200 && health.body['service'] === 'synapse'
}

/** Returns the account of a valid token (docs/contract/accounts.md#the-caller); otherwise undefined. */
export function accountOf({ me }: ClientProbe): Answer['body'] | undefined {
  return me !== undefined && 'status' in me && me.status === 200 ? me.body : undefined
}

async function answered(url: string, init: RequestInit): Promise<Answer | NoAnswer> {
  const sentAt = Date.now()
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const response = await fetch(url, { signal, ...init, redirect: 'manual' })
    const heardAt = Date.now()
    const content: unknown = await response.json().catch(() => undefined)
    const isObject = typeof content === 'object' && content !== null
    // The fields of a JSON object are checked where they are used.
    const body = isObject ? (content as Record<string, unknown>) : {}
    return { status: response.status, headers: response.headers, body, sentAt, heardAt }
  } catch (error) {
    if (!(error instanceof Error)) return { noAnswer: 'no answer' }
    return { noAnswer: 'code' in error ? String(error.code) : error.name }
  }
}
