import { expect, test } from 'bun:test'
import { RawWebSocket } from '../support/raw-socket'
import { until } from '../support/sockets'
import { world } from '../support/world'

test('a slow socket with * that asks for the past of one channel receives new messages once', async () => {
  await using w = await world({ settings: { SYNAPSE_LOG_LEVEL: 'warning' } })
  const room = await w.channel('room')
  const bob = await w.agent('bob', { channels: { room: 'member' } })
  for (let i = 0; i < 200; i++) await bob.posts(room, '語'.repeat(16_000))
  using socket = await RawWebSocket.open(w.url, { headers: bob.credential })
  socket.say({ type: 'subscribe', channels: ['*'] })
  await socket.text('subscribed')
  socket.pause()
  socket.say({ type: 'subscribe', channels: ['room'], since: 'oldest' })
  await bob.get('/v1/auth/me')
  const fresh = []
  for (let i = 0; i < 20; i++) fresh.push(await bob.posts(room, `new ${i}`))
  socket.resume()
  const last = fresh.at(-1)
  await socket.text(last?.id ?? '')
  socket.say({ type: 'ping' })
  await socket.text('"pong"')
  await until('quiet', () => socket.texts.some((text) => text.includes('"position"')))
  const times = fresh.map(({ id }) => socket.texts.filter((text) => text.includes(id)).length)
  expect(times).toEqual(fresh.map(() => 1))
}, 120_000)
