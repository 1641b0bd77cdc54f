// Two servers over one Postgres: one of them projects, and the readers of both see its events.
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../src/platform'
import { postgresMissing } from '../support/postgres'
import { sharedStore } from '../support/replicas'
import { world } from '../support/world'
import { SERVER } from './projected'

const POSTS = 150

describe.skipIf(postgresMissing)('two replicas', () => {
  test('posts on both become the events of one room, each once and in the order of the log', async () => {
    const settings = { ...(await sharedStore()), SYNAPSE_MATRIX_SERVER_NAME: SERVER }
    await using one = await world({ settings, clock: systemClock })
    await using other = await world({ settings, clock: systemClock })
    await one.channel('town')
    const alice = await one.agent('alice', { channels: { town: 'member' } })
    const post = async (w: typeof one, body: string) => {
      const answer = await w.bearer(alice.secret).post('/v1/messages', { channel: 'town', body })
      expect(answer.status, answer.text).toBe(201)
    }
    for (let i = 0; i < POSTS; i += 10)
      await Promise.all(
        Array.from({ length: 10 }, (_, j) => post(j % 2 === 0 ? one : other, `message ${i + j}`)),
      )
    const behind = async () => {
      const [row] = await one.sql<{ behind: number | string | null }>(
        `SELECT (SELECT max(seq) FROM events) - (SELECT position FROM projections WHERE name = 'matrix') AS behind`,
      )
      return row?.behind === null ? Number.NaN : Number(row?.behind)
    }
    for (const end = Date.now() + 60_000; (await behind()) !== 0 && Date.now() < end; ) await Bun.sleep(20)
    const events = await one.sql<{ pos: string; json: string; event_id: string }>(
      'SELECT pos, json, event_id FROM matrix_events ORDER BY pos',
    )
    const messages = await one.sql<{ seq: string; body: string }>(
      'SELECT seq, body FROM messages ORDER BY seq',
    )
    expect(messages).toHaveLength(POSTS)
    const projected = events.flatMap(({ pos, json }) => {
      const { type, content } = JSON.parse(json)
      return type === 'm.room.message' ? [[Number(pos) / 64, content.body]] : []
    })
    expect(projected).toEqual(messages.map(({ seq, body }) => [Number(seq), body]))
    for (const [i, { json }] of events.entries())
      expect(JSON.parse(json).prev_events).toEqual(i === 0 ? [] : [events[i - 1]?.event_id ?? ''])
  })
})
