import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { Cluster } from './cluster'

// The test starts and awaits processes.
setDefaultTimeout(300_000)

interface Sent {
  readonly task: {
    readonly id: string
    readonly status: { readonly state: string; readonly message?: { readonly parts: readonly object[] } }
  }
}

describe.skipIf(postgresMissing)('A2A with two processes over one Postgres', () => {
  test('a request that waits at one process is answered with the reply that came to the other', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    await using cluster = await Cluster.start({ database, size: 2, settings: {} })
    const [one, other] = [cluster.server(0), cluster.server(1)]
    await one.room('room')
    const [bob, cat] = [one.as(await one.agent('bob', 'room')), other.as(await one.agent('cat', 'room'))]
    for (let round = 0; round < 10; round++) {
      const message = {
        messageId: `round-${round}`,
        role: 'ROLE_USER',
        parts: [{ text: `@cat ${round}` }],
        metadata: { 'synapse.channel': 'room' },
      }
      const asked = bob.post<Sent>('/a2a/v1/message:send', { message })
      const inbox = '/v1/inbox?wait=30&unacked=true'
      const { body } = await cat.get<{ items: { message: { id: string; channel: string } }[] }>(inbox)
      const [item] = body.items
      const reply = { channel: 'room', body: `done ${round}`, reply_to: item?.message.id }
      expect((await cat.post('/v1/messages', reply)).status).toBe(201)
      await cat.post('/v1/inbox/ack', { message_ids: [item?.message.id] })
      const { task } = (await asked).body
      expect(task.status).toMatchObject({
        state: 'TASK_STATE_COMPLETED',
        message: { parts: [{ text: `done ${round}` }] },
      })
      // The other process knows the task at once.
      const again = await other
        .as(bob.credential.authorization?.slice(7) ?? '')
        .get(`/a2a/v1/tasks/${task.id}`)
      expect(again.body).toMatchObject({ id: task.id, status: task.status })
    }
  })
})
