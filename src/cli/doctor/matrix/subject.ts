import type { Check } from '../check'
import type { Diagnosis } from '../diagnosis'

const ANSWER_WITHIN_MS = 8000

/** Why checks are skipped. */
export const NO_SERVER = 'no server runs'
export const NO_ADDRESS = 'no public address is set (base_url)'

/** What the checks of the homeserver examine. */
export interface MatrixSubject {
  readonly diagnosis: Diagnosis
  readonly serverName: string
  /** The origin at which clients reach it; undefined while none is set. */
  readonly base: string | undefined
  /** The same, or else an address of the running server on this machine. */
  readonly reached: string | undefined
  /** Asks the running server as its operator; undefined without one, or if it does not answer. */
  readonly ask: <Answer>(path: string) => Promise<Answer | undefined>
  /** Asks it for all pages of a list. */
  readonly list: <Row>(path: string) => Promise<readonly Row[] | undefined>
}

export type MatrixCheck = Check<MatrixSubject>

export function subjectOf(diagnosis: Diagnosis, serverName: string): MatrixSubject {
  const { settings, state } = diagnosis
  const set = settings.get('matrix.base_url') ?? settings.get('base_url')
  const base = typeof set === 'string' ? set : undefined
  const own = state.kind === 'running' ? state.run.urls[0] : undefined
  const socket = state.kind === 'running' && state.answering ? (state.run.socket ?? undefined) : undefined
  const send = async (path: string) => {
    if (socket === undefined) return undefined
    const response = await fetch(`http://localhost${path}`, {
      unix: socket,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    return response.ok ? response : undefined
  }
  return {
    diagnosis,
    serverName,
    base,
    reached: state.kind === 'running' ? (base ?? own) : undefined,
    // The contract defines the answer of each request.
    ask: async <Answer>(path: string) => (await send(path))?.json() as Promise<Answer | undefined>,
    list: async <Row>(path: string) => {
      const rows: Row[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const response = await send(cursor === '' ? path : `${path}?cursor=${encodeURIComponent(cursor)}`)
        if (response === undefined) return undefined
        rows.push(...((await response.json()) as Row[]))
        cursor = response.headers.get('Synapse-Next-Cursor')
      }
      return rows
    },
  }
}

/** The answer of a server, or why there is none. */
export type Heard =
  | {
      readonly status: number
      readonly headers: Headers
      /** Undefined if the answer is no JSON object. */
      readonly json: Readonly<Record<string, unknown>> | undefined
    }
  | { readonly noAnswer: string }

/** Sends a GET. */
export async function heard(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  try {
    const response = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    const json: unknown = await response.json().catch(() => undefined)
    return {
      status: response.status,
      headers: response.headers,
      json: isObject(json) ? json : undefined,
    }
  } catch (error) {
    return { noAnswer: codeOf(error) }
  }
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  return 'code' in error ? String(error.code) : error.name
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
