// A homeserver over a store that has lived without one, and a projector that is killed.
import { Database } from 'bun:sqlite'
import { expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fill } from '../support/fill'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import { type World, world } from '../support/world'
import { SERVER } from './projected'

setDefaultTimeout(180_000)

const MESSAGES = 5000
const NAMED = { SYNAPSE_MATRIX_SERVER_NAME: SERVER, SYNAPSE_LOG_LEVEL: 'warning' }

/** A stopped server with some history and many messages. */
async function lived(): Promise<World> {
  const w = await world()
  const town = await w.channel('town', { kind: 'public' })
  const ann = await w.human('ann', { channels: { town: 'admin' } })
  const bob = await w.agent('bob', { channels: { town: 'member' } })
  const first = await ann.posts(town, 'the **first** one')
  await bob.posts(town, 'a reply', { reply_to: first.id })
  await bob.put(`/v1/messages/${first.id}/reactions/ok`)
  const gone = await bob.posts(town, 'gone')
  await bob.delete(`/v1/messages/${gone.id}`)
  const { body } = await ann.post<{ slug: string }>('/v1/dms', { handle: 'bob' })
  await ann.posts(body.slug, 'just us')
  await ann.patch('/v1/me', { display_name: 'Ann' })
  await w.stop()
  await fill(w, { channel: 'town', sender: 'bob', count: MESSAGES })
  return w
}

/** The event ids in their order, and how far the projector has come. */
function read(site: Site) {
  using db = new Database(join(site.home, 'synapse.db'), { readonly: true })
  const ids = db.query<{ event_id: string }, []>('SELECT event_id FROM matrix_events ORDER BY pos').all()
  const sql = `SELECT (SELECT position FROM projections WHERE name = 'matrix') AS position, max(seq) AS head FROM events`
  const row = db.query<{ position: number | null; head: number }, []>(sql).get()
  return { ids: ids.map((one) => one.event_id), position: row?.position ?? 0, head: row?.head ?? 0 }
}

async function projected(site: Site, upTo: (head: number) => number): Promise<void> {
  const isThere = () => {
    const { position, head } = read(site)
    return position >= upTo(head) || undefined
  }
  await until('the projector', isThere, 120_000)
}

test('a store gets the same events whether the projector is killed on its way or not', async () => {
  await using w = await lived()
  await using calm = new Site()
  await using shaken = new Site()
  for (const site of [calm, shaken]) cpSync(w.home, site.home, { recursive: true })

  const one = await calm.serveWith(NAMED)
  await projected(calm, (head) => head)
  expect(await one.stop()).toBe(0)
  const whole = read(calm)
  expect(whole.ids.length).toBeGreaterThan(MESSAGES + 20)

  let kills = 0
  for (let part = 1; part < 5; part++) {
    const server = await shaken.serveWith(NAMED)
    await projected(shaken, (head) => Math.min(head, (part * MESSAGES) / 6))
    if (read(shaken).position < read(shaken).head) kills++
    await server.kill()
  }
  expect(kills).toBeGreaterThan(0)
  const last = await shaken.serveWith(NAMED)
  await projected(shaken, (head) => head)
  expect(await last.stop()).toBe(0)
  expect(read(shaken).ids).toEqual(whole.ids)
})

test('another server name is refused, because all ids contain the first one', async () => {
  await using site = new Site()
  const server = await site.serveWith(NAMED)
  expect(await server.stop()).toBe(0)
  const refused = await site.runWith({ SYNAPSE_MATRIX_SERVER_NAME: 'other.example' }, 'serve', '--port', '0')
  expect(refused.code).toBe(78)
  expect(refused.stderr).toContain('the ids in this store contain example.org')
  const without = await site.serve()
  expect(await without.stop()).toBe(0)
})
