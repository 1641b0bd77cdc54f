// Servers with one database and different clocks. faketime shifts only the wall clock, like a wrong date of a machine.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { examined } from '../doctor/examined'
import { postgresMissing } from '../support/postgres'
import { sharedStore } from '../support/replicas'
import type { ServerProcess } from '../support/server-process'
import { program, Site } from '../support/site'

setDefaultTimeout(120_000)

/** The library itself, because its program starts a child, and the server must be the started process. */
const [faketime] = [
  ...new Bun.Glob('usr/lib/*/faketime/libfaketimeMT.so.1').scanSync({ cwd: '/', absolute: true }),
]
const AHEAD_MS = 62 * 60_000

describe.skipIf(postgresMissing || faketime === undefined)('a machine whose clock is an hour ahead', () => {
  let right: Site
  let ahead: Site
  let good: ServerProcess
  let wrong: ServerProcess
  let settings: Record<string, string>

  beforeAll(async () => {
    right = new Site()
    const shift = [
      `LD_PRELOAD=${faketime}`,
      `FAKETIME=+${AHEAD_MS / 60_000}m`,
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
    ]
    ahead = new Site({ program: ['env', ...shift, ...program] })
    settings = {
      ...(await sharedStore()),
      SYNAPSE_RATE_LOGIN: '4/300',
    }
    good = await right.serveWith(settings)
    wrong = await ahead.serveWith(settings)
    await good.room('general')
    await good.agent('cairn', 'general')
  })

  afterAll(async () => {
    await right[Symbol.asyncDispose]()
    await ahead[Symbol.asyncDispose]()
  })

  test('a machine with a wrong clock counts wrong passwords together with the others', async () => {
    const guess = async (server: ServerProcess, handle: string) =>
      (await server.as('').post('/v1/auth/login', { handle, password: 'wrong' })).status
    const statuses: number[] = []
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 3; n++) statuses.push(await guess(good, 'bob'))
      // An attempt that one server counted a moment ago is not too old for the other.
      expect(await guess(wrong, `somebody-${round}`)).toBeOneOf([401, 429])
    }
    expect(statuses.filter((status) => status === 401).length).toBe(4)
    expect(await guess(wrong, 'bob')).toBe(429)
  })

  test('a machine with a wrong clock redeems pairing codes of the others, and they redeem its codes', async () => {
    for (const [from, to] of [
      [good, wrong],
      [wrong, good],
    ] as const) {
      const device = { device: `laptop-${from.pid}`, account_handle: 'cairn' }
      const made = await from.operator.post<{ code: string }>('/v1/admin/devices', device)
      expect(made.status).toBe(201)
      expect((await to.as('').post('/v1/pair/redeem', { code: made.body.code })).status).toBe(201)
    }
  })

  test('a machine with a wrong clock and its commands write times that agree with the others', async () => {
    const room = await wrong.operator.post<{ created_at: string }>('/v1/admin/channels', {
      slug: 'other',
      name: 'Other',
    })
    expect(Math.abs(Date.parse(room.body.created_at) - Date.now())).toBeLessThan(AHEAD_MS / 2)
    const words = ['issue-token', '--account', 'cairn', '--scopes', 'channel:*:read', '--expires-in', '30m']
    const issued = await ahead.runWith(settings, ...words)
    const { id, expires_at: end } = JSON.parse(issued.stdout) as { id: string; expires_at: string }
    expect(Date.parse(end)).toBeLessThan(Date.now() + AHEAD_MS)
    const revoked = await ahead.runWith(settings, 'revoke-token', '--id', id)
    expect([revoked.code, revoked.stderr]).toEqual([0, ''])
  })

  test('a machine with a wrong clock is reported by its log, by doctor and in health, and the others are not', async () => {
    const health = async (server: ServerProcess) =>
      (await server.operator.get<{ database: { clock_ahead_ms: number } }>('/v1/health')).body.database
    expect(Math.abs((await health(wrong)).clock_ahead_ms - AHEAD_MS)).toBeLessThan(AHEAD_MS / 10)
    expect(Math.abs((await health(good)).clock_ahead_ms)).toBeLessThan(AHEAD_MS / 10)
    expect(wrong.stdout.match(/the clock of this machine is 62 min ahead of the database's/g)).toHaveLength(1)
    expect(good.stdout).not.toContain('the clock of this machine')
    expect((await examined(ahead, settings)).of('time')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('62 min ahead'),
      fix: expect.stringContaining('set-ntp'),
    })
    expect((await examined(right, settings)).of('time')).toMatchObject({ status: 'pass' })
  })
})
