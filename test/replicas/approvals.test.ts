import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { Cluster } from './cluster'

// The test starts and awaits processes.
setDefaultTimeout(300_000)

interface Approval {
  readonly id: string
  readonly state: string
  readonly decision: { readonly option: string; readonly by: string } | null
}
interface Refused {
  readonly code: string
  readonly approval: Approval
}

const ROUNDS = 100

describe.skipIf(postgresMissing)('approvals with two processes over one Postgres', () => {
  test('of two people who decide a hundred times at once, exactly one does each time, and who waits elsewhere learns it', async () => {
    const database = await (await sharedPostgres()).createDatabase()
    const settings = { SYNAPSE_RATE_WRITE: 'off', SYNAPSE_RATE_POST: 'off' }
    await using cluster = await Cluster.start({ database, size: 2, settings })
    const [one, other] = [cluster.server(0), cluster.server(1)]
    await one.room('room')
    const people = [one.as(await one.person('ada', 'room')), other.as(await one.person('bo', 'room'))]
    const wins = [0, 0]
    let asker = ''
    for (let round = 0; round < ROUNDS; round++) {
      // An account asks at most 20 times an hour.
      if (round % 20 === 0) asker = await one.agent(`asker-${round}`, 'room')
      const question = { channel: 'room', question: `round ${round}`, options: ['yes', 'no'] }
      const asked = await one.as(asker).post<{ approval: Approval }>('/v1/approvals', question)
      expect(asked.status, asked.text).toBe(201)
      const path = `/v1/approvals/${asked.body.approval.id}`
      const waiting = other.as(asker).get<Approval>(`${path}?wait=30`)
      const answers = await Promise.all(
        people.map((person, i) =>
          person.post<Approval & Refused>(`${path}/decide`, { option: i === 0 ? 'yes' : 'no' }),
        ),
      )
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409])
      const winner = answers.findIndex(({ status }) => status === 200)
      wins[winner] = (wins[winner] ?? 0) + 1
      const refused = answers[1 - winner]?.body
      expect(refused?.code).toBe('already_decided')
      expect(refused?.approval.decision).toEqual(answers[winner]?.body.decision ?? null)
      const learned = (await waiting).body
      expect(learned.state).toBe('decided')
      expect(learned.decision).toEqual(answers[winner]?.body.decision ?? null)
    }
    expect(wins[0]).toBeGreaterThan(0)
    expect(wins[1]).toBeGreaterThan(0)
  })
})
