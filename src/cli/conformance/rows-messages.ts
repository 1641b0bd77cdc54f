import { answered, hasKeys, holds, type Json, type Row, refused, same } from './row'

/** The keys of a message that the earlier server has, in its order. */
const ORIGINAL_KEYS = [
  'id',
  'channel',
  'thread_id',
  'reply_to',
  'sender_handle',
  'sender_kind',
  'body',
  'body_format',
  'created_at',
  'edited_at',
  'mentioned_handles',
]
const MOST_CODE_POINTS = 16_000

const bodiesIn = ({ messages }: { messages: Json[] }) => messages.map(({ body }) => body)

/** Posting and reading messages. */
export const messageRows: readonly Row[] = [
  {
    part: 1,
    page: 'messages',
    rule: 'a post is answered with 201 and the message, whose first keys are those of the earlier server, in its order',
    check: async ({ ann, channel }) => {
      const message = await ann.says(channel, 'hello', { unknown_key: 1 })
      same('the first keys', Object.keys(message).slice(0, ORIGINAL_KEYS.length), ORIGINAL_KEYS)
      const { sender_handle, sender_kind, body, body_format, edited_at, reply_to } = message
      same(
        'the values',
        [message.channel, sender_handle, sender_kind, body, body_format, edited_at, reply_to],
        [channel, ann.handle, 'agent', 'hello', 'markdown', null, null],
      )
    },
  },
  {
    part: 1,
    page: 'messages',
    rule: 'a text is not trimmed, and has up to 16,000 code points',
    check: async ({ ann, channel }) => {
      for (const body of ['  two blanks and a line \n', '😀'.repeat(MOST_CODE_POINTS)])
        same('the text', (await ann.says(channel, body)).body, body)
      answered(await ann.post('/v1/messages', { channel, body: 'x'.repeat(MOST_CODE_POINTS + 1) }), 422)
    },
  },
  {
    part: 1,
    page: 'errors',
    rule: 'a malformed request is 422 with a list of what is wrong and where',
    check: async ({ ann, channel }) => {
      const { detail } = answered(await ann.post('/v1/messages', { channel }), 422) ?? {}
      holds('detail is no list', Array.isArray(detail), detail)
      hasKeys('an entry', detail[0], ['type', 'loc', 'msg'])
      same('type and place', [detail[0].type, detail[0].loc], ['missing', ['body', 'body']])
      for (const limit of [0, 201])
        answered(await ann.get(`/v1/messages?channel=${channel}&limit=${limit}`), 422)
    },
  },
  {
    part: 1,
    page: 'messages',
    rule: 'another body_format than markdown and plaintext is 400',
    check: async ({ ann, channel }) => {
      const post = await ann.post('/v1/messages', { channel, body: 'x', body_format: 'html' })
      refused(post, 400, "body_format must be 'markdown' or 'plaintext'")
      same(
        'body_format',
        (await ann.says(channel, 'x', { body_format: 'plaintext' })).body_format,
        'plaintext',
      )
    },
  },
  {
    part: 1,
    page: 'messages',
    rule: 'a reply names the message that it answers',
    check: async ({ ann, bob, channel }) => {
      const { id } = await ann.says(channel, 'a question')
      same('reply_to', (await bob.says(channel, 'an answer', { reply_to: id })).reply_to, id)
    },
  },
  {
    part: 1,
    page: 'messages',
    rule: 'mentions are the handles of the text in lower case, each once, in its order; an e-mail address is none',
    check: async ({ ann, bob, hana, channel }) => {
      const found = async (text: string) => (await ann.says(channel, text)).mentioned_handles
      const [one, two] = [bob.handle, hana.handle]
      same('two names', await found(`@${one} and @${two}, @${one.toUpperCase()}`), [one, two])
      same('an address', await found(`write to x@${one}.example`), [])
      const all: string[] = await found('all of @channel')
      holds('@channel names the sender', !all.includes(ann.handle), all)
      holds('@channel leaves out a member', all.includes(one) && all.includes(two), all)
    },
  },
  {
    part: 1,
    page: 'messages',
    rule: 'a page has what comes after since, oldest first; with order=desc the newest first',
    check: async (lab) => {
      const since = await lab.anchor()
      for (const text of ['one', 'two', 'three']) await lab.ann.says(lab.channel, text)
      const page = async (more: string) =>
        answered(await lab.bob.get(`/v1/messages?channel=${lab.channel}&since=${since}${more}`), 200)
      same('oldest first', bodiesIn(await page('')), ['one', 'two', 'three'])
      same('newest first', bodiesIn(await page('&order=desc')), ['three', 'two', 'one'])
      // Clients send the channel as a person typed it.
      const shouted = await lab.bob.get(`/v1/messages?channel=${lab.channel.toUpperCase()}&limit=1`)
      answered(shouted, 200)
    },
  },
  {
    part: 1,
    page: 'log',
    rule: 'next_cursor leads through all pages, each message once; an empty page has no cursor',
    check: async (lab) => {
      let since = await lab.anchor()
      const texts = ['1', '2', '3', '4', '5']
      for (const text of texts) await lab.ann.says(lab.channel, text)
      const found: string[] = []
      for (let turn = 0; turn <= texts.length; turn++) {
        const page = answered(
          await lab.bob.get(`/v1/messages?channel=${lab.channel}&limit=2&since=${since}`),
          200,
        )
        found.push(...bodiesIn(page))
        since = page.next_cursor ?? page.head_cursor ?? since
        if (page.next_cursor === null) break
      }
      same('the messages', found, texts)
      const last = answered(await lab.bob.get(`/v1/messages?channel=${lab.channel}&since=${since}`), 200)
      same('the empty page', [last.messages, last.next_cursor, last.head_cursor], [[], null, null])
    },
  },
  {
    part: 1,
    page: 'log',
    rule: 'an empty since is none, and a cursor that is none is 400',
    check: async ({ ann, channel }) => {
      answered(await ann.get(`/v1/messages?channel=${channel}&since=&limit=1`), 200)
      refused(await ann.get(`/v1/messages?channel=${channel}&since=nonsense`), 400, 'Invalid `since` cursor')
    },
  },
  {
    part: 1,
    page: 'messages',
    rule: 'mentions_me shows what mentions the caller, and nothing else',
    check: async (lab) => {
      const { ann, bob, channel } = lab
      const since = await lab.anchor()
      for (const text of [`@${bob.handle} one`, 'two', 'three for @channel']) await ann.says(channel, text)
      const page = await bob.get(`/v1/messages?channel=${channel}&since=${since}&mentions_me=true`)
      same('the messages', bodiesIn(answered(page, 200)), [`@${bob.handle} one`, 'three for @channel'])
    },
  },
  {
    part: 2,
    page: 'conventions',
    rule: 'times have six digits and Z, and rise with seq; a cursor is 2|epoch|seq in base64url',
    check: async ({ ann, channel }) => {
      const [one, two] = [await ann.says(channel, 'one'), await ann.says(channel, 'two')]
      for (const { created_at } of [one, two])
        holds('created_at', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(created_at), created_at)
      holds('seq and created_at do not rise', two.seq > one.seq && two.created_at > one.created_at, [
        one,
        two,
      ])
      const cursor = Buffer.from(String(one.cursor), 'base64url').toString()
      holds('the cursor', new RegExp(`^2\\|[0-9A-Z]{26}\\|${one.seq}$`).test(cursor), cursor)
    },
  },
  {
    part: 2,
    page: 'messages',
    rule: 'thread_id is the root of the thread; unknown targets and threads are 404',
    check: async ({ ann, bob, hana, channel }) => {
      const root = await hana.says(channel, 'root')
      const reply = await ann.says(channel, 'reply', { reply_to: root.id })
      const deeper = await bob.says(channel, 'deeper', { reply_to: reply.id })
      same('thread_id', [root.thread_id, reply.thread_id, deeper.thread_id], [null, root.id, root.id])
      const missing = crypto.randomUUID()
      const post = (more: object) => ann.post('/v1/messages', { channel, body: 'x', ...more })
      refused(await post({ reply_to: missing }), 404, 'Reply target not found')
      refused(await post({ thread_id: missing }), 404, 'Thread not found')
      refused(await post({ reply_to: 'x' }), 400, 'Invalid reply_to')
    },
  },
  {
    part: 2,
    page: 'messages',
    rule: 'names of accounts that are not in the channel are listed as unresolved, and mention nobody',
    check: async ({ ann, eve, channel }) => {
      const message = await ann.says(channel, `@${eve.handle} and @no-such-account`)
      same('mentioned_handles', message.mentioned_handles, [])
      same('unresolved_mentions', message.unresolved_mentions, [eve.handle, 'no-such-account'])
    },
  },
  {
    part: 2,
    page: 'messages',
    feature: 'idempotency',
    rule: 'a request with a retry key posts once, and another one with that key is 409',
    check: async ({ ann, channel }) => {
      const key = { 'idempotency-key': crypto.randomUUID() }
      const post = (body: string) => ann.post('/v1/messages', { channel, body }, key)
      const first = answered(await post('once'), 201)
      const again = await post('once')
      same('the message', answered(again, 201)?.id, first.id)
      same('Idempotent-Replayed', again.headers.get('idempotent-replayed'), 'true')
      same('code', answered(await post('another'), 409)?.code, 'idempotency_conflict')
    },
  },
  {
    part: 2,
    page: 'messages',
    feature: 'edits',
    rule: 'authors edit and delete their messages, and nobody else does',
    check: async ({ ann, bob, channel }) => {
      const { id } = await ann.says(channel, 'draft')
      const path = `/v1/messages/${id}`
      const edited = answered(await ann.send('PATCH', path, { body: 'final' }), 200)
      holds('edited_at', typeof edited.edited_at === 'string', edited.edited_at)
      same('the text', answered(await bob.get(path), 200)?.body, 'final')
      same('code', answered(await bob.send('PATCH', path, { body: 'mine' }), 403)?.code, 'not_author')
      answered(await ann.send('DELETE', path), 204)
      same('code', answered(await bob.get(path), 404)?.code, 'message_not_found')
    },
  },
  {
    part: 2,
    page: 'messages',
    feature: 'reactions',
    rule: 'a reaction is 201, the same again 200, and it can be taken back',
    check: async ({ ann, bob, channel }) => {
      const { id } = await ann.says(channel, 'react')
      const path = `/v1/messages/${id}/reactions`
      const { reactions } = answered(await bob.post(path, { emoji: 'in_progress' }), 201)
      same('reactions', reactions, [{ emoji: 'in_progress', count: 1, handles: [bob.handle] }])
      answered(await bob.post(path, { emoji: 'in_progress' }), 200)
      answered(await bob.send('DELETE', `${path}/in_progress`), 204)
      same('reactions', answered(await ann.get(`/v1/messages/${id}`), 200)?.reactions, [])
    },
  },
  {
    part: 2,
    page: 'messages',
    feature: 'attachments',
    rule: 'a file is uploaded, hung on a message, and read by its readers alone',
    check: async ({ ann, bob, eve, channel }) => {
      const bytes = new TextEncoder().encode('conformance')
      const upload = await ann.send('POST', '/v1/attachments', bytes, {
        'content-type': 'text/plain',
        'content-disposition': 'attachment; filename="note.txt"',
      })
      const file = answered(upload, 201)
      same('name, size', [file.filename, file.size], ['note.txt', bytes.length])
      await ann.says(channel, 'a file', { attachments: [file.id] })
      const read = await bob.get(`/v1/attachments/${file.id}`)
      answered(read, 200)
      same('the bytes', read.text, 'conformance')
      answered(await eve.get(`/v1/attachments/${file.id}`), 404)
    },
  },
]
