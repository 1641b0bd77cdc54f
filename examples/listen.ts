#!/usr/bin/env bun
// Prints what is posted, as it is posted, over one WebSocket. Bun, or Node 22.18 and later; no packages.
//
//   SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token bun examples/listen.ts            every channel you can read
//   SYNAPSE_TOKEN_FILE=~/.synapse/assistant.token bun examples/listen.ts general    these channels
//
// SYNAPSE_URL            the server; otherwise http://127.0.0.1:8080
// SYNAPSE_TOKEN          the token, or SYNAPSE_TOKEN_FILE, the file that holds it
// SYNAPSE_CURSOR_FILE    where the position is kept, so that the next run goes on where this one stopped
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
  /** Of an event: its place in the log. */
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

/** How far this client has read. Undefined: it has never read, and begins now. */
let position = savedPosition()
/** An event may come again after a reconnect; its number shows that. */
let lastSeq = 0
let failures = 0

function connect(): void {
  // The token travels as a subprotocol, because a browser can set no header here; the server never echoes it.
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
  // Where nobody listens, Node tells of an error and Bun of a close.
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
      // What we had read is purged, or of a history before a restore. There may be a gap, and it is said.
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
      // Events. Types that this client does not know only move it on.
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

/** What others wrote, for a terminal: what it would obey is shown as an escape, and further lines are indented. */
function printable(text: string): string {
  return text
    .replaceAll(/(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
      return `\\u{${character.codePointAt(0)?.toString(16)}}`
    })
    .replaceAll('\n', '\n    ')
}

/** Only what was printed is passed: a crash before this line shows the message again, and loses none. */
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

/** A refused handshake does not say why, so the credential is tried on a plain request first. */
async function checkCredential(): Promise<void> {
  const response = await fetch(`${url}/v1/auth/me`, { headers: { authorization: `Bearer ${token}` } }).catch(
    () => undefined,
  )
  if (response?.status === 401) fail(((await response.json()) as { detail: string }).detail)
}

process.on('SIGINT', () => process.exit(0))
await checkCredential()
connect()
