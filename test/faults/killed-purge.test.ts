import { expect, setDefaultTimeout, test } from 'bun:test'
import { Site } from '../support/site'
import type { EventPage } from '../support/sockets'
import type { Page } from '../support/world'

setDefaultTimeout(120_000)

const MESSAGES = 600

test('a purge that kill -9 ends is finished by the next server, and nothing else is lost', async () => {
  await using site = new Site()
  let server = await site.serveWith({ SYNAPSE_RATE_POST: 'off', SYNAPSE_LOG_LEVEL: 'warning' })
  await server.room('general')
  const token = await server.agent('ann', 'general')
  const post = (body: string) => server.as(token).post('/v1/messages', { channel: 'general', body })
  for (let at = 0; at < MESSAGES; at += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => post(`old ${at + i}`)))
  for (const body of ['new', 'newest']) await post(body)
  const rooms = await server.operator.get<{ id: string }[]>('/v1/admin/channels')
  // Either it is answered before the end of the server, or it fails.
  const purge = server.operator
    .post(`/v1/admin/channels/${rooms.body[0]?.id}/purge`, { keep: 2 })
    .catch(() => {})
  const purged = () => server.as(token).get<EventPage>('/v1/events?type=channel.purged&wait=30&since=oldest')
  const { body } = await purged()
  expect(body.events.length).toBeGreaterThan(0)
  await server.kill()
  await purge

  server = await site.serveWith({ SYNAPSE_LOG_LEVEL: 'warning' })
  const read = () => server.as(token).get<Page>('/v1/messages?channel=general&before=now&limit=200')
  let remaining = await read()
  for (; remaining.body.messages.length > 2; remaining = await read()) await purged()
  expect(remaining.body.messages.map((message) => message.body)).toEqual(['newest', 'new'])
  expect(await server.stop()).toBe(0)
})
