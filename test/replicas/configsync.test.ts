// Logins and actions of ConfigSync with two replicas: what happens through one holds at the other at once.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { syncToken, syncUser } from '../configsync/sync-user'
import { postgresMissing, sharedPostgres } from '../support/postgres'
import { type TwoReplicas, twoReplicas } from '../support/replicas'
import type { ServerProcess } from '../support/server-process'
import { PASSWORD, type World } from '../support/world'
import { Cluster } from './cluster'

setDefaultTimeout(120_000)

describe.skipIf(postgresMissing)('a login with two replicas, each a process', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.start({
      database: await (await sharedPostgres()).createDatabase(),
      size: 2,
    })
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  const users = '/v1/admin/configsync/users'
  const verify = async (server: ServerProcess, jwt: string) =>
    (await server.as(jwt).get('/api/auth/verify')).status

  async function enabled(handle: string, fields: object): Promise<void> {
    const { operator } = cluster.server(0)
    expect((await operator.post('/v1/admin/accounts', { handle, ...fields })).status).toBe(201)
    expect((await operator.post(`${users}/${handle}/enable`)).status).toBe(200)
  }

  async function login(server: ServerProcess, body: object): Promise<string> {
    const answer = await fetch(`${server.url}/api/auth/login`, { method: 'POST', body: JSON.stringify(body) })
    const text = await answer.text()
    expect([answer.status, text]).toEqual([200, expect.any(String)])
    return (JSON.parse(text) as { token: string }).token
  }

  test('a JWT of one is good at the other, and dead at both as soon as its token is revoked at either', async () => {
    const [one, other] = [cluster.server(0), cluster.server(1)]
    await enabled('ada', { kind: 'agent' })
    for (const revoker of [one, other]) {
      const { body } = await one.operator.post<{ id: string; token: string }>(`${users}/ada/tokens`, {
        label: 'laptop',
      })
      const jwt = await login(one, { token: body.token })
      expect([await verify(one, jwt), await verify(other, jwt)]).toEqual([200, 200])
      const renewed = await login(other, { token: body.token })
      expect(await verify(one, renewed)).toBe(200)
      expect((await revoker.operator.post(`${users}/ada/tokens/${body.id}/revoke`)).status).toBe(200)
      const dead = [jwt, renewed, body.token].flatMap((each) => [verify(one, each), verify(other, each)])
      expect(await Promise.all(dead)).toEqual([401, 401, 401, 401, 401, 401])
    }
  })

  test('a JWT of a password ends at both with a change of the password, and with disabling', async () => {
    const [one, other] = [cluster.server(0), cluster.server(1)]
    await enabled('hal', { kind: 'human', password: PASSWORD })
    const first = await login(one, { handle: 'hal', password: PASSWORD })
    expect([await verify(one, first), await verify(other, first)]).toEqual([200, 200])
    const { body } = await one.operator.get<{ id: string; handle: string }[]>('/v1/admin/accounts')
    const id = body.find(({ handle }) => handle === 'hal')?.id
    const password = 'another password'
    const changed = await other.operator.patch(`/v1/admin/accounts/${id}`, { password })
    expect(changed.status, changed.text).toBe(200)
    expect([await verify(one, first), await verify(other, first)]).toEqual([401, 401])
    const second = await login(other, { handle: 'hal', password })
    expect([await verify(one, second), await verify(other, second)]).toEqual([200, 200])
    expect((await one.operator.post(`${users}/hal/disable`)).status).toBe(200)
    expect([await verify(one, second), await verify(other, second)]).toEqual([403, 403])
  })
})

describe.skipIf(postgresMissing)('an action with two replicas', () => {
  let replicas: TwoReplicas
  let one: World
  let other: World
  beforeAll(async () => {
    replicas = await twoReplicas()
    ;({ one, other } = replicas)
  })
  afterAll(() => replicas[Symbol.asyncDispose]())

  test('a machine that lists and clears its actions through both misses none of those that are added meanwhile', async () => {
    const ada = await syncUser(one, 'ada')
    const path = '/api/machines/aaaa/actions'
    await ada.caller.post('/api/machines/register', { machine_id: 'aaaa', name: 'a machine' })
    const elsewhere = other.bearer((await syncToken(one, 'ada')).token)
    const listed = new Set<string>()
    const look = async (caller: typeof elsewhere) => {
      const { body } = await caller.get<{ actions: { payload: { name: string } }[] }>(path)
      for (const { payload } of body.actions) listed.add(payload.name)
      return body.actions.length
    }
    const added: string[] = []
    const add = async (w: World, name: string) => {
      const action = { action: 'add_module', payload: { name } }
      const { status } = await w.operator.post('/v1/admin/configsync/users/ada/machines/aaaa/actions', action)
      expect(status).toBe(201)
      added.push(name)
    }
    const machine = async () => {
      for (let round = 0; round < 15; round++) {
        await look(round % 2 === 0 ? ada.caller : elsewhere)
        await (round % 2 === 0 ? elsewhere : ada.caller).delete(path)
      }
    }
    const admin = async (w: World, who: string) => {
      for (let i = 0; i < 20; i++) await add(w, `${who}-${i}`)
    }
    await Promise.all([machine(), admin(one, 'one'), admin(other, 'other')])
    await look(ada.caller)
    await ada.caller.delete(path)
    expect([...listed].sort()).toEqual(added.sort())
    expect(await look(ada.caller)).toBe(0)
  })
})
