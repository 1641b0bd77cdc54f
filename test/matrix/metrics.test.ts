// The metrics of the homeserver, and that a server without one has none of them.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../support/sockets'
import { type World, world } from '../support/world'
import { acting, roomPath } from './acting'
import { homeserver, type MatrixClient, signIn, V3 } from './homeserver'

let w: World
let ada: MatrixClient
beforeAll(async () => {
  w = await homeserver({ SYNAPSE_METRICS_ENABLED: 'on' })
  ada = await signIn(w, await w.human('ada'))
})
afterAll(() => w[Symbol.asyncDispose]())

const scrape = async (of = w) => (await fetch(`${of.url}/metrics`)).text()
const valueIn = (text: string, sample: string) => {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `))
  return line === undefined ? undefined : Number(line.slice(sample.length + 1))
}
const namesIn = (text: string) =>
  new Set(
    [...text.matchAll(/synapse_matrix_[a-z_]+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, '')),
  )

test('what the homeserver does is counted', async () => {
  const { newRoom, send } = acting(w)
  const before = await scrape()
  const room = await newRoom(ada)
  await send(ada, room, { msgtype: 'm.text', body: 'hello' })
  const refused = await ada.post(`${roomPath(room)}/invite`, { user_id: '@nobody:example.org' })
  expect(refused.status).toBe(404)
  const ben = await signIn(w, await w.human('ben'))
  await ada.post(`${roomPath(room)}/invite`, { user_id: ben.userId })
  await ben.post(`${roomPath(room)}/join`)
  expect((await ben.post(`${roomPath(room)}/kick`, { user_id: ada.userId })).status).toBe(403)
  const { next_batch: since } = (await ada.get<{ next_batch: string }>(`${V3}/sync`)).body
  await ada.get(`${V3}/sync?since=${since}`)
  const after = await scrape()
  const grown = (sample: string) => (valueIn(after, sample) ?? 0) - (valueIn(before, sample) ?? 0)
  expect(grown('synapse_matrix_events_total{origin="local"}')).toBeGreaterThan(5)
  expect(grown('synapse_matrix_auth_rejections_total{rule="kick"}')).toBe(1)
  expect(grown('synapse_matrix_sync_duration_seconds_count{kind="initial"}')).toBe(1)
  expect(grown('synapse_matrix_sync_duration_seconds_count{kind="incremental"}')).toBe(1)
  expect(valueIn(after, 'synapse_matrix_projected_lag_rows')).toBeNumber()
})

test('requests that wait are counted while they wait', async () => {
  const { next_batch: since } = (await ada.get<{ next_batch: string }>(`${V3}/sync`)).body
  const waiting = ada.get(`${V3}/sync?since=${since}&timeout=30000`)
  const count = async () => valueIn(await scrape(), 'synapse_matrix_sync_waiting')
  await until('the request to wait', async () => (await count()) === 1)
  await acting(w).newRoom(ada)
  await waiting
  expect(await count()).toBe(0)
})

test('what it has is counted at the start, so that no scrape reads a whole table', async () => {
  await until('the count', async () => valueIn(await scrape(), 'synapse_matrix_rooms') !== undefined)
  const text = await scrape()
  expect(valueIn(text, 'synapse_matrix_media_bytes{origin="local"}')).toBe(0)
  expect(valueIn(text, 'synapse_matrix_users')).toBeNumber()
  expect(valueIn(text, 'synapse_matrix_devices')).toBeNumber()
})

test('the contract lists each of them, and a server without a homeserver has none', async () => {
  const contract = readFileSync(join(import.meta.dir, '../../docs/contract/matrix.md'), 'utf8')
  const declared = [...(await scrape()).matchAll(/^# TYPE (synapse_matrix_\w+)/gm)].map(
    ([, name = '']) => name,
  )
  expect([...namesIn(contract)].toSorted()).toEqual(declared.toSorted())
  await using off = await world({ settings: { SYNAPSE_METRICS_ENABLED: 'on' } })
  expect(await scrape(off)).not.toContain('synapse_matrix_')
})
