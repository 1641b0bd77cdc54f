import { expect, test } from 'bun:test'
import { DAY } from '../support/world'
import { Town } from './town'

test('a socket stays open when its session is renewed', async () => {
  await using place = await Town.open()
  const clint = await place.human()
  using socket = await place.socket(clint)
  await socket.next('hello')
  place.world.clock.advance(8 * DAY)
  expect((await clint.get('/v1/auth/me')).headers.get('set-cookie')).toContain('Max-Age=1209600')
  place.world.clock.advance(7 * DAY)
  expect((await clint.get('/v1/auth/me')).status).toBe(200)
  expect(await socket.closedWithin(1500)).toBeUndefined()
})
