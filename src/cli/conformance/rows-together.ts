import { answered, hasKeys, holds, type Json, NotOffered, type Row, refused, same } from './row'

const FOUND_WITHIN_MS = 10_000

/** How people and agents work together. */
export const togetherRows: readonly Row[] = [
  {
    part: 2,
    page: 'inbox',
    feature: 'inbox',
    rule: 'a mention is in the inbox until it is acknowledged, and its sender sees that it was',
    check: async ({ ann, bob, channel }) => {
      const { id } = await ann.says(channel, `@${bob.handle} please look`)
      const { items } = answered(await bob.get('/v1/inbox?limit=200'), 200) ?? {}
      const item = items?.find((one: Json) => one.message.id === id)
      same('the reason', item?.reason, 'mention')
      answered(await bob.post('/v1/inbox/ack', { message_ids: [id] }), 200)
      const { deliveries } = answered(await ann.get(`/v1/messages/${id}/deliveries`), 200) ?? {}
      same(
        'the deliveries',
        deliveries?.map((one: Json) => [one.account.handle, one.state]),
        [[bob.handle, 'acked']],
      )
    },
  },
  {
    part: 2,
    page: 'inbox',
    feature: 'inbox',
    rule: 'a post that mentions its author notifies nobody',
    check: async ({ ann, channel }) => {
      const message = await ann.says(channel, `@${ann.handle} a note`)
      same('mentioned_handles', message.mentioned_handles, [ann.handle])
      const { items } = answered(await ann.get('/v1/inbox?limit=200'), 200) ?? {}
      holds(
        'it is in the inbox',
        items.every((one: Json) => one.message.id !== message.id),
      )
    },
  },
  {
    part: 2,
    page: 'coordination',
    feature: 'presence',
    rule: 'an account says what it does, and others see it',
    check: async ({ ann, bob, channel }) => {
      answered(await ann.send('PUT', '/v1/presence', { state: 'working', note: 'conformance' }), 200)
      const { presence } = answered(await bob.get(`/v1/presence?channel=${channel}`), 200) ?? {}
      const own = presence?.find((one: Json) => one.handle === ann.handle)
      same('state, note', [own?.state, own?.note], ['working', 'conformance'])
      answered(await ann.send('PUT', '/v1/presence', { state: 'offline' }), 200)
    },
  },
  {
    part: 2,
    page: 'coordination',
    feature: 'claims',
    rule: 'a claim is held by one, and a later one has a greater epoch',
    check: async ({ ann, bob, channel }) => {
      const wanted = { resource: `task:${crypto.randomUUID()}`, channel, ttl_s: 60 }
      const mine = answered(await ann.post('/v1/claims', wanted), 201)
      const held = answered(await bob.post('/v1/claims', wanted), 409)
      same('code, holder', [held.code, held.claim?.holder], ['claim_held', ann.handle])
      answered(await ann.post(`/v1/claims/${mine.id}/release`, { epoch: mine.epoch, outcome: 'done' }), 200)
      const theirs = answered(await bob.post('/v1/claims', wanted), 201)
      holds('the epoch does not grow', theirs.epoch > mine.epoch, [mine.epoch, theirs.epoch])
      answered(await bob.post(`/v1/claims/${theirs.id}/release`, { epoch: theirs.epoch }), 200)
    },
  },
  {
    part: 2,
    page: 'chain',
    feature: 'chain_limit',
    rule: 'an agent that has used its replies in a thread is stopped, until a person posts there',
    check: async ({ ann, hana, channel }) => {
      const { id } = await hana.says(channel, 'a question')
      const thread = answered(await ann.get(`/v1/threads/${id}`), 200)
      const limit: number = thread.chain?.limit ?? 0
      if (limit === 0 || limit > 10) throw new NotOffered(`chain.limit of the server is ${limit}`)
      const reply = () => ann.post('/v1/messages', { channel, body: 'a reply', reply_to: id })
      for (let turn = 0; turn < limit; turn++) answered(await reply(), 201)
      const stopped = answered(await reply(), 429)
      same(
        'the refusal',
        [stopped.code, stopped.limit, stopped.used, stopped.resets_on],
        ['chain_limit', limit, limit, 'human_message'],
      )
      await hana.says(channel, 'go on', { reply_to: id })
      answered(await reply(), 201)
    },
  },
  {
    part: 2,
    page: 'approvals',
    feature: 'approvals',
    rule: 'a person decides what an agent asks, once, and no agent does',
    check: async ({ ann, bob, hana, channel }) => {
      const question = { channel, question: 'Go on?', options: ['yes', 'no'] }
      const { approval } = answered(await ann.post('/v1/approvals', question), 201)
      const decide = { option: 'yes' }
      const path = `/v1/approvals/${approval.id}`
      same('code', answered(await bob.post(`${path}/decide`, decide), 403)?.code, 'humans_only')
      answered(await hana.post(`${path}/decide`, decide), 200)
      const { state, decision } = answered(await ann.get(path), 200) ?? {}
      same('the decision', [state, decision?.option, decision?.by], ['decided', 'yes', hana.handle])
      same('code', answered(await hana.post(`${path}/decide`, decide), 409)?.code, 'already_decided')
    },
  },
  {
    part: 2,
    page: 'channels',
    feature: 'dms',
    rule: 'two accounts that share a channel have one direct channel',
    check: async ({ ann, bob, eve }) => {
      const first = await ann.post('/v1/dms', { handle: bob.handle })
      holds('neither 200 nor 201', first.status === 200 || first.status === 201, first.status)
      const again = answered(await bob.post('/v1/dms', { handle: ann.handle }), 200)
      same('the slug', again.slug, first.body.slug)
      holds('the slug', /^dm-[0-9a-f]{16}$/.test(again.slug), again.slug)
      refused(await ann.post('/v1/dms', { handle: eve.handle }), 404, 'Account not found')
    },
  },
  {
    part: 2,
    page: 'channels',
    feature: 'threads',
    rule: 'a thread has its root, its replies and their number',
    check: async ({ ann, bob, channel }) => {
      const { id } = await ann.says(channel, 'a thread')
      const reply = await bob.says(channel, 'a reply', { thread_id: id })
      const { root, reply_count } = answered(await ann.get(`/v1/threads/${id}`), 200) ?? {}
      same('root, replies', [root?.id, reply_count], [id, 1])
      const page = answered(await ann.get(`/v1/threads/${id}/messages`), 200)
      same(
        'the messages',
        page.messages.map((one: Json) => one.id),
        [id, reply.id],
      )
    },
  },
  {
    part: 2,
    page: 'search',
    feature: 'search',
    rule: 'a message is found by its words soon after it was posted, by its readers alone',
    check: async ({ ann, bob, eve, vault }) => {
      const word = `w${crypto.randomUUID().replaceAll('-', '')}`
      const { id } = await ann.says(vault, `the word ${word}`)
      const idsFor = async (who: typeof bob) =>
        answered(await who.get(`/v1/search?q=${word}`), 200)?.results.map((one: Json) => one.message.id)
      const end = Date.now() + FOUND_WITHIN_MS
      let found: string[] = []
      while (found.length === 0 && Date.now() < end) {
        found = await idsFor(bob)
        if (found.length === 0) await Bun.sleep(200)
      }
      same('what a member finds', found, [id])
      same('what another finds', await idsFor(eve), [])
    },
  },
  {
    part: 2,
    page: 'mcp',
    feature: 'mcp',
    rule: 'MCP asks for a token with WWW-Authenticate',
    check: async ({ guest }) => {
      const answer = await guest.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'ping' })
      answered(answer, 401)
      holds('WWW-Authenticate', /^Bearer\b/.test(answer.headers.get('www-authenticate') ?? ''))
    },
  },
  {
    part: 2,
    page: 'a2a',
    feature: 'a2a',
    rule: 'the agent card needs no token, and a message sent over A2A is a task until its recipient replies',
    check: async ({ guest, ann, bob, channel }) => {
      const card = answered(await guest.get('/.well-known/agent-card.json'), 200)
      hasKeys('the card', card, ['name', 'supportedInterfaces', 'capabilities', 'skills'])
      const message = {
        messageId: crypto.randomUUID(),
        role: 'ROLE_USER',
        parts: [{ text: `@${bob.handle} please look` }],
        metadata: { 'synapse.channel': channel },
      }
      const sent = await ann.post('/a2a/v1/message:send', {
        message,
        configuration: { returnImmediately: true },
      })
      const { task } = answered(sent, 200) ?? {}
      same('the state', task?.status?.state, 'TASK_STATE_SUBMITTED')
      await bob.says(channel, 'done', { reply_to: task.id.split('.')[0] })
      const done = answered(await ann.get(`/a2a/v1/tasks/${task.id}`), 200)
      same('the state', done.status?.state, 'TASK_STATE_COMPLETED')
    },
  },
]
