import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing } from '../support/postgres'
import { twoReplicas } from '../support/replicas'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('pauses with two processes over one Postgres', () => {
  test('a pause that one process has answered refuses the next post at the other, and its end lets the next one pass', async () => {
    await using both = await twoReplicas()
    const { one, other } = both
    await one.channel('room')
    const bob = await one.agent('bob', { channels: { room: 'member' } })
    const there = other.bearer(bob.secret)
    const post = async () => (await there.post('/v1/messages', { channel: 'room', body: 'hi' })).status
    for (let round = 0; round < 50; round++) {
      expect(await post()).toBe(201)
      const { status, body } = await one.operator.post<{ id: string }>('/v1/pauses', { account: 'bob' })
      expect(status).toBe(201)
      expect(await post()).toBe(429)
      expect((await other.operator.get('/v1/pauses')).body).toEqual({ pauses: [body] })
      expect((await one.operator.delete(`/v1/pauses/${body.id}`)).status).toBe(204)
    }
  })
})
