// A server with a database in which a later version of Synapse writes as well.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { catalogueWithNotes, NOTED, notes } from '../support/noted'
import { postgresMissing } from '../support/postgres'
import { sharedStore } from '../support/replicas'
import { type EventPage, LiveSocket } from '../support/sockets'
import { type Message, type World, world } from '../support/world'

setDefaultTimeout(120_000)

/** Appends an event like a later version, with its change. */
async function append(w: World, ...changes: string[]): Promise<void> {
  const next = '(SELECT max(seq) FROM events)'
  await w.sql(`
    WITH head AS (SELECT max(seq) + 1 AS seq, max(at) + interval '1 microsecond' AS at FROM events)
    INSERT INTO events (seq, at, type, subject) SELECT seq, at, 'future.thing', 0 FROM head`)
  for (const change of changes) await w.sql(change.replace('NEXT', next))
  await w.sql(`UPDATE log_head SET access_seq = ${next}`)
}

test.skipIf(postgresMissing)(
  'an event of an unknown type is skipped, and everything it may have changed is read again',
  async () => {
    await using w = await world({ settings: await sharedStore() })
    const room = await w.channel('general')
    const ann = await w.agent('ann', { channels: { general: 'member' } })
    const bob = await w.agent('bob', { channels: { general: 'member' } })
    const cat = await w.agent('cat', { channels: { general: 'member' } })
    using kept = await LiveSocket.open(w.url, ann.credential)
    await kept.subscribe(['general'])
    using ended = await LiveSocket.open(w.url, bob.credential)
    await ended.subscribe(['general'])
    await ann.posts(room, 'before')
    await append(
      w,
      `UPDATE tokens SET revoked_at = now() WHERE account_id = (SELECT id FROM accounts WHERE handle = 'bob')`,
      `INSERT INTO setting_changes (seq, key, value, created_at) VALUES (NEXT, 'quota.members', '77', now())`,
      `INSERT INTO pauses (seq, uuid, account_id, since) SELECT NEXT, gen_random_uuid(), id, now() FROM accounts WHERE handle = 'cat'`,
    )
    expect((await bob.get('/v1/auth/me')).status).toBe(401)
    const paused = await cat.post('/v1/messages', { channel: 'general', body: 'refused' })
    expect(paused.body).toMatchObject({ code: 'paused' })
    expect(await ended.closedWithin(5000)).toBeDefined()
    const { limits } = (await ann.get<{ limits: object }>('/v1/server')).body
    expect(limits).toMatchObject({ members_per_channel: 77 })
    await ann.posts(room, 'after')
    for (const body of ['before', 'after'])
      expect(await kept.next('message.created')).toMatchObject({ message: { body } })

    // Without listeners.
    kept[Symbol.dispose]()
    await append(w, `UPDATE accounts SET display_name = 'Anne' WHERE handle = 'ann'`)
    expect((await ann.get<{ display_name: string }>('/v1/accounts/ann')).body).toMatchObject({
      display_name: 'Anne',
    })
  },
)

test.skipIf(postgresMissing)(
  'with two versions on one database, events that only the later one knows are delivered there and skipped by the other',
  async () => {
    const settings = await sharedStore()
    await using later = await world({ settings, catalogue: catalogueWithNotes, surfaces: [notes] })
    await using earlier = await world({ settings })
    const room = await later.channel('general')
    const ann = await later.agent('ann', { channels: { general: 'member' } })
    const annThere = earlier.bearer(ann.secret)
    using here = await LiveSocket.open(later.url, ann.credential)
    using there = await LiveSocket.open(earlier.url, ann.credential)
    for (const socket of [here, there]) await socket.subscribe(['*'])
    const first = await ann.posts(room, 'first')
    for (const word of ['one', 'two'])
      expect((await ann.post(`/notes/${first.id}`, { word })).status).toBe(201)
    const last = (await annThere.post<Message>('/v1/messages', { channel: 'general', body: 'last' })).body
    for (const socket of [here, there])
      await socket.arrivals.next(({ seq }) => seq === last.seq, 'the last message')
    expect(here.events.map(({ type }) => type)).toEqual(['message.created', NOTED, NOTED, 'message.created'])
    expect(there.events.map(({ seq }) => seq)).toEqual([first.seq, last.seq])
    const { body } = await annThere.get<EventPage>(`/v1/events?since=${first.cursor}`)
    expect(body).toMatchObject({ events: [{ seq: last.seq }], cursor: last.cursor })
    expect(`${later.log}${earlier.log}`).not.toContain('"level":"error"')
  },
)
