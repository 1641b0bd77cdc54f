// Requests for /sync that wait while the credential that they came with ends.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { until } from '../support/sockets'
import type { World } from '../support/world'
import { acting } from './acting'
import { homeserver, MatrixClient, refused, signIn, V3 } from './homeserver'

describe('a request for /sync that waits', () => {
  let w: World
  beforeAll(async () => {
    w = await homeserver({ SYNAPSE_METRICS_ENABLED: 'on' })
  })
  afterAll(() => w[Symbol.asyncDispose]())

  /** Lets a client wait, ends its credential, says something in its room, and returns what the client is answered. */
  async function answerAfter(client: MatrixClient, say: () => Promise<unknown>, end: () => Promise<unknown>) {
    const { next_batch: since } = (await client.get<{ next_batch: string }>(`${V3}/sync`)).body
    const began = performance.now()
    const waiting = client.get(`${V3}/sync?since=${since}&timeout=50000`)
    await until('the request to wait', async () =>
      (await (await fetch(`${w.url}/metrics`)).text()).includes('synapse_matrix_sync_waiting 1'),
    )
    await end()
    await say()
    const answer = await waiting
    expect(performance.now() - began).toBeLessThan(20_000)
    return refused(answer)
  }

  async function roomOf(client: MatrixClient, name: string) {
    const other = await signIn(w, await w.human(`${name}-other`))
    const { newRoom, send } = acting(w)
    const room = await newRoom(other, { preset: 'public_chat' })
    expect((await client.post(`${V3}/join/${encodeURIComponent(room)}`)).status).toBe(200)
    return () => send(other, room, { msgtype: 'm.text', body: 'said afterwards' })
  }

  test('is told nothing more after a logout', async () => {
    const client = await signIn(w, await w.human('lea'))
    const say = await roomOf(client, 'lea')
    const end = () => client.post(`${V3}/logout`)
    expect(await answerAfter(client, say, end)).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })

  test('is told nothing more when another device ends its session', async () => {
    const person = await w.human('mia')
    const client = await signIn(w, person)
    const other = await signIn(w, person)
    const say = await roomOf(client, 'mia')
    const end = () => other.post(`${V3}/logout/all`)
    expect(await answerAfter(client, say, end)).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })

  test('is told nothing more when its account is archived', async () => {
    const person = await w.human('noa')
    const client = await signIn(w, person)
    const say = await roomOf(client, 'noa')
    const end = () => w.archives(person)
    expect(await answerAfter(client, say, end)).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })

  test('is told nothing more when the token of an agent is revoked', async () => {
    const agent = await w.agent('oak')
    const login = { user_id: '@oak:example.org', device_id: '', access_token: agent.secret }
    const client = new MatrixClient(w, login)
    const say = await roomOf(client, 'oak')
    expect(await answerAfter(client, say, () => w.revokes(agent))).toEqual([401, 'M_UNKNOWN_TOKEN'])
  })
})
