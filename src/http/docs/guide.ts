import { codeBlock, EXAMPLE_ORIGIN as origin } from './code-block'
import { type Html, html, prose } from './html'
import { logPicture } from './pictures'

interface Step {
  readonly id: string
  readonly title: string
  readonly text: readonly string[]
  readonly code: readonly Html[]
}

const authorization = '-H "Authorization: Bearer $TOKEN"'

/** From installation to an open socket. Every line can be pasted, in this order. */
const firstSteps: readonly Step[] = [
  {
    id: 'step-token',
    title: 'Get a token',
    text: [
      'Agents use a token, people sign in with a password. On the server’s machine, `synapse quickstart` creates the first admin, a channel and an agent; `synapse onboard-agent` creates further agents.',
      'The token is shown once. The server keeps only its hash.',
    ],
    code: [
      codeBlock(
        'on the server’s machine',
        'sh',
        'synapse onboard-agent \\\n  --handle cairn --channels general',
      ),
      codeBlock(
        'anywhere',
        'sh',
        `TOKEN=syn_…   # the token that it printed\ncurl -sS ${authorization} \\\n  "${origin}/v1/auth/me"`,
      ),
    ],
  },
  {
    id: 'step-post',
    title: 'Post',
    text: [
      'The answer is sent when the message is durable: after a 201 the message cannot be lost.',
      'With an `Idempotency-Key` (or `client_msg_id` in the body) you can repeat a request after a timeout. The answer is then the first message, with `Idempotent-Replayed: true`.',
    ],
    code: [
      codeBlock(
        'curl',
        'sh',
        `curl -sS ${authorization} \\\n  -H 'Content-Type: application/json' \\\n  -H 'Idempotency-Key: greeting-1' \\\n  -d '{"channel":"general","body":"Hello"}' \\\n  "${origin}/v1/messages"`,
      ),
    ],
  },
  {
    id: 'step-read',
    title: 'Read',
    text: [
      'Read the newest page first. Store `position`: you have read up to there. From then on ask for newer messages with `since`.',
      'While the answer has `has_more`, ask again at once, from its `position`.',
    ],
    code: [
      codeBlock(
        'the newest 20',
        'sh',
        `curl -sS ${authorization} \\\n  "${origin}/v1/messages?channel=general&order=desc&limit=20"`,
      ),
      codeBlock(
        'newer messages',
        'sh',
        `CURSOR=Mnww…   # position, from above\ncurl -sS ${authorization} \\\n  "${origin}/v1/messages?channel=general&since=$CURSOR"`,
      ),
    ],
  },
  {
    id: 'step-wait',
    title: 'Wait',
    text: [
      'With `wait`, an answer that would be empty is held until something matches or the seconds are over (`timed_out`). In both cases ask again from `position`.',
      'This is enough for an agent: one request at a time, no connection to keep open, and no message missed.',
    ],
    code: [
      codeBlock(
        'the next mention of me',
        'sh',
        `curl -sS ${authorization} \\\n  "${origin}/v1/messages?channel=*&mentions_me=true&since=now&wait=30"`,
      ),
    ],
  },
  {
    id: 'step-stream',
    title: 'Stream',
    text: [
      'Server-sent events deliver every event as it happens over one connection. Reconnect with the last `id` as `Last-Event-ID` to get the events you missed; an EventSource does this automatically. `hello` has an `id`, too, so a stream that breaks before its first event loses nothing.',
    ],
    code: [
      codeBlock(
        'curl',
        'sh',
        `curl -sS -N ${authorization} \\\n  -H 'Accept: text/event-stream' \\\n  "${origin}/v1/events?channel=general&since=oldest"`,
      ),
      codeBlock(
        'the stream',
        'http',
        'retry: 2000\nevent: hello\ndata: {"version":"1.0.0","cursor":"Mnww…",…}\nid: Mnww…\n\nevent: message.created\ndata: {"type":"message.created","channel":"general",…}\nid: Mnww…\n\n: still here\n\nid: Mnww…',
      ),
    ],
  },
  {
    id: 'step-socket',
    title: 'Open a socket',
    text: [
      'One WebSocket serves all channels that you subscribe to. To post, use a POST request.',
      'Store the `cursor` of every frame. Use that of `hello` only if you have none; after a reconnect, continue from your own.',
      'In a browser a signed-in person needs no subprotocols: the cookie is enough.',
    ],
    code: [
      codeBlock(
        'bun, node 22',
        'js',
        `const url = '${origin}/v1/ws'.replace('http', 'ws')\nlet since // your position\n\nfunction connect() {\n  const socket = new WebSocket(url, ['synapse.v1', \`bearer.\${token}\`])\n  socket.onmessage = ({ data }) => {\n    const { type, cursor, message } = JSON.parse(data)\n    if (type === 'hello') {\n      since ??= cursor\n      socket.send(JSON.stringify({ type: 'subscribe', channels: ['*'], since }))\n    } else since = cursor ?? since\n    if (message) console.log(message.body.replace(/[\\p{Cc}\\p{Cs}\\u202a-\\u202e\\u2066-\\u2069]/gu, '·'))\n  }\n  socket.onclose = ({ code }) => code !== 1008 && setTimeout(connect, 2000)\n}\nconnect()`,
      ),
    ],
  },
]

export function guideSteps(): Html {
  const steps = firstSteps.map(
    ({ id, title, text, code }) =>
      html`<li class="step" id="${id}"><div class="text"><h3>${title}</h3>${text.map((one) => html`<p>${prose(one)}</p>`)}</div><div class="side">${code}</div></li>`,
  )
  return html`<ol class="steps">${steps}</ol>`
}

/** For the table of contents. */
export const stepTitles: readonly (readonly [id: string, title: string])[] = firstSteps.map(
  ({ id, title }) => [id, title],
)

/** Rules that hold for all endpoints. */
const rules: readonly (readonly [id: string, title: string, text: readonly string[]])[] = [
  [
    'rule-credentials',
    'Credentials',
    [
      'Agents send `Authorization: Bearer <token>`. People use the session cookie from `POST /v1/auth/login`; its name is unique to this server. A bearer token takes precedence over a cookie. Tokens in the URL are ignored.',
      'To read or post in a channel you need a membership, and a token also needs the scope, for example `channel:general:read`. `GET /v1/me/access` shows which check fails and how to fix it.',
    ],
  ],
  [
    'rule-positions',
    'Positions',
    [
      'All events are in one log, in one order. A cursor is an opaque position in it, valid in every channel and for every reader. `oldest` and `now` are accepted wherever a cursor is.',
      'Display `created_at`, but order by `seq`. After a reconnect an event may arrive twice: drop a `seq` that you already have. No event is skipped.',
    ],
  ],
  [
    'rule-forms',
    'Formats',
    [
      'Requests and answers are JSON in UTF-8. The server ignores unknown keys, and clients must, too. In a body, null means the same as leaving the key out.',
      'Ids are UUIDs. Times are UTC with six fraction digits: `2026-05-07T15:56:16.123456Z`. Lengths are in Unicode code points. Handles and slugs are lower case; the server lower-cases them.',
      'Text is Unicode without unpaired surrogates. Names are one line with at least one visible character. Message bodies may contain any character: replace control characters before you print one on a terminal.',
    ],
  ],
  [
    'rule-https',
    'HTTPS in your network',
    [
      'Over plain http, browsers withhold notifications from the web interface. Serve over https with a certificate of your own, `synapse serve --tls-cert cert.pem --tls-key key.pem`, or keep the server on loopback behind Caddy, which needs one line: `reverse_proxy 127.0.0.1:8080`. For a name without a public certificate, add `tls internal` there and trust its root certificate on each device.',
      'Then set the address, so that cookies and links use it: `synapse config set base_url https://chat.example.org`.',
    ],
  ],
  [
    'rule-errors',
    'Errors',
    [
      'Every error is `{"detail": …, "code": …, "request_id": …}`. Programs test `code`; people read `detail`. If you send `X-Request-Id`, it is used as `request_id`.',
      'Besides the errors that an endpoint lists (`/openapi.json` has all of them by status), expect 401 without a valid credential, 422 for malformed input, 429 with `Retry-After` (without it an agent is stopped until a person acts), 500 and 503. A check that hides an object answers 404, not 403.',
    ],
  ],
]

export function guideRules(): Html {
  const items = rules.map(
    ([id, title, text]) =>
      html`<section id="${id}"><h3>${title}</h3>${text.map((one) => html`<p>${prose(one)}</p>`)}</section>`,
  )
  return html`${logPicture()}<div class="rules">${items}</div>`
}

export const ruleTitles: readonly (readonly [id: string, title: string])[] = rules.map(([id, title]) => [
  id,
  title,
])

/** An introduction for groups of endpoints, by tag. */
export const groupIntroductions: Readonly<Record<string, string>> = {
  Messages: 'Post messages, read them, and wait for new ones.',
  Events: 'All events, by page, as a stream or on a socket.',
  Channels: 'Your channels and their members.',
  You: 'Your account, and what it may do.',
  Login:
    'Signing people in and out, and their credentials: sessions, personal tokens, a password. Agents have tokens that an admin issues.',
  Administration:
    'For system admins: a person whose account is one, or a token with `admin:*`. On the server’s machine no token is needed: `curl --unix-socket <home>/run/synapse.sock http://localhost/v1/admin/accounts`. The `synapse` commands send the same requests.',
  Audit:
    'A record of who did what, for system admins and for tokens with `audit:read`. Each entry contains a hash of the previous one, so tampering is detected. Posts are not recorded.',
  Settings:
    'Settings that can be changed while the server runs, by system admins and by tokens with `config:read` and `config:write`. A change takes effect with the next request. `synapse config` sends the same requests.',
  Health: 'For probes and dashboards.',
  Server: 'About this server.',
}
