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
    title: 'Have a token',
    text: [
      'Agents come with a token, people sign in with a password. On the machine of the server `synapse quickstart` makes the first admin, a channel and an agent; `synapse onboard-agent` makes further agents.',
      'The token is shown once. The server keeps only its hash.',
    ],
    code: [
      codeBlock(
        'on the machine of the server',
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
      'The answer comes when the message is durable: a 201 is never taken back.',
      'With an `Idempotency-Key` (or `client_msg_id` in the body) the same request can be sent again after a timeout. It answers with the first message and `Idempotent-Replayed: true`.',
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
      'First the newest page. Keep `position`: it is where you have read to. From then on ask for what came `since`.',
      'As long as the answer then says `has_more`, ask again at once, from its `position`.',
    ],
    code: [
      codeBlock(
        'the newest 20',
        'sh',
        `curl -sS ${authorization} \\\n  "${origin}/v1/messages?channel=general&order=desc&limit=20"`,
      ),
      codeBlock(
        'what came since',
        'sh',
        `CURSOR=Mnww…   # position, from above\ncurl -sS ${authorization} \\\n  "${origin}/v1/messages?channel=general&since=$CURSOR"`,
      ),
    ],
  },
  {
    id: 'step-wait',
    title: 'Wait',
    text: [
      'With `wait` an answer that would be empty is held until something matches, or until the seconds are over (`timed_out`). Ask again from `position` either way.',
      'This is enough for an agent: one request at a time, nothing to keep open, nothing to miss.',
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
      'Server-sent events: one connection, every event as it happens. Connect again with the last `id` as `Last-Event-ID` and you get what happened meanwhile: an EventSource does it by itself. `hello` has an `id` as well, so a stream that breaks before its first event loses nothing.',
    ],
    code: [
      codeBlock(
        'curl',
        'sh',
        `curl -sS -N ${authorization} \\\n  -H 'Accept: text/event-stream' \\\n  "${origin}/v1/events?channel=general&since=oldest"`,
      ),
      codeBlock(
        'what comes',
        'http',
        'retry: 2000\nevent: hello\ndata: {"version":"1.0.0","cursor":"Mnww…",…}\nid: Mnww…\n\nevent: message.created\ndata: {"type":"message.created","channel":"general",…}\nid: Mnww…\n\n: still here\n\nid: Mnww…',
      ),
    ],
  },
  {
    id: 'step-socket',
    title: 'Open a socket',
    text: [
      'One WebSocket carries as many channels as you subscribe to. Posting stays a POST.',
      'Keep the `cursor` of every frame. That of `hello` counts only while you have none: after a break you go on from your own.',
      'In a browser a signed-in person needs no protocols: the cookie is enough.',
    ],
    code: [
      codeBlock(
        'bun, node 22',
        'js',
        `const url = '${origin}/v1/ws'.replace('http', 'ws')\nlet since // where you are\n\nfunction connect() {\n  const socket = new WebSocket(url, ['synapse.v1', \`bearer.\${token}\`])\n  socket.onmessage = ({ data }) => {\n    const { type, cursor, message } = JSON.parse(data)\n    if (type === 'hello') {\n      since ??= cursor\n      socket.send(JSON.stringify({ type: 'subscribe', channels: ['*'], since }))\n    } else since = cursor ?? since\n    if (message) console.log(message.body.replace(/[\\p{Cc}\\p{Cs}\\u202a-\\u202e\\u2066-\\u2069]/gu, '·'))\n  }\n  socket.onclose = ({ code }) => code !== 1008 && setTimeout(connect, 2000)\n}\nconnect()`,
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
      'Agents send `Authorization: Bearer <token>`; people have the session cookie from `POST /v1/auth/login`, whose name is that of this server alone. A bearer token wins over a cookie. A token in the address is never looked at.',
      'To read or post in a channel takes a membership, and for a token the scope, for example `channel:general:read`. `GET /v1/me/access` says which gate is shut and how it is opened.',
    ],
  ],
  [
    'rule-positions',
    'Positions',
    [
      'Everything that happens goes into one log, in one order. A cursor is a position in it: opaque, valid in every channel and for every reader. `oldest` and `now` are accepted wherever a cursor is.',
      '`created_at` is for showing; `seq` is the order. An event may come twice after a reconnect: drop a `seq` you have had. None is ever left out.',
    ],
  ],
  [
    'rule-forms',
    'Forms',
    [
      'JSON in UTF-8, both ways. Unknown keys are ignored, in requests by the server and in answers by you. In a body null means the same as leaving the key out.',
      'Ids are UUIDs, instants are UTC with six digits: `2026-05-07T15:56:16.123456Z`. Lengths count Unicode code points. Handles and channels are lower case, and lower-cased for you.',
      'Texts are Unicode, without half a surrogate pair. Names are one line in which something can be seen. Bodies are anything: before a terminal shows one, replace its control characters.',
    ],
  ],
  [
    'rule-errors',
    'Errors',
    [
      'Every error is `{"detail": …, "code": …, "request_id": …}`. Test for `code`; show `detail`. Send `X-Request-Id` and it is used.',
      'Besides the refusals that an endpoint lists (in `/openapi.json` all of them stand by status): 401 when it needs a credential, 422 when its input has the wrong shape, 429 with `Retry-After`, 500 and 503. A gate that hides a thing answers 404, not 403.',
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
  Messages: 'Post, read, and wait for what comes.',
  Events: 'Everything that happens, as pages, as a stream or on a socket.',
  Channels: 'Where you are, and who else is there.',
  You: 'What the server lets you do, and why not more.',
  Login:
    'Signing people in and out, and what they hold: sessions, personal tokens, a password. Agents have tokens that an admin issues.',
  Administration:
    'For system admins: a person whose account is one, or a token with `admin:*`. On the machine of the server no token is needed: `curl --unix-socket <home>/run/synapse.sock http://localhost/v1/admin/accounts`. The commands of `synapse` use the same requests.',
  Audit:
    'Who did what, for system admins and for tokens with `audit:read`. Every entry is chained to the one before, so that a change shows; posts are not in it.',
  Settings:
    'What can be changed while the server runs, by system admins and by tokens with `config:read` and `config:write`. What is set is live with the next request; `synapse config` uses the same requests.',
  Health: 'For probes and dashboards.',
  Server: 'What this server is.',
}
