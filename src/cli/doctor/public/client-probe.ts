import { VERSION } from '../../../app/version'
import type { ClientConfig } from '../../../config'

const ANSWER_WITHIN_MS = 8000

/** Who comes to a server as a client does, and what it was told at the door: gathered once, before the first check. */
export interface ClientProbe {
  readonly client: ClientConfig
  /** What GET /healthz answered. */
  readonly health: Answer | NoAnswer
  /** Who the token stands for; undefined where it is missing, or nobody is there to ask. */
  readonly me: Answer | NoAnswer | undefined
  /** Asks the server with the token. `path` begins with /v1. */
  ask(path: string, init?: RequestInit): Promise<Answer | NoAnswer>
  /** What every request of a visitor carries. */
  readonly headers: Readonly<Record<string, string>>
}

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The fields of a JSON object; none where it was something else. */
  readonly body: Readonly<Record<string, unknown>>
  /** In between lies the moment at which the server wrote it. */
  readonly sentAt: number
  readonly heardAt: number
}

/** Why there was no answer: the code of the fault. */
export interface NoAnswer {
  readonly noAnswer: string
}

export async function visitorOf(client: ClientConfig): Promise<ClientProbe> {
  const token = client.credential?.token
  const headers = {
    // Servers know that this one is not another program that shares the token.
    'user-agent': `synapse-doctor/${VERSION}`,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const ask = (path: string, init: RequestInit = {}) =>
    answered(`${client.url}${path}`, { ...init, headers: { ...headers, ...init.headers } })
  // Whoever answers there is not told the token before it is known what it is.
  const health = await answered(`${client.url}/healthz`, {})
  const isThere = isSynapse(health)
  const me = token !== undefined && isThere ? await ask('/v1/auth/me') : undefined
  return { client, health, me, ask, headers }
}

/** Whether what answered says that it is a Synapse. */
export function isSynapse(health: Answer | NoAnswer): health is Answer {
  return 'status' in health && health.status === 200 && health.body['service'] === 'synapse'
}

/** The account of a valid token, as docs/contract/accounts.md#the-caller describes it; undefined for every other. */
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
    // A JSON object is one of fields; what they hold is looked at where they are used.
    const body = isObject ? (content as Record<string, unknown>) : {}
    return { status: response.status, headers: response.headers, body, sentAt, heardAt }
  } catch (error) {
    if (!(error instanceof Error)) return { noAnswer: 'no answer' }
    return { noAnswer: 'code' in error ? String(error.code) : error.name }
  }
}
