#!/usr/bin/env bun
// An agent that shares its work: waits for its inbox by long-poll, claims each message so that no other copy of it takes the
// same one, runs a command, answers in the thread and acknowledges. Needs Bun, or Node 22.18 or newer; no packages.
//
//   SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token bun examples/worker.ts wc -w
//
// The command gets the message on its standard input. What it prints is the answer. It may be killed at any time: what it
// had not finished is done after the claim has ended.
//
// SYNAPSE_URL            the server; default http://127.0.0.1:8080
// SYNAPSE_TOKEN          the token; or SYNAPSE_TOKEN_FILE, a file with the token
// SYNAPSE_INSTANCE       name of this copy, different for each one of the account; default the name of the machine
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { text } from 'node:stream/consumers'

const { SYNAPSE_URL, SYNAPSE_TOKEN, SYNAPSE_TOKEN_FILE, SYNAPSE_INSTANCE } = process.env
const url = SYNAPSE_URL ?? 'http://127.0.0.1:8080'
const token = SYNAPSE_TOKEN ?? (SYNAPSE_TOKEN_FILE ? readFileSync(SYNAPSE_TOKEN_FILE, 'utf8').trim() : '')
const instance = (SYNAPSE_INSTANCE ?? hostname()).slice(0, 64)
const [program, ...parameters] = process.argv.slice(2)

/** A claim lasts this long, in seconds, and is renewed three times as often. */
const CLAIM_SECONDS = 60

interface Item {
  readonly reason: string
  readonly message: {
    readonly id: string
    readonly channel: string
    readonly sender_handle: string
    readonly sender_kind: 'human' | 'agent'
    readonly body: string
  }
}

interface Page {
  readonly items: readonly Item[]
  /** What to acknowledge when all of it is done. */
  readonly cursor: string
}

interface Claim {
  readonly id: string
  readonly epoch: number
  readonly outcome: 'done' | 'declined' | 'failed' | null
}

/** The fields of every error, and those of some. */
interface Problem {
  readonly detail: unknown
  readonly code: string
  readonly retry_after?: number
}

class Refused extends Error {
  readonly status: number
  readonly code: string
  readonly retryAfter: number | undefined

  constructor(status: number, { detail, code, retry_after }: Problem) {
    super(`${status} ${code}: ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`)
    this.status = status
    this.code = code
    this.retryAfter = retry_after
  }

  /** Whether the same request may succeed later without a person doing something. */
  get isTemporary(): boolean {
    return this.status >= 500 || (this.status === 429 && this.retryAfter !== undefined)
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
        if (!error.isTemporary) throw error
        wait = Math.max(wait, error.retryAfter ?? 0)
      }
      console.error(printable(`worker: ${messageOf(error)}; again in ${wait} s`))
      await new Promise((resolve) => setTimeout(resolve, wait * 1000))
    }
  }
}

async function callOnce<Answer>(path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  })
  if (response.ok) return (await response.json()) as Answer
  throw new Refused(response.status, (await response.json()) as Problem)
}

async function run(): Promise<never> {
  const me = await call<{ handle: string }>('/v1/auth/me')
  console.log(printable(`@${me.handle} works as ${instance}`))
  // Absent: from the position that the server keeps.
  let since: string | undefined
  // When a claim of another copy ends. If that copy was killed, its message is free then.
  let lookAgainAt = Number.POSITIVE_INFINITY
  for (;;) {
    if (Date.now() >= lookAgainAt) {
      since = undefined
      lookAgainAt = Number.POSITIVE_INFINITY
    }
    const page = await read(since, Math.ceil((lookAgainAt - Date.now()) / 1000))
    for (const { reason, message } of page.items) {
      // Two agents that answer each other would never stop. What has another reason is only acknowledged.
      if (message.sender_kind !== 'human' || !['dm', 'mention', 'reply'].includes(reason)) continue
      const seconds = await take(message)
      if (seconds > 0) lookAgainAt = Math.min(lookAgainAt, Date.now() + seconds * 1000)
    }
    since = page.cursor
    // Everything up to here is done: a restart begins here.
    if (lookAgainAt === Number.POSITIVE_INFINITY) await call('/v1/inbox/ack', { cursor: since })
  }
}

/** One page of what is not acknowledged, by long-poll. */
async function read(since: string | undefined, seconds: number): Promise<Page> {
  const query = new URLSearchParams({
    unacked: 'true',
    limit: '10',
    wait: `${Math.min(50, Math.max(1, seconds))}`,
  })
  if (since !== undefined) query.set('since', since)
  try {
    return await call<Page>(`/v1/inbox?${query}`)
  } catch (error) {
    // 410: messages were purged. 409: the position is from before a restore. The server has a newer one.
    if (since === undefined || !(error instanceof Refused) || ![409, 410].includes(error.status)) throw error
    return read(undefined, seconds)
  }
}

/** Does the work of one message. Returns the seconds after which to look again, if another copy has it. */
async function take(message: Item['message']): Promise<number> {
  let claim: Claim
  try {
    const resource = `message:${message.id}`
    claim = await call<Claim>('/v1/claims', { resource, instance, ttl_s: CLAIM_SECONDS })
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    if (error.code === 'claim_held') return error.retryAfter ?? CLAIM_SECONDS
    // The message was deleted, or is in a channel that this agent has left.
    console.error(printable(`worker: ${error.message}`))
    return 0
  }
  const { epoch } = claim
  // The page may be older than the end of another copy's work.
  const query = new URLSearchParams({ resource: `message:${message.id}`, include: 'ended' })
  const { claims } = await call<{ claims: readonly Claim[] }>(`/v1/claims?${query}`)
  if (claims.some(({ outcome }) => outcome === 'done')) {
    await release(claim, null)
    return 0
  }
  const renewing = setInterval(
    () => {
      callOnce(`/v1/claims/${claim.id}/renew`, { epoch, instance }).catch((error) =>
        console.error(printable(`worker: not renewed: ${messageOf(error)}`)),
      )
    },
    (CLAIM_SECONDS * 1000) / 3,
  )
  const problem = await answer(message).catch(messageOf)
  clearInterval(renewing)
  await acknowledge(message.id, problem)
  const outcome = problem === undefined ? 'done' : 'failed'
  await release(claim, outcome)
  console.log(printable(`${outcome}: ${message.sender_handle} in #${message.channel}`))
  return 0
}

async function release({ id, epoch }: Claim, outcome: Claim['outcome']): Promise<void> {
  await call(`/v1/claims/${id}/release`, { epoch, instance, outcome }).catch((error) =>
    console.error(printable(`worker: not released: ${messageOf(error)}`)),
  )
}

/** Runs the command and posts what it prints. The id of the message is the retry key, so it is answered only once. */
async function answer(message: Item['message']): Promise<undefined> {
  const child = spawn(program ?? '', parameters, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  )
  // A command that does not read its input closes it.
  child.stdin.on('error', () => {})
  child.stdin.end(message.body)
  const [printed, status] = await Promise.all([text(child.stdout), ended])
  if (status !== 0) throw new Error(`the command ended with ${status ?? 'a signal'}`)
  await call('/v1/messages', {
    channel: message.channel,
    // Without the @: otherwise everyone in the message would be mentioned a second time.
    body: printed.trim().replaceAll('@', '') || 'done',
    reply_to: message.id,
    client_msg_id: `worker-${message.id}`,
  })
}

/** Acknowledges an item, so that its sender sees that it was handled. `problem` says why it was not. */
async function acknowledge(id: string, problem?: string): Promise<void> {
  const state = problem === undefined ? {} : { state: 'failed', note: problem.slice(0, 500) }
  try {
    await call('/v1/inbox/ack', { message_ids: [id], ...state })
  } catch (error) {
    // Deleted meanwhile.
    if (!(error instanceof Refused) || error.code !== 'not_in_inbox') throw error
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Other people's text for a terminal: control characters become escapes. */
function printable(line: string): string {
  return line.replaceAll(
    /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

if (program === undefined) {
  console.error('worker: name a command, for example: worker.ts wc -w')
  process.exit(2)
}
run().catch((error: unknown) => {
  console.error(printable(`worker: ${messageOf(error)}`))
  process.exit(1)
})
