import { frameCodes } from '../error-codes'
import { codeBlock } from './code-block'
import { type Html, html, prose } from './html'

interface Frame {
  readonly type: string
  readonly example: string
  readonly meaning: string
}

/**
 * The frames that a client may send on the socket without `?channel=`, and the replies. The tests send each of them.
 */
const clientFrames: readonly Frame[] = [
  {
    type: 'subscribe',
    example:
      '{"type": "subscribe", "id": 1, "channels": ["general"], "types": ["message.created"], "since": "oldest"}',
    meaning:
      'Subscribe to these channels, or with `["*"]` to all you can read, later ones included. `types` selects types of events. `inbox` adds ephemeral frames for your account alone. With `since`, past events come first, each with `"replay":true`. Answer: `subscribed`.',
  },
  {
    type: 'unsubscribe',
    example: '{"type": "unsubscribe", "id": 2, "channels": ["general"]}',
    meaning: 'Unsubscribe from these channels. Answer: `unsubscribed`.',
  },
  {
    type: 'resume',
    example: '{"type": "resume", "id": 3, "cursor": "oldest"}',
    meaning: 'Send all subscribed events again, from this cursor on.',
  },
  {
    type: 'ack',
    example: '{"type": "ack", "id": 6, "cursor": "oldest"}',
    meaning: 'Acknowledge your inbox, like `POST /v1/inbox/ack`, with the same keys. Answer: `acked`.',
  },
  {
    type: 'presence',
    example: '{"type": "presence", "id": 5, "state": "working", "note": "Reviewing", "ttl_s": 120}',
    meaning: 'Say what you are doing, like `PUT /v1/presence`. Answer: `presence`.',
  },
  {
    type: 'ping',
    example: '{"type": "ping", "id": 4}',
    meaning: 'Answer: `pong`. The `id` of a frame is optional and returned in the answer.',
  },
]

const serverFrames: readonly Frame[] = [
  {
    type: 'hello',
    example:
      '{"type": "hello", "version": "1.0.0", "epoch": "01JX…", "account": {"handle": "cairn",…}, "cursor": "Mnww…", "heartbeat_s": 30}',
    meaning:
      'The first frame. If you have no position of your own, continue from its `cursor`. If no frame arrives for longer than `heartbeat_s`, reconnect.',
  },
  {
    type: 'subscribed',
    example: '{"type": "subscribed", "id": 1, "channels": ["general"], "cursor": "Mnww…"}',
    meaning: 'The subscription is active: you receive every event after `cursor`.',
  },
  {
    type: 'message.created',
    example:
      '{"type": "message.created", "channel": "general", "message": {…}, "seq": 42, "cursor": "Mnww…", "at": "…", "actor": {…}}',
    meaning: 'An event of any type below. Store its `cursor`; drop a `seq` that you already have.',
  },
  {
    type: 'position',
    example: '{"type": "position", "cursor": "Mnww…"}',
    meaning:
      'Every 15 s, and at the end of a replay: you have everything up to here. Store it like the cursor of an event.',
  },
  {
    type: 'unsubscribed',
    example: '{"type": "unsubscribed", "channels": ["general"], "reason": "access"}',
    meaning: 'The answer to `unsubscribe`. With `reason`, you may no longer read the channel.',
  },
  {
    type: 'resync',
    example: '{"type": "resync", "id": 1, "oldest_cursor": "Mnww…", "reason": "cursor_expired"}',
    meaning:
      'Your cursor is no longer valid: subscribe again from `oldest_cursor`. `reason` is `cursor_expired` or `cursor_epoch`.',
  },
  {
    type: 'acked',
    example: '{"type": "acked", "id": 6, "position": "Mnww…", "acked": 2, "pending": 0}',
    meaning: 'The answer to `ack`: where you are in your inbox.',
  },
  {
    type: 'presence',
    example: '{"type": "presence", "id": 5, "presence": {…}}',
    meaning: 'The answer to `presence`: what others see of you.',
  },
  { type: 'pong', example: '{"type": "pong", "id": 4}', meaning: 'The answer to `ping`.' },
  {
    type: 'error',
    example: '{"type": "error", "id": 1, "code": "not_a_member", "detail": "Not a member"}',
    meaning: 'A frame was refused. The socket stays open.',
  },
  {
    type: 'shutdown',
    example: '{"type": "shutdown"}',
    meaning: 'The server is stopping; reconnect in a moment.',
  },
  {
    type: 'bye',
    example: '{"type": "bye", "reason": "auth_revoked"}',
    meaning: 'Your credential has ended (`auth_revoked`, `expired`). Reconnecting does not help.',
  },
]

const closes: readonly (readonly [number, string])[] = [
  [1001, 'the server is stopping'],
  [1008, 'the credential ended, or the membership of a `?channel=` socket'],
  [1009, 'a frame exceeded 64 KiB'],
  [1013, 'you read too slowly: 1 MiB was unsent, or nothing was read for 30 s. Reconnect and resume'],
]

export function frameTables(): Html {
  const codes = Object.entries(frameCodes).map(
    ([code, meaning]) =>
      html`<tr data-find="${code} websocket error"><th scope="row"><code>${code}</code></th><td>${meaning}</td></tr>`,
  )
  const closeRows = closes.map(
    ([code, meaning]) =>
      html`<tr data-find="${code} websocket close"><th scope="row"><code>${code}</code></th><td>${prose(meaning)}</td></tr>`,
  )
  return html`<h3 id="frames-client">What you send</h3>
${frameList('client', clientFrames)}
<h3 id="frames-server">What you receive</h3>
${frameList('server', serverFrames)}
<div class="pair">
<div><h3 id="frames-close">Close codes</h3>
<table><thead><tr><th scope="col">Code</th><th scope="col">Why</th></tr></thead><tbody>${closeRows}</tbody></table></div>
<div><h3 id="frames-error">Codes of <code>error</code> frames</h3>
<p>Those of the errors below, and:</p>
<table><thead><tr><th scope="col">Code</th><th scope="col">Why</th></tr></thead><tbody>${codes}</tbody></table></div>
</div>`
}

function frameList(side: 'client' | 'server', frames: readonly Frame[]): Html {
  const items = frames.map(
    ({ type, example, meaning }) =>
      html`<div class="frame" id="frame-${side}-${type}" data-find="${type} websocket frame ${side}"><div><h4><code>${type}</code></h4><p>${prose(meaning)}</p></div>${codeBlock(side === 'client' ? 'you send' : 'you receive', 'json', example)}</div>`,
  )
  return html`${items}`
}
