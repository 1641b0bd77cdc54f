#!/usr/bin/env bun
// Prints new messages over one WebSocket. Needs Bun, or Node 22.18 or newer; no packages.
//
//   SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token bun examples/listen.ts            every channel you can read
//   SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token bun examples/listen.ts general    these channels
//
// SYNAPSE_URL            the server; default http://127.0.0.1:8080
// SYNAPSE_TOKEN          the token; or SYNAPSE_TOKEN_FILE, a file with the token
// SYNAPSE_CURSOR_FILE    a file for the position; with it the next run continues where this one stopped
import { readFileSync, renameSync, writeFileSync } from 'node:fs'

const { SYNAPSE_URL, SYNAPSE_TOKEN, SYNAPSE_TOKEN_FILE, SYNAPSE_CURSOR_FILE } = process.env
const url = SYNAPSE_URL ?? 'http://127.0.0.1:8080'
const token = SYNAPSE_TOKEN ?? (SYNAPSE_TOKEN_FILE ? readFileSync(SYNAPSE_TOKEN_FILE, 'utf8').trim() : '')
const channels = process.argv.length > 2 ? process.argv.slice(2) : ['*']

if (token === '') {
  console.error('listen: set SYNAPSE_TOKEN or SYNAPSE_TOKEN_FILE')
  process.exit(2)
}

interface Frame {
  readonly type: string
  /** Of an event: its position in the log. */
  readonly seq?: number
  readonly cursor?: string
  readonly channel?: string
  readonly replay?: true
  readonly message?: { readonly sender_handle: string; readonly body: string; readonly created_at: string }
  /** Of `resync`, `error`, `bye` and `unsubscribed`. */
  readonly oldest_cursor?: string
  readonly code?: string
  readonly detail?: string
  readonly reason?: string
  readonly channels?: readonly string[]
}

/** How far this client has read. Undefined: it has not read yet, and begins now. */
let position = savedPosition()
/** The last event that was handled. After a reconnect, an event may arrive a second time. */
let lastSeq = 0
let failures = 0

function connect(): void {
  // The token is sent as a subprotocol, because a browser cannot set headers here. The server never echoes it.
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/ws`, ['synapse.v1', `bearer.${token}`])
  // The server pings, and sends a position every 15 s. Longer silence means that the connection is dead.
  let silence: ReturnType<typeof setTimeout> | undefined
  const heard = () => {
    clearTimeout(silence)
    silence = setTimeout(() => socket.close(), 45_000)
  }
  socket.onopen = heard
  socket.onmessage = ({ data }) => {
    heard()
    take(socket, JSON.parse(String(data)) as Frame)
  }
  const ended = (why: string) => {
    clearTimeout(silence)
    socket.onerror = socket.onclose = null
    const seconds = Math.min(2 ** failures++, 30)
    console.error(`listen: not connected (${why}); trying again in ${seconds} s`)
    setTimeout(connect, seconds * 1000)
  }
  // If no server listens, Node reports an error and Bun a close.
  socket.onerror = () => ended('no connection')
  socket.onclose = ({ code, reason }) => {
    if (code === 1008) fail(`the server closed: ${reason}`)
    ended(String(code))
  }
}

function take(socket: WebSocket, frame: Frame): void {
  switch (frame.type) {
    case 'hello':
      failures = 0
      if (position === undefined) moveTo(frame.cursor)
      subscribe(socket, position)
      return
    case 'subscribed':
      console.error(printable(`listen: hears ${frame.channels?.join(', ')}`))
      return
    case 'position':
      moveTo(frame.cursor)
      return
    case 'resync':
      // Later events were purged, or the position is from before a restore. Reports the possible gap.
      console.error(printable(`listen: ${frame.reason}; there may be a gap here`))
      lastSeq = 0
      subscribe(socket, frame.oldest_cursor)
      return
    case 'unsubscribed':
      console.error(printable(`listen: no longer hearing ${frame.channels?.join(', ')} (${frame.reason})`))
      return
    case 'error':
      fail(`${frame.code}: ${frame.detail}`)
      return
    case 'bye':
      fail(`the credential ended: ${frame.reason}`)
      return
    default:
      // Events. Unknown types only move the position.
      if (frame.seq === undefined || frame.seq <= lastSeq) return
      lastSeq = frame.seq
      if (frame.message) print(frame)
      moveTo(frame.cursor)
  }
}

function subscribe(socket: WebSocket, since: string | undefined): void {
  socket.send(JSON.stringify({ type: 'subscribe', channels, types: ['message.created'], since }))
}

function print({ channel, message, replay }: Frame): void {
  if (!message) return
  const missed = replay ? ' (missed)' : ''
  const who = `#${channel} ${message.sender_handle}${missed}`
  console.log(printable(`${message.created_at.slice(11, 19)} ${who}: ${message.body}`))
}

/** Other people's text for a terminal: control characters become escapes, and further lines are indented. */
function printable(text: string): string {
  return text
    .replaceAll(/(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
      return `\\u{${character.codePointAt(0)?.toString(16)}}`
    })
    .replaceAll('\n', '\n    ')
}

/** Moves past what was printed: a crash before this line prints a message again, and loses none. */
function moveTo(cursor: string | undefined): void {
  position = cursor
  if (!SYNAPSE_CURSOR_FILE || cursor === undefined) return
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

function fail(problem: string): void {
  console.error(printable(`listen: ${problem}`))
  process.exit(1)
}

/** A refused handshake gives no reason, so this checks the credential with a plain request first. */
async function checkCredential(): Promise<void> {
  const response = await fetch(`${url}/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } }).catch(
    () => undefined,
  )
  if (response?.status === 401) fail(((await response.json()) as { detail: string }).detail)
}

process.on('SIGINT', () => process.exit(0))
await checkCredential()
connect()
