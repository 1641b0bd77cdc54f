// What happens on /v1, as the events of rooms: each row of the table of translation, outward.
import { describe, expect, test } from 'bun:test'
import type { Message, Person } from '../support/world'
import { eventsOf, homeserverWorld, inShort, SERVER, type SeenEvent, settled, user } from './projected'

const messagesIn = (events: readonly SeenEvent[]) => events.filter(({ type }) => type === 'm.room.message')
const relation = (event: SeenEvent | undefined) => event?.content['m.relates_to']

/** A private channel with an administrator and two members. */
async function scene() {
  const w = await homeserverWorld()
  const family = await w.channel('family', { kind: 'private', name: 'Family' })
  const [alice, bob, carol] = [
    await w.human('alice', { channels: { family: 'admin' }, displayName: 'Alice' }),
    await w.human('bob', { channels: { family: 'member' }, displayName: 'Bob' }),
    await w.human('carol', { channels: { family: 'member' } }),
  ]
  await settled(w)
  return {
    ...{ w, family, alice, bob, carol },
    /** The events that an act adds to the room. */
    added: async (act: () => Promise<unknown>): Promise<SeenEvent[]> => {
      const before = (await eventsOf(w, family)).length
      await act()
      return (await eventsOf(w, family)).slice(before)
    },
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}

async function succeeds(answer: Promise<{ readonly status: number; readonly text: string }>): Promise<void> {
  const { status, text } = await answer
  expect(status, text).toBeLessThan(300)
}

describe('rooms', () => {
  test('the room of a channel begins with its state in order, and then its members join', async () => {
    await using w = await homeserverWorld()
    const town = await w.channel('town', { kind: 'public', name: 'Town' })
    await w.agent('alice', { channels: { town: 'admin' } })
    const bob = await w.agent('bob')
    await succeeds(bob.post('/v1/channels/town/join'))
    const events = await eventsOf(w, town)
    expect(events.map(inShort)).toEqual([
      'm.room.create by system',
      'm.room.member system join by system',
      'm.room.power_levels by system',
      'm.room.join_rules by system',
      'm.room.history_visibility by system',
      'm.room.guest_access by system',
      'm.room.name by system',
      'm.room.canonical_alias by system',
      'io.element.functional_members by system',
      'm.room.member alice invite by system',
      'm.room.member alice join by alice',
      'm.room.power_levels by system',
      'm.room.member bob join by bob',
    ])
    for (const [i, event] of events.entries())
      expect(event.prev).toEqual(i === 0 ? [] : [events[i - 1]?.id ?? ''])
    expect(events[0]?.content).toEqual({ room_version: '11', 'm.federate': false })
    expect(events[3]?.content).toEqual({ join_rule: 'public' })
    expect(events[7]?.content).toEqual({ alias: `#town:${SERVER}` })
    expect(events[11]?.content['users']).toEqual({ [user('system')]: 101, [user('alice')]: 100 })
    const [row] = await w.sql<{ room_id: string; born: string; published: unknown }>(
      'SELECT room_id, born, published FROM matrix_rooms',
    )
    expect(row?.room_id).toBe(`!${town.id.replaceAll('-', '')}:${SERVER}`)
    expect(row?.born).toBe('channel')
    expect(Boolean(row?.published)).toBe(true)
  })

  test('a direct channel has no system in it: who opens it invites the other, who joins', async () => {
    await using w = await homeserverWorld()
    await w.channel('town')
    const ann = await w.human('ann', { channels: { town: 'member' } })
    await w.human('ben', { channels: { town: 'member' } })
    const { body } = await ann.post<{ slug: string }>('/v1/dms', { handle: 'ben' })
    await ann.posts(body.slug, 'just us')
    const events = await eventsOf(w, body.slug)
    expect(events.map(inShort)).toEqual([
      'm.room.create by ann',
      'm.room.member ann join by ann',
      'm.room.power_levels by ann',
      'm.room.join_rules by ann',
      'm.room.history_visibility by ann',
      'm.room.guest_access by ann',
      'm.room.member ben invite by ann',
      'm.room.member ben join by ben',
      'm.room.message by ann',
    ])
    expect(events[6]?.content['is_direct']).toBe(true)
    const [room] = await w.sql<{ room_id: string }>(
      'SELECT room_id FROM matrix_rooms ORDER BY channel_id DESC LIMIT 1',
    )
    const direct = await w.sql<{ handle: string; json: string }>(
      `SELECT a.handle, d.json FROM matrix_account_data d JOIN accounts a ON a.id = d.account_id
       WHERE d.type = 'm.direct' AND d.channel_id = 0 ORDER BY a.handle`,
    )
    expect(direct.map(({ handle, json }) => [handle, JSON.parse(json)])).toEqual([
      ['ann', { [user('ben')]: [room?.room_id] }],
      ['ben', { [user('ann')]: [room?.room_id] }],
    ])
    expect(events[2]?.content['users']).toEqual({ [user('ann')]: 100, [user('ben')]: 100 })
  })

  test('name, topic, kind and history of a channel are state of its room', async () => {
    await using here = await scene()
    const { added, alice, w } = here
    const change = {
      name: 'Clan',
      description: 'All of us',
      kind: 'public',
      settings: { history: 'joined' },
    }
    const events = await added(() => succeeds(alice.patch('/v1/channels/family', change)))
    expect(events.map(({ type, sender, content }) => [type, sender, content])).toEqual([
      ['m.room.name', user('alice'), { name: 'Clan' }],
      ['m.room.topic', user('alice'), { topic: 'All of us' }],
      ['m.room.join_rules', user('alice'), { join_rule: 'public' }],
      ['m.room.history_visibility', user('alice'), { history_visibility: 'joined' }],
    ])
    const published = () => w.sql<{ published: unknown }>('SELECT published FROM matrix_rooms')
    expect(Boolean((await published())[0]?.published)).toBe(true)
    const back = await added(() => succeeds(alice.patch('/v1/channels/family', { description: '' })))
    expect(back.map(({ type, content }) => [type, content])).toEqual([['m.room.topic', { topic: '' }]])
    expect(
      await added(() => succeeds(alice.patch('/v1/channels/family', { settings: { agent_run: 5 } }))),
    ).toEqual([])
  })

  test('nobody but the server writes in an archived channel, and afterwards the former levels are back', async () => {
    await using here = await scene()
    const { added, family, w } = here
    const before = (await eventsOf(w, family)).findLast(({ type }) => type === 'm.room.power_levels')
    const [archived] = await added(() => w.archives(family))
    expect(archived?.content).toMatchObject({
      ...{ events_default: 101, state_default: 101, invite: 101, users_default: 0 },
      users: before?.content['users'],
    })
    const [back] = await added(() => succeeds(w.operator.post(`/v1/admin/channels/${family.id}/unarchive`)))
    expect(back?.content).toEqual(before?.content ?? {})
  })
})

describe('members', () => {
  test('one who leaves leaves, and one who is removed is kicked', async () => {
    await using here = await scene()
    const { added, alice, bob, carol, w, family } = here
    const left = await added(() => succeeds(bob.post('/v1/channels/family/leave')))
    expect(left.map(inShort)).toEqual(['m.room.member bob leave by bob'])
    const kicked = await added(() => succeeds(alice.delete('/v1/channels/family/members/carol')))
    expect(kicked.map(inShort)).toEqual(['m.room.member carol leave by alice'])
    const added2 = await added(() => succeeds(alice.post('/v1/channels/family/members', { handle: 'carol' })))
    expect(added2.map(inShort)).toEqual([
      'm.room.member carol invite by alice',
      'm.room.member carol join by carol',
    ])
    const removed = await added(() => w.leaves(carol, family))
    expect(removed.map(inShort)).toEqual(['m.room.member carol leave by system'])
  })

  test('a role is a power level', async () => {
    await using here = await scene()
    const { added, alice } = here
    const set = (handle: string, role: string) =>
      added(() => succeeds(alice.patch(`/v1/channels/family/members/${handle}`, { role })))
    const [muted] = await set('bob', 'read_only')
    expect(muted?.sender).toBe(user('alice'))
    expect(muted?.content['users']).toEqual({
      [user('system')]: 101,
      [user('alice')]: 100,
      [user('bob')]: -1,
    })
    const [raised] = await set('bob', 'admin')
    expect(raised?.content['users']).toMatchObject({ [user('bob')]: 100 })
    // Nobody lowers an equal on Matrix, so the server does.
    const [lowered] = await set('bob', 'member')
    expect(lowered?.sender).toBe(user('system'))
    expect(lowered?.content['users']).toEqual({ [user('system')]: 101, [user('alice')]: 100 })
  })

  test('a display name changes in every room, each with a row of its own in the log', async () => {
    await using here = await scene()
    const { added, bob, w } = here
    const town = await w.channel('town')
    await w.joins(bob, town)
    const events = await added(() => succeeds(bob.patch('/v1/me', { display_name: 'Robert' })))
    expect(events.map(({ content }) => content)).toEqual([{ displayname: 'Robert', membership: 'join' }])
    expect((await eventsOf(w, town)).at(-1)?.content).toEqual({ displayname: 'Robert', membership: 'join' })
    const log = await w.storedLog()
    expect(log.filter(({ type }) => type === 'matrix.event')).toHaveLength(2)
    const { body } = await here.alice.get<{ events: { type: string }[] }>('/v1/events?limit=200')
    expect(body.events.map(({ type }) => type)).not.toContain('matrix.event')
  })

  test('an archived account leaves its rooms, and comes back when it is unarchived', async () => {
    await using here = await scene()
    const { added, bob, w } = here
    const gone = await added(() => w.archives(bob))
    expect(gone.map(inShort)).toEqual(['m.room.member bob leave by system'])
    const back = await added(() => succeeds(w.operator.post(`/v1/admin/accounts/${bob.id}/unarchive`)))
    expect(back.map(inShort)).toEqual(['m.room.member bob invite by system', 'm.room.member bob join by bob'])
  })

  test('what an erased account has written is in no event, also where its messages stay', async () => {
    await using here = await scene()
    const { added, alice, bob, w, family } = here
    await bob.posts(family, 'words of Bob')
    await alice.posts(family, 'words of Alice')
    const erase = { confirm: 'bob', mode: 'anonymize' }
    const events = await added(() => succeeds(w.operator.post(`/v1/admin/accounts/${bob.id}/erase`, erase)))
    expect(events.map(inShort)).toEqual(['m.room.member bob leave by system'])
    const messages = messagesIn(await eventsOf(w, family))
    expect(messages.map(({ content, redactedBy }) => [content['body'], redactedBy])).toEqual([
      [undefined, events[0]?.pos ?? 0],
      ['words of Alice', null],
    ])
    expect(await alice.hears(family)).toContain('words of Bob')
  })

  test('an erased account leaves, and its name is in no event', async () => {
    await using here = await scene()
    const { added, bob, w, family } = here
    const erase = { confirm: 'bob', mode: 'delete_messages' }
    await bob.posts(family, 'words of Bob')
    const events = await added(() => succeeds(w.operator.post(`/v1/admin/accounts/${bob.id}/erase`, erase)))
    expect(events.map(inShort)).toContain('m.room.member bob leave by system')
    await settled(w)
    const stored = await w.sql<{ json: string }>('SELECT json FROM matrix_events')
    expect(stored.filter(({ json }) => /\bBob\b/.test(json))).toEqual([])
  })
})

describe('messages', () => {
  test('a message is an event with its words, format and mentions', async () => {
    await using here = await scene()
    const { alice, family, w } = here
    const plain = await alice.posts(family, 'hello')
    const marked = await alice.posts(family, 'hello **you** @bob <b>', {
      metadata: { n: 1 },
      priority: 'urgent',
    })
    await alice.posts(family, '# plain', { body_format: 'plaintext' })
    await alice.posts(family, '@channel wake up', { priority: 'fyi', metadata: { n: 1.5 } })
    const [one, two, three, four] = messagesIn(await eventsOf(w, family))
    expect(one?.content).toEqual({
      ...{ msgtype: 'm.text', body: 'hello', 'm.mentions': {} },
      'dev.synapse.v1': { id: plain.id },
    })
    expect(two?.content).toEqual({
      msgtype: 'm.text',
      body: 'hello **you** @bob <b>',
      format: 'org.matrix.custom.html',
      formatted_body: `hello <strong>you</strong> <a href="https://matrix.to/#/${user('bob')}">@bob</a> &lt;b&gt;`,
      'm.mentions': { user_ids: [user('bob')] },
      'dev.synapse.v1': { id: marked.id, priority: 'urgent', metadata: { n: 1 } },
    })
    expect(three?.content).not.toHaveProperty('formatted_body')
    expect(four?.content).toMatchObject({ msgtype: 'm.notice', 'm.mentions': { room: true } })
    // Events hold integers only.
    expect(four?.content['dev.synapse.v1']).not.toHaveProperty('metadata')
  })

  test('a reply is in the thread of its root', async () => {
    await using here = await scene()
    const { alice, bob, family, w } = here
    const first = await alice.posts(family, 'root')
    await bob.posts(family, 'a reply', { reply_to: first.id })
    await settled(w)
    await alice.posts(family, 'another', { thread_id: first.id })
    const [root, reply, another] = messagesIn(await eventsOf(w, family))
    const inThread = { rel_type: 'm.thread', event_id: root?.id }
    const to = (event: SeenEvent | undefined) => ({ 'm.in_reply_to': { event_id: event?.id } })
    expect(relation(reply)).toEqual({ ...inThread, ...to(root), is_falling_back: false })
    expect(relation(another)).toEqual({ ...inThread, ...to(reply), is_falling_back: true })
    const [row] = await w.sql<{ rel_pos: number; thread_pos: number }>(
      'SELECT rel_pos, thread_pos FROM matrix_events WHERE event_id = ?',
      another?.id ?? '',
    )
    expect([Number(row?.rel_pos), Number(row?.thread_pos)]).toEqual([root?.pos ?? 0, root?.pos ?? 0])
  })

  test('an edit replaces the content, and mentions only whom it names for the first time', async () => {
    await using here = await scene()
    const { added, alice, family } = here
    const message = await alice.posts(family, 'hi @bob')
    const events = await added(() =>
      succeeds(alice.patch(`/v1/messages/${message.id}`, { body: 'hi @bob and @carol' })),
    )
    expect(events).toHaveLength(1)
    expect(events[0]?.content).toMatchObject({
      body: '* hi @bob and @carol',
      'm.mentions': { user_ids: [user('carol')] },
      'm.new_content': {
        body: 'hi @bob and @carol',
        'm.mentions': { user_ids: [user('bob'), user('carol')] },
      },
      'm.relates_to': { rel_type: 'm.replace' },
    })
  })

  test('a message edited or deleted before it is projected shows what is left', async () => {
    await using here = await scene()
    const { added, alice, family } = here
    const [message, edit] = await added(async () => {
      const { id } = await alice.posts(family, 'first')
      await succeeds(alice.patch(`/v1/messages/${id}`, { body: 'second' }))
    })
    expect([message?.content['body'], edit?.content['body']]).toEqual(['second', '* second'])
    const [empty, redaction] = await added(async () => {
      const { id } = await alice.posts(family, 'gone')
      await succeeds(alice.delete(`/v1/messages/${id}`))
    })
    expect(redaction?.content['redacts']).toBe(empty?.id ?? '')
    expect(empty?.content).toEqual({})
  })

  test('a deleted message is redacted with its edits, and no row holds its words', async () => {
    await using here = await scene()
    const { added, alice, bob, family, w } = here
    const message = await alice.posts(family, 'secret words')
    await settled(w)
    await succeeds(alice.patch(`/v1/messages/${message.id}`, { body: 'secret words again' }))
    await settled(w)
    const [redaction] = await added(() => succeeds(alice.delete(`/v1/messages/${message.id}`)))
    expect(redaction?.type).toBe('m.room.redaction')
    expect(redaction?.sender).toBe(user('alice'))
    const events = await eventsOf(w, family)
    expect(messagesIn(events).map(({ content, redactedBy }) => [content, redactedBy])).toEqual([
      [{}, redaction?.pos ?? 0],
      [{}, redaction?.pos ?? 0],
    ])
    const [row] = await w.sql<{ n: number }>(
      "SELECT count(*) AS n FROM matrix_events WHERE json LIKE '%secret%'",
    )
    expect(Number(row?.n)).toBe(0)
    const other = await bob.posts(family, 'of bob')
    const [byAdmin] = await added(() => succeeds(alice.delete(`/v1/messages/${other.id}`)))
    expect(byAdmin?.sender).toBe(user('alice'))
  })

  test('a reaction is an annotation, and its removal a redaction', async () => {
    await using here = await scene()
    const { added, alice, bob, family } = here
    const message = await alice.posts(family, 'look')
    const path = `/v1/messages/${message.id}/reactions/${encodeURIComponent('👍')}`
    const [reaction] = await added(() => succeeds(bob.put(path)))
    expect(reaction?.sender).toBe(user('bob'))
    expect(relation(reaction)).toMatchObject({ rel_type: 'm.annotation', key: '👍' })
    const [removal] = await added(() => succeeds(bob.delete(path)))
    expect(removal?.content['redacts']).toBe(reaction?.id ?? '')
  })

  test('one file is the message itself, several follow the text', async () => {
    await using here = await scene()
    const { added, alice, family } = here
    const one = await upload(alice, 'notes.txt', 'text/plain')
    const two = await upload(alice, 'song.ogg', 'audio/ogg')
    const [single] = await added(() => alice.posts(family, 'my notes', { attachments: [one] }))
    expect(single?.content).toMatchObject({
      msgtype: 'm.file',
      ...{ body: 'my notes', filename: 'notes.txt', url: `mxc://${SERVER}/${one.replaceAll('-', '')}` },
      info: { mimetype: 'text/plain', size: 5 },
    })
    const three = await upload(alice, 'more.txt', 'text/plain')
    let message: Message | undefined
    const events = await added(async () => {
      message = await alice.posts(family, 'two files', { attachments: [two, three] })
    })
    expect(events.map(({ content }) => [content['msgtype'], content['body']])).toEqual([
      ['m.text', 'two files'],
      ['m.audio', 'song.ogg'],
      ['m.file', 'more.txt'],
    ])
    expect(events.map(({ pos }) => pos - (events[0]?.pos ?? 0))).toEqual([0, 1, 2])
    const redactions = await added(() => succeeds(alice.delete(`/v1/messages/${message?.id}`)))
    expect(redactions.map(({ content }) => content['redacts'])).toEqual(events.map(({ id }) => id))
  })

  test('the longest message fits into an event, if need be without its HTML', async () => {
    await using here = await scene()
    const { added, alice, family } = here
    const [long] = await added(() => alice.posts(family, `**${'€'.repeat(15_000)}**`))
    expect(long?.content).not.toHaveProperty('formatted_body')
    expect(String(long?.content['body'])).toHaveLength(15_004)
    const whole = '😀'.repeat(16_000)
    const short = await alice.posts(family, 'short')
    const [edit] = await added(() => succeeds(alice.patch(`/v1/messages/${short.id}`, { body: whole })))
    expect(edit?.content['m.new_content']).toMatchObject({ body: whole })
    // JSON writes six bytes for each of these.
    const [cut] = await added(() => alice.posts(family, '\u0001'.repeat(16_000)))
    expect(cut?.content['dev.synapse.v1']).toMatchObject({ truncated: true })
    expect(String(cut?.content['body'])).toHaveLength(8000)
  })

  test('a purge deletes the events of what it purged, and keeps the state', async () => {
    await using here = await scene()
    const { alice, family, w } = here
    for (const body of ['one', 'two', 'three']) await alice.posts(family, body)
    const before = await eventsOf(w, family)
    await succeeds(w.operator.post(`/v1/admin/channels/${family.id}/purge`, { keep: 1 }))
    const after = await eventsOf(w, family)
    expect(messagesIn(after).map(({ content }) => content['body'])).toEqual(['three'])
    const state = (events: readonly SeenEvent[]) => events.filter(({ key }) => key !== null)
    expect(state(after)).toEqual(state(before))
  })
})

async function upload(by: Person, filename: string, mime: string): Promise<string> {
  const headers = { 'content-type': mime, 'content-disposition': `attachment; filename="${filename}"` }
  const answer = await by.fetch<{ id: string }>('/v1/attachments', { method: 'POST', body: 'hello', headers })
  expect(answer.status, answer.text).toBe(201)
  return answer.body.id
}

test('the name of the server is that of system in every room, also after it has changed', async () => {
  await using w = await homeserverWorld({ settings: { SYNAPSE_INSTANCE_NAME: 'Old' } })
  const town = await w.channel('town')
  for (let i = 0; i < 201; i++) await w.channel(`channel-${i}`)
  const nameIn = async (slug: string) =>
    (await eventsOf(w, slug)).filter(({ key }) => key === user('system')).at(-1)?.content['displayname']
  expect(await nameIn('channel-200')).toBe('Old')
  await succeeds(w.operator.put('/v1/config/instance.name', { value: 'New' }))
  for (const slug of [town.slug, 'channel-0', 'channel-199', 'channel-200'])
    expect(await nameIn(slug)).toBe('New')
  // A room that is made now has the name at once, and no other row follows.
  const log = (await w.storedLog()).filter(({ type }) => type === 'matrix.event')
  await w.channel('later')
  expect(await nameIn('later')).toBe('New')
  expect((await w.storedLog()).filter(({ type }) => type === 'matrix.event')).toHaveLength(log.length)
})

test('a decision in a direct channel, in which the server is not, is sent by the person who decided', async () => {
  await using w = await homeserverWorld()
  const town = await w.channel('town')
  const ann = await w.human('ann', { channels: { town: 'member' } })
  const bot = await w.agent('bot', { channels: { town: 'member' } })
  const { body } = await ann.post<{ slug: string }>('/v1/dms', { handle: 'bot' })
  for (const channel of [body.slug, town.slug]) {
    const request = { channel, question: 'Deploy?', options: ['Deploy', { id: 'no', label: 'No' }] }
    const asked = await bot.post<{ approval: { id: string } }>('/v1/approvals', request)
    expect(asked.status, asked.text).toBe(201)
    await succeeds(ann.post(`/v1/approvals/${asked.body.approval.id}/decide`, { option: 'no' }))
  }
  const [direct, open] = [await eventsOf(w, body.slug), await eventsOf(w, town)].map(messagesIn)
  expect(direct?.map(({ sender }) => sender)).toEqual([user('bot'), user('ann')])
  expect(open?.map(({ sender }) => sender)).toEqual([user('bot'), user('system')])
  expect(direct?.at(-1)?.content['body']).toBe(open?.at(-1)?.content['body'])
  expect(direct?.at(-1)?.content['msgtype']).toBe('m.notice')
  expect(relation(direct?.at(-1))).toMatchObject({ rel_type: 'm.thread', event_id: direct?.[0]?.id })
})

test('the many events of an erased account go in slices, and the answer counts them', async () => {
  await using here = await scene()
  const { w, family, bob } = here
  for (let i = 0; i < 450; i++) await bob.posts(family, `words ${i}`)
  const mine = (await eventsOf(w, family)).filter(({ sender, key }) => sender === user('bob') && key === null)
  expect(mine).toHaveLength(450)
  const erase = { confirm: 'bob', mode: 'anonymize' }
  const answer = await w.operator.post<{ matrix?: { events_redacted: number } }>(
    `/v1/admin/accounts/${bob.id}/erase`,
    erase,
  )
  // Its invite and its join, too.
  expect(answer.body.matrix, answer.text).toEqual({ events_redacted: 452 })
  const after = await eventsOf(w, family)
  expect(after.filter(({ redactedBy }) => redactedBy !== null)).toHaveLength(452)
  expect(after.filter(({ content }) => String(content['body']).startsWith('words'))).toEqual([])
})
