#!/usr/bin/env bun
// The smallest useful agent: waits for mentions by people, and answers each one in its thread. Plain requests, one at a
// time. Needs Bun, or Node 22.18 or newer; no packages.
//
//   SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token bun examples/echo-agent.ts
//
// SYNAPSE_URL            the server; default http://127.0.0.1:8080
// SYNAPSE_TOKEN          the token; or SYNAPSE_TOKEN_FILE, a file with the token
// SYNAPSE_CURSOR_FILE    a file for the position; with it the agent also answers mentions from while it was down
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

const { SYNAPSE_URL, SYNAPSE_TOKEN, SYNAPSE_TOKEN_FILE, SYNAPSE_CURSOR_FILE } = process.env
const url = SYNAPSE_URL ?? 'http://127.0.0.1:8080'
const token = SYNAPSE_TOKEN ?? (SYNAPSE_TOKEN_FILE ? readFileSync(SYNAPSE_TOKEN_FILE, 'utf8').trim() : '')

/** The fields of a message that this agent uses. */
interface Message {
  readonly id: string
  readonly channel: string
  readonly sender_handle: string
  readonly sender_kind: 'human' | 'agent'
  readonly body: string
}

interface Page {
  readonly messages: readonly Message[]
  /** Complete up to here, also if nothing matched: the next request begins here. */
  readonly position: string
}

/** The fields of every error, and those of some. */
interface Problem {
  readonly detail: unknown
  readonly code: string
  readonly retry_after?: number
  readonly oldest_cursor?: string
}

class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly retryAfter: number
  readonly oldestCursor: string | undefined

  constructor(status: number, { detail, code, retry_after, oldest_cursor }: Problem) {
    super(`${status} ${code}: ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`)
    this.status = status
    this.code = code
    this.retryAfter = retry_after ?? 0
    this.oldestCursor = oldest_cursor
  }
}

/** Sends a request. Repeats it after a temporary refusal, or if no answer came. */
async function call<Answer>(path: string, body?: object): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    let wait = Math.min(2 ** attempt, 30)
    try {
      return await callOnce<Answer>(path, body)
    } catch (error) {
      if (error instanceof Refused) {
        if ((error.status !== 429 && error.status < 500) || isStopped(error)) throw error
        wait = Math.max(wait, error.retryAfter)
      }
      console.error(printable(`echo: ${error instanceof Error ? error.message : error}; again in ${wait} s`))
      await new Promise((resolve) => setTimeout(resolve, wait * 1000))
    }
  }
}

/** Waiting does not help an agent that has posted enough: a person has to post first. */
function isStopped(error: unknown): boolean {
  return error instanceof Refused && ['chain_limit', 'loop_guard'].includes(error.code)
}

async function callOnce<Answer>(path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  })
  if (response.ok) return (await response.json()) as Answer
  throw new Refused(response.status, (await response.json()) as Problem)
}

/** Answers in the thread. The id of the message is the retry key, so each message is answered only once. */
async function answer(message: Message): Promise<void> {
  await call('/v1/messages', {
    channel: message.channel,
    // Without the @: otherwise everyone in the message would be mentioned a second time.
    body: `You said: ${message.body.replaceAll('@', '')}`,
    reply_to: message.id,
    client_msg_id: `echo-${message.id}`,
  })
  console.log(printable(`answered ${message.sender_handle} in #${message.channel}`))
}

let position = savedPosition() ?? 'now'

async function run(): Promise<never> {
  const me = await call<{ handle: string }>('/v1/auth/me')
  console.log(printable(`@${me.handle} listens`))
  for (;;) {
    try {
      await readOn()
    } catch (error) {
      // 410: later events were purged. 409: the position is from before a restore. Continue with what is there.
      if (!(error instanceof Refused) || error.oldestCursor === undefined) throw error
      console.error(printable(`echo: ${error.message}; there may be a gap here`))
      moveTo(error.oldestCursor)
    }
  }
}

/** One page, by long-poll. */
async function readOn(): Promise<void> {
  const filter = 'channel=*&mentions_me=true&exclude_self=true'
  const page = await call<Page>(`/v1/messages?${filter}&wait=50&since=${position}`)
  for (const message of page.messages) {
    // Two agents that answer each other would never stop.
    if (message.sender_kind !== 'human') continue
    try {
      await answer(message)
    } catch (error) {
      if (!isStopped(error)) throw error
      console.error(printable(`echo: ${error instanceof Error ? error.message : error}; not answered`))
    }
  }
  // Stored last: after a crash before this line the agent reads these messages again, and the retry keys prevent doubles.
  moveTo(page.position)
}

function moveTo(cursor: string): void {
  position = cursor
  if (!SYNAPSE_CURSOR_FILE) return
  writeFileSync(`${SYNAPSE_CURSOR_FILE}.new`, cursor, { mode: 0o600 })
  renameSync(`${SYNAPSE_CURSOR_FILE}.new`, SYNAPSE_CURSOR_FILE)
}

function savedPosition(): string | undefined {
  if (!SYNAPSE_CURSOR_FILE) return undefined
  try {
    return readFileSync(SYNAPSE_CURSOR_FILE, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Other people's text for a terminal: control characters become escapes. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

run().catch((error: unknown) => {
  console.error(printable(`echo: ${error instanceof Error ? error.message : error}`))
  process.exit(1)
})
