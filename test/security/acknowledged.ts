/** How an acknowledged act changes a society. */
import type { Answer, Caller, Fields } from '../support/caller'
import type { Sent } from './requests'
import type { Society, Somebody } from './society'

interface Act {
  readonly society: Society
  readonly sent: Sent
  readonly who: Somebody
  /** The handle of the account that acted; null for the operator and for requests without an account. */
  readonly by: string | null
  readonly params: readonly string[]
  /** The body of the request and of its answer. */
  readonly body: Fields
  readonly answer: Answer
  readonly made: Fields
  readonly comeWith: (credential: Record<string, string>) => Caller
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const name = (value: unknown): string => text(value).trim().toLowerCase()
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(text) : [])
const microseconds = (value: unknown): number | null =>
  typeof value === 'string' ? Date.parse(value) * 1000 : null

/** Ends a device. The id of a session is the id of its code. */
const deviceEnded = ({ society, params: [id = ''], made }: Act) => {
  society.end(id)
  society.end(text(made.token_id))
}

const effects: Readonly<Record<string, (act: Act) => void | Promise<void>>> = {
  'POST /v1/admin/accounts': ({ society, made }) => {
    society.addAccount({
      id: text(made.id),
      handle: text(made.handle),
      kind: made.kind === 'human' ? 'human' : 'agent',
      isAdmin: made.is_admin === true,
    })
  },
  'PATCH /v1/admin/accounts/:id': ({ society, params: [id = ''], body }) => {
    const account = society.account({ id })
    if (!account) return
    if (typeof body.is_admin === 'boolean') account.isAdmin = body.is_admin
    if (typeof body.password === 'string') society.endSessions(account.handle)
  },
  'POST /v1/admin/accounts/:id/archive': ({ society, params: [id = ''] }) => {
    const account = society.account({ id })
    if (!account) return
    account.isArchived = true
    society.endSessions(account.handle)
  },
  'POST /v1/admin/accounts/:id/unarchive': ({ society, params: [id = ''] }) => {
    const account = society.account({ id })
    if (account) account.isArchived = false
  },
  'POST /v1/admin/accounts/:id/erase': ({ society, params: [id = ''], body }) => {
    const account = society.account({ id })
    if (account) society.erase(account, body.mode === 'delete_messages')
  },
  'POST /v1/admin/channels': ({ society, who, made }) => {
    const slug = text(made.slug)
    society.addChannel({ id: text(made.id), slug })
    if (typeof who === 'object') society.channel({ slug })?.members.add(who.handle)
  },
  'POST /v1/channels': ({ society, by, made }) => {
    const slug = text(made.slug)
    society.addChannel({ id: text(made.id), slug })
    if (by !== null) society.channel({ slug })?.members.add(by)
  },
  'POST /v1/dms': ({ society, by, body, made }) => {
    const slug = text(made.slug)
    if (society.channel({ slug }) || by === null) return
    society.addChannel({ id: text(made.id), slug })
    for (const handle of [by, name(body.handle)]) society.channel({ slug })?.members.add(handle)
  },
  'PATCH /v1/channels/:slug': ({ society, params: [slug = ''], body }) => {
    const channel = society.channel({ slug })
    if (channel && typeof body.archived === 'boolean') channel.isArchived = body.archived
  },
  'PATCH /v1/admin/channels/:id': ({ society, params: [id = ''], body }) => {
    const channel = society.channel({ id })
    if (channel && typeof body.archived === 'boolean') channel.isArchived = body.archived
  },
  'POST /v1/channels/:slug/join': ({ society, by, params: [slug = ''] }) => {
    if (by !== null) society.channel({ slug })?.members.add(by)
  },
  'POST /v1/channels/:slug/leave': ({ society, by, params: [slug = ''] }) => {
    if (by !== null) leave(society.channel({ slug }), by)
  },
  'POST /v1/channels/:slug/members': ({ society, params: [slug = ''], body }) => {
    society.channel({ slug })?.members.add(name(body.handle ?? body.account_handle))
  },
  'DELETE /v1/channels/:slug/members/:handle': ({ society, params: [slug = '', handle = ''] }) => {
    leave(society.channel({ slug }), handle)
  },
  'POST /v1/admin/channels/:id/archive': ({ society, params: [id = ''] }) => {
    const channel = society.channel({ id })
    if (channel) channel.isArchived = true
  },
  'POST /v1/admin/channels/:id/unarchive': ({ society, params: [id = ''] }) => {
    const channel = society.channel({ id })
    if (channel) channel.isArchived = false
  },
  'POST /v1/admin/memberships': ({ society, body }) => {
    society.channel({ slug: name(body.channel_slug) })?.members.add(name(body.account_handle))
  },
  'DELETE /v1/admin/memberships/:account_id/:channel_id': ({
    society,
    params: [account = '', channel = ''],
  }) => {
    const { handle } = society.account({ id: account }) ?? {}
    const left = society.channel({ id: channel })
    if (handle !== undefined) leave(left, handle)
  },
  'POST /v1/admin/onboard': async (act) => {
    const { society, body, made } = act
    const handle = name(body.handle)
    await token(act, handle, made.token_scopes)
    for (const slug of texts(body.channels)) society.channel({ slug: name(slug) })?.members.add(handle)
  },
  'POST /v1/admin/tokens': (act) => token(act, name(act.body.account_handle), act.made.scopes),
  'POST /v1/admin/configsync/users/:handle/tokens': (act) => token(act, name(act.params[0]), act.made.scopes),
  'POST /v1/me/tokens': (act) => token(act, act.by ?? '', act.made.scopes),
  'POST /v1/auth/rotate': async (act) => {
    const { society, who, body } = act
    if (typeof who !== 'object') return
    await token(act, who.handle, act.made.scopes)
    const grace = typeof body.grace_s === 'number' ? body.grace_s : 300
    if (grace === 0) who.isEnded = true
    else who.endsAt = Math.min(society.now() + grace * 1_000_000, who.endsAt ?? Number.POSITIVE_INFINITY)
  },
  'POST /v1/admin/devices': async (act) => {
    const { society, made } = act
    for (const shown of [made.code, made.typed_code])
      if (typeof shown === 'string') {
        society.secrets.add(shown)
        society.actorsOfCode.set(shown, texts(made.actors))
      }
    if (made.token !== undefined) await token(act, text(made.account_handle), made.scopes)
  },
  'POST /v1/me/devices': ({ society, made }) => {
    for (const shown of [made.code, made.typed_code])
      if (typeof shown === 'string') {
        society.secrets.add(shown)
        society.actorsOfCode.set(shown, [])
      }
  },
  'POST /v1/admin/devices/:id/revoke': deviceEnded,
  'POST /v1/me/devices/:id/revoke': deviceEnded,
  'POST /v1/pair/redeem': async (act) => {
    const { handle } = act.made.account as { handle: string }
    if (act.made.token === undefined) await session(act, handle)
    else await token(act, handle, act.made.scopes, act.society.actorsOfCode.get(text(act.body.code)))
  },
  'POST /v1/admin/tokens/:id/revoke': ({ society, params: [id = ''] }) => society.end(id),
  'POST /v1/me/tokens/:id/revoke': ({ society, params: [id = ''] }) => society.end(id),
  'DELETE /v1/auth/sessions/:id': ({ society, params: [id = ''] }) => society.end(id),
  'POST /v1/auth/login': (act) => session(act, name(act.body.handle)),
  'POST /v1/auth/logout': ({ who }) => {
    if (typeof who === 'object') who.isEnded = true
  },
  'POST /v1/me/password': ({ society, who }) => {
    if (typeof who === 'object') society.endSessions(who.handle, who)
  },
  'PUT /v1/config/:key': ({ society, params: [key = ''], made }) =>
    void society.settings.set(key, made.value),
  'DELETE /v1/config/:key': ({ society, params: [key = ''] }) => void society.settings.delete(key),
  'POST /v1/messages': (act) => posted(act, act.made, act.body.body),
  'POST /a2a/v1/message:send': async (act) => {
    const { society, who, by, made } = act
    const task = made.task as Fields & { id: string; metadata: Fields }
    const slug = text(task.metadata['synapse.channel'])
    const id = task.id.split('.')[0] ?? ''
    if (by === null || typeof who !== 'object') return
    if (!society.channel({ slug })) society.addChannel({ id: '', slug })
    for (const handle of slug.startsWith('dm-') ? [by, text(task.metadata['synapse.recipient'])] : [])
      society.channel({ slug })?.members.add(handle)
    const { body: message } = await who.caller.get(`/v1/messages/${id}`, { 'x-synapse-actor': by })
    posted({ ...act, body: { ...act.body, channel: slug } }, message, message.body)
  },
  // A question is a message, too.
  'POST /v1/approvals': (act) => posted(act, act.made.message as Fields, act.body.question),
  'PATCH /v1/messages/:id': ({ society, made }) => {
    const posted = society.channel({ slug: text(made.channel) })?.posted ?? []
    const edited = posted.findIndex(({ id }) => id === made.id)
    const before = posted[edited]
    if (before) posted[edited] = { ...before, body: text(made.body) }
  },
  'DELETE /v1/messages/:id': ({ society, params: [id = ''] }) => {
    for (const { posted } of society.channels.values()) {
      const deleted = posted.findIndex((message) => message.id === id)
      if (deleted >= 0) posted.splice(deleted, 1)
    }
  },
}

function posted({ society, by, body }: Act, { id, seq }: Fields, words: unknown): void {
  if (by === null) return
  const slug = name(body.channel)
  society.channel({ slug })?.posted.push({ id: text(id), seq: Number(seq), body: text(words), author: by })
  for (const canary of canariesIn(JSON.stringify(body)))
    society.canaries.set(canary, {
      slug,
      author: by,
      isForAuthor: text(body.client_msg_id).includes(canary),
    })
}

function leave(channel: ReturnType<Society['channel']>, handle: string): void {
  channel?.members.delete(handle)
  channel?.leavers.add(handle)
}

/** Applies an acknowledged act to the society. */
export async function acknowledge(act: Omit<Act, 'params' | 'body' | 'made'>): Promise<void> {
  const { sent, answer } = act
  const { method, path } = sent.endpoint
  const effect = effects[`${method} ${path}`]
  // A repeated answer belongs to an act that was applied before.
  if (!effect || answer.status >= 300 || answer.headers.has('idempotent-replayed')) return
  const body = sent.text === undefined ? {} : JSON.parse(sent.text)
  await effect({
    ...act,
    params: sent.params.map((param) => param.trim().toLowerCase()),
    body,
    made: answer.body ?? {},
  })
}

export function canariesIn(words: string): Set<string> {
  return new Set(words.match(/canary-\d+-\d+/g) ?? [])
}

async function token(
  { society, made, comeWith }: Act,
  handle: string,
  scopes: unknown,
  actors: unknown = made.actors,
): Promise<void> {
  const secret = text(made.token)
  const caller = comeWith({ authorization: `Bearer ${secret}` })
  const me = await caller.get('/v1/auth/me')
  society.secrets.add(secret)
  society.addAccount({ id: text(me.body.id), handle, kind: 'agent', isAdmin: false })
  const id = text(made.token_id ?? me.body.token_id ?? made.id)
  const endsAt = microseconds(made.expires_at)
  // The expiry of a code is not the expiry of its token.
  const isOfDevice = made.account_kind !== undefined
  society.addCredential({
    caller,
    via: 'token',
    id,
    handle,
    scopes: texts(scopes),
    actors: texts(actors),
    endsAt: isOfDevice ? null : endsAt,
  })
}

async function session({ society, answer, comeWith }: Act, handle: string): Promise<void> {
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  const caller = comeWith({ cookie })
  society.secrets.add(cookie.replace(/^\w+=/, ''))
  society.addCredential({
    caller,
    via: 'session',
    id: await sessionId(caller),
    handle,
    scopes: [],
    actors: [],
    endsAt: null,
  })
}

/** The id of the caller's own session. */
export async function sessionId(caller: Caller): Promise<string> {
  const { body } = await caller.get<{ sessions: { id: string; current: boolean }[] }>('/v1/auth/sessions')
  return body.sessions?.find(({ current }) => current)?.id ?? ''
}
