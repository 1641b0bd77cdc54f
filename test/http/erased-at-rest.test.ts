// What is left of an erased account where the server stores things.
import { expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Message, type Room, SECOND, type World, world } from '../support/world'

/** Everything that the account and others wrote with its name has one of these words. */
const WORDS = [
  'zqhandle',
  'zqname',
  'zqmail',
  'zqabout',
  'zqtoken',
  'zqdevice',
  'zqbody',
  'zqfile',
  'zqbytes',
]

/** The words that are in a file of the home, or in a row of a table. */
async function found(w: World): Promise<string[]> {
  const places: [place: string, content: string][] = readdirSync(w.home, {
    recursive: true,
    encoding: 'utf8',
  })
    .map((name) => join(w.home, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => [path, readFileSync(path, 'latin1')])
  if (w.database.kind === 'postgres') {
    const tables = await w.sql<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    )
    for (const { name } of tables)
      for (const { row } of await w.sql<{ row: string }>(`SELECT own::text AS row FROM ${name} AS own`))
        places.push([name, row])
  }
  return places.flatMap(([place, content]) => {
    const lower = content.toLowerCase()
    return WORDS.filter((word) => lower.includes(word)).map((word) => `${word} in ${place}`)
  })
}

test('nothing that an erased account was called or wrote is left in the store once it was emptied', async () => {
  await using w = await world()
  const town = await w.channel('town')
  const chief = await w.agent('chief', {
    scopes: ['admin:*', 'channel:*:*', 'dm:*:*'],
    channels: { town: 'admin' },
  })
  const own = await w.agent('zqhandle', { displayName: 'Zqname Person', channels: { town: 'member' } })
  const path = `/v1/admin/accounts/${own.id}`
  await w.operator.patch(path, { email: 'zqmail@example.org', about: 'zqabout', capabilities: ['zqabout'] })
  const tokens = '/v1/admin/tokens'
  await w.operator.post(tokens, { account_handle: 'zqhandle', scopes: ['channel:*:read'], name: 'zqtoken' })
  // A scope that names an account would stay in the audit log, as docs/contract/accounts.md#erasure says.
  const scopes = ['channel:*:read']
  await w.operator.post(tokens, { account_handle: 'chief', scopes, actors: ['zqhandle'] })
  await w.operator.post('/v1/admin/devices', { device: 'zqdevice', account_handle: 'zqhandle' })
  await w.operator.put('/v1/config/named_aliases', { value: { town: { team: ['zqhandle'] } } })
  await w.operator.put('/v1/config/named_aliases', { value: { town: { team: ['chief'] } } })
  await chief.put('/v1/channels/town/aliases', { aliases: { crew: ['zqhandle'] } })
  const headers = {
    authorization: `Bearer ${own.secret}`,
    'content-disposition': 'attachment; filename="zqfile.txt"',
  }
  const upload = await fetch(`${w.url}/v1/attachments`, { method: 'POST', headers, body: 'zqbytes' })
  const file: { id: string } = JSON.parse(await upload.text())
  const { body: direct } = await chief.post<Room>('/v1/dms', { handle: 'zqhandle' })
  const root = await own.posts(town, `zqbody ${'long '.repeat(2000)}`, { attachments: [file.id] })
  await own.patch(`/v1/messages/${root.id}`, { body: 'zqbody again' })
  const key = { 'idempotency-key': 'zqtoken' }
  await own.post<Message>(
    '/v1/messages',
    { channel: direct.slug, body: 'zqbody', metadata: { a: 'zqbody' } },
    key,
  )
  const reply = await chief.posts(town, 'thanks @zqhandle', { reply_to: root.id })
  await own.put(`/v1/messages/${reply.id}/reactions/ok`)
  // Each post wakes the index, and the clock ends its rest.
  const results = async () => (await chief.get<{ results: object[] }>('/v1/search?q=zqhandle')).body.results
  while ((await results()).length === 0) {
    w.clock.advance(SECOND)
    await chief.posts(town, 'mark')
  }
  expect((await found(w)).length).toBeGreaterThan(WORDS.length - 1)
  const erased = await w.operator.post(`${path}/erase`, {
    confirm: 'zqhandle',
    mode: 'delete_messages',
    redact_mentions: true,
  })
  expect(erased.body).toMatchObject({ messages_deleted: 2, done: true })
  // Stopping empties the write-ahead log, and the bytes of files go right after the commit.
  await w.stop()
  expect(await found(w)).toEqual([])
})
