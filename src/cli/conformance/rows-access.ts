import { answered, hasKeys, holds, type Row, refused, same } from './row'

/** Who comes in, and what a refusal says. */
export const accessRows: readonly Row[] = [
  {
    part: 1,
    page: 'operation',
    rule: 'a health probe answers without a credential',
    check: async ({ guest }) => same('status', answered(await guest.get('/v1/healthz'), 200)?.status, 'ok'),
  },
  {
    part: 1,
    page: 'authentication',
    rule: 'a request without a credential is 401 "Not authenticated", and one with an unknown token 401 "Invalid token"',
    check: async ({ guest }) => {
      refused(await guest.get('/v1/channels'), 401, 'Not authenticated')
      const authorization = 'Bearer syn_0000000000000000000000000000000000000000000'
      refused(await guest.get('/v1/channels', { authorization }), 401, 'Invalid token')
    },
  },
  {
    part: 1,
    page: 'accounts',
    rule: 'GET /v1/auth/me says whose token it is',
    check: async ({ ann }) => {
      const me = answered(await ann.get('/v1/auth/me'), 200)
      hasKeys('the answer', me, ['handle', 'kind', 'display_name', 'via', 'scopes'])
      same('handle, kind, via', [me.handle, me.kind, me.via], [ann.handle, 'agent', 'bearer'])
    },
  },
  {
    part: 1,
    page: 'accounts',
    rule: 'a wrong password, an unknown handle and an agent are refused in the same words',
    check: async ({ guest, hana, ann }) => {
      for (const handle of [hana.handle, ann.handle, 'conformance-nobody'])
        refused(
          await guest.post('/v1/auth/login', { handle, password: 'wrong password' }),
          401,
          'Invalid credentials',
        )
    },
  },
  {
    part: 1,
    page: 'accounts',
    rule: 'a person signs in, is known by the cookie, and signs out',
    check: async (lab) => {
      const session = await lab.session()
      const me = answered(await session.get('/v1/auth/me'), 200)
      same(
        'handle, kind, via, scopes',
        [me.handle, me.kind, me.via, me.scopes],
        [lab.hana.handle, 'human', 'session', []],
      )
      same('the answer', answered(await session.post('/v1/auth/logout'), 200)?.status, 'ok')
      refused(await lab.ann.post('/v1/auth/logout'), 400, 'Logout only applies to session auth')
    },
  },
  {
    part: 2,
    page: 'accounts',
    rule: 'a session ends when its person signs out',
    check: async (lab) => {
      const session = await lab.session()
      answered(await session.post('/v1/auth/logout'), 200)
      answered(await session.get('/v1/auth/me'), 401)
    },
  },
  {
    part: 1,
    page: 'channels',
    rule: 'GET /v1/channels is an object with the channels of the account, by slug',
    check: async ({ ann, channel, vault }) => {
      const { channels } = answered(await ann.get('/v1/channels'), 200) ?? {}
      holds('channels is no list', Array.isArray(channels), channels)
      const slugs: string[] = channels.map(({ slug }: { slug: string }) => slug)
      same('the slugs', slugs, slugs.toSorted())
      holds('a channel of the account is missing', slugs.includes(channel) && slugs.includes(vault), slugs)
      for (const one of channels)
        hasKeys('a channel', one, ['id', 'slug', 'name', 'description', 'kind', 'role'])
    },
  },
  {
    part: 1,
    page: 'channels',
    rule: 'the members of a channel are listed by handle',
    check: async ({ ann, bob, hana, channel }) => {
      const { members } = answered(await ann.get(`/v1/channels/${channel}/members`), 200) ?? {}
      holds('members is no list', Array.isArray(members), members)
      for (const one of members) hasKeys('a member', one, ['id', 'handle', 'display_name', 'kind', 'role'])
      const handles: string[] = members.map(({ handle }: { handle: string }) => handle)
      same('the handles', handles, handles.toSorted())
      holds(
        'a member is missing',
        [ann, bob, hana].every(({ handle }) => handles.includes(handle)),
        handles,
      )
    },
  },
  {
    part: 1,
    page: 'authentication',
    rule: 'an account that is not in a public channel is refused with 403 "Not a member"',
    check: async ({ eve, channel }) => {
      refused(await eve.get(`/v1/messages?channel=${channel}`), 403, 'Not a member')
      refused(await eve.post('/v1/messages', { channel, body: 'let me in' }), 403, 'Not a member')
    },
  },
  {
    part: 1,
    page: 'authentication',
    rule: 'a token without the scope is refused with 403, and its text names the verb',
    check: async (lab) => {
      const { admin, ann, channel } = lab
      const issue = async (verb: string) => {
        const body = { account_handle: ann.handle, scopes: [`channel:${channel}:${verb}`] }
        const { token } = answered(await admin.post('/v1/admin/tokens', body), 201)
        return { authorization: `Bearer ${token}` }
      }
      const post = lab.guest.post('/v1/messages', { channel, body: 'x' }, await issue('read'))
      refused(await post, 403, 'Token lacks post scope for this channel')
      const read = lab.guest.get(`/v1/messages?channel=${channel}`, await issue('post'))
      refused(await read, 403, 'Token lacks read scope for this channel')
    },
  },
  {
    part: 1,
    page: 'authentication',
    rule: 'an unknown channel is 404 "Channel not found", and an archived one 404 "Channel archived"',
    check: async ({ ann, archived }) => {
      for (const [slug, detail] of [
        ['conformance-nowhere', 'Channel not found'],
        [archived, 'Channel archived'],
      ] as const) {
        refused(await ann.get(`/v1/messages?channel=${slug}`), 404, detail)
        refused(await ann.post('/v1/messages', { channel: slug, body: 'x' }), 404, detail)
      }
    },
  },
  {
    part: 1,
    page: 'channels',
    rule: 'an archived channel is not among those of an account',
    check: async ({ ann, channel, archived }) => {
      const { channels } = answered(await ann.get('/v1/channels'), 200) ?? {}
      holds('channels is no list', Array.isArray(channels), channels)
      const slugs: string[] = channels.map(({ slug }: { slug: string }) => slug)
      same('open, archived', [slugs.includes(channel), slugs.includes(archived)], [true, false])
    },
  },
  {
    part: 2,
    page: 'messages',
    rule: 'a message of an archived channel is not found, by its author either',
    check: async ({ ann, shelved }) => {
      refused(await ann.get(`/v1/messages/${shelved}`), 404, 'Message not found')
      refused(await ann.send('PATCH', `/v1/messages/${shelved}`, { body: 'x' }), 404, 'Message not found')
    },
  },
  {
    part: 1,
    page: 'authentication',
    rule: 'the token of an archived account is 401 "Account unavailable"',
    check: async ({ gone, channel }) => {
      refused(await gone.get('/v1/auth/me'), 401, 'Account unavailable')
      refused(await gone.post('/v1/messages', { channel, body: 'x' }), 401, 'Account unavailable')
    },
  },
  {
    part: 1,
    page: 'channels',
    rule: 'an archived account is not among the members of its channels',
    check: async ({ ann, gone, channel }) => {
      const { members } = answered(await ann.get(`/v1/channels/${channel}/members`), 200) ?? {}
      holds('members is no list', Array.isArray(members), members)
      const handles: string[] = members.map(({ handle }: { handle: string }) => handle)
      same(
        'ann, the archived one',
        [handles.includes(ann.handle), handles.includes(gone.handle)],
        [true, false],
      )
    },
  },
  {
    part: 2,
    page: 'messages',
    rule: 'an archived account is not mentioned, and the author reads that',
    check: async ({ ann, gone, channel }) => {
      const { mentioned_handles, unresolved_mentions } = await ann.says(
        channel,
        `@${gone.handle} are you there?`,
      )
      same('mentioned, unresolved', [mentioned_handles, unresolved_mentions], [[], [gone.handle]])
    },
  },
  {
    part: 2,
    page: 'channels',
    feature: 'dms',
    rule: 'nobody begins a direct channel with an archived account',
    check: async ({ ann, gone }) => {
      refused(await ann.post('/v1/dms', { handle: gone.handle }), 404, 'Account not found')
    },
  },
  {
    part: 2,
    page: 'authentication',
    rule: 'a private channel looks like a missing one from outside',
    check: async ({ eve, vault }) => {
      const hidden = refused(await eve.get(`/v1/messages?channel=${vault}`), 404, 'Channel not found')
      const missing = refused(
        await eve.get('/v1/messages?channel=conformance-nowhere'),
        404,
        'Channel not found',
      )
      same('the keys', Object.keys(hidden), Object.keys(missing))
    },
  },
  {
    part: 2,
    page: 'errors',
    rule: 'an error has a code and the id of the request, and a refusal by a check says which',
    check: async ({ eve, channel }) => {
      const answer = await eve.get(`/v1/messages?channel=${channel}`, { 'x-request-id': 'conformance-1' })
      const { code, gate, request_id } = answered(answer, 403) ?? {}
      same(
        'code, gate, request_id',
        [code, gate, request_id],
        ['not_a_member', 'membership', 'conformance-1'],
      )
      same('X-Request-Id', answer.headers.get('x-request-id'), 'conformance-1')
    },
  },
  {
    part: 2,
    page: 'conventions',
    rule: 'answers are not cached, and the scheme of a bearer header may have any case',
    check: async ({ guest, ann }) => {
      const answer = await guest.get('/v1/auth/me', { authorization: `bEARER ${ann.token}` })
      answered(answer, 200)
      same('Cache-Control', answer.headers.get('cache-control'), 'no-store')
    },
  },
  {
    part: 2,
    page: 'conventions',
    rule: 'the server says its version, its epoch and its features',
    check: async ({ ann }) => {
      const server = answered(await ann.get('/v1/server'), 200)
      hasKeys('the answer', server, ['version', 'epoch', 'head_cursor', 'features', 'limits'])
      holds('the epoch is no ULID', /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(server.epoch), server.epoch)
    },
  },
]
