import { expect, setDefaultTimeout, test } from 'bun:test'
import { Chance } from '../support/chance'
import { Site } from '../support/site'
import { until } from '../support/sockets'
import type { Page } from '../support/world'

setDefaultTimeout(180_000)

const MESSAGES = 600
const KILLS = 4
const chance = new Chance()

test(`an erasure that kill -9 ends again and again is finished, and nothing else is lost (TEST_SEED=${chance.seed})`, async () => {
  await using site = new Site()
  const settings = { SYNAPSE_RATE_POST: 'off', SYNAPSE_LOG_LEVEL: 'warning' }
  let server = await site.serveWith(settings)
  await server.room('general')
  const [own, other] = [await server.agent('zqgone', 'general'), await server.agent('ann', 'general')]
  const post = (token: string, body: string) =>
    server.as(token).post('/v1/messages', { channel: 'general', body })
  for (let at = 0; at < MESSAGES; at += 50)
    await Promise.all([
      ...Array.from({ length: 50 }, (_, i) => post(own, `zqbody ${at + i}`)),
      post(other, `kept ${at}`),
      post(other, `kept, for @zqgone ${at}`),
    ])
  const accounts = await server.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
  const id = accounts.body.find(({ handle }) => handle === 'zqgone')?.id
  const request = { confirm: 'zqgone', mode: 'delete_messages', redact_mentions: true }
  // It may be answered before the server is killed.
  const erasure = server.operator.post(`/v1/admin/accounts/${id}/erase`, request).catch(() => undefined)
  await until('the erasure', async () => {
    const { body } = await server.operator.get<{ handle: string }[]>('/v1/admin/accounts')
    return !body.some(({ handle }) => handle === 'zqgone')
  })
  for (let kill = 0; kill < KILLS; kill++) {
    await Bun.sleep(chance.below(60))
    await server.kill()
    server = await site.serveWith(settings)
  }
  await erasure
  const read = async () => {
    const path = '/v1/messages?channel=general&before=now&limit=200'
    return (await server.as(other).get<Page>(path)).body.messages.map(({ body }) => body)
  }
  await until('the end', async () => !(await read()).some((body) => body.includes('zq')), 60_000)
  expect((await read()).length).toBe((2 * MESSAGES) / 50)
  const again = await server.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
  const confirm = again.body.find((account) => account.id === id)?.handle
  const { body: answer } = await server.operator.post(`/v1/admin/accounts/${id}/erase`, {
    ...request,
    confirm,
  })
  expect(answer).toMatchObject({ messages_deleted: 0, done: true })
  expect(await server.stop()).toBe(0)
  const file = Bun.file(site.paths.database)
  const content = Buffer.from(await file.arrayBuffer()).toString('latin1')
  for (const word of ['zqgone', 'zqbody'])
    expect({ word, found: content.includes(word) }).toEqual({ word, found: false })
})
