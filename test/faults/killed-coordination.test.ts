// kill -9 while agents claim, release and acknowledge: what was answered stands.
import { expect, setDefaultTimeout, test } from 'bun:test'
import { Chance } from '../support/chance'
import type { ServerProcess } from '../support/server-process'
import { Site } from '../support/site'

setDefaultTimeout(180_000)

const KILLS = 4
const HANDLES = ['ann', 'ben', 'cat']
const chance = new Chance()

interface Claim {
  readonly id: string
  readonly epoch: number
  readonly holder: string
}

/** What agents were told. A request that was cut off may have been done or not, so it leaves no entry. */
class Told {
  /** By resource: the claim on it, or null after a release. */
  readonly claims = new Map<string, Claim | null>()
  readonly acked: string[] = []
  /** By resource: the highest epoch. */
  private readonly epochs = new Map<string, number>()
  acquired = 0

  claimed(resource: string, status: number, claim: Claim, before: Claim | null | undefined): void {
    if (before) expect({ status, epoch: claim.epoch }).toEqual({ status: 200, epoch: before.epoch })
    else if (before === null) expect(status).toBe(201)
    const last = this.epochs.get(resource) ?? 0
    if (status === 201) expect(claim.epoch).toBeGreaterThan(last)
    this.epochs.set(resource, claim.epoch)
    this.claims.set(resource, claim)
    this.acquired++
  }
}

test(`claims and acknowledgements that were answered survive kill -9 (TEST_SEED=${chance.seed})`, async () => {
  await using site = new Site()
  const settings = { SYNAPSE_RATE_POST: 'off', SYNAPSE_RATE_WRITE: 'off', SYNAPSE_LOG_LEVEL: 'warning' }
  let server = await site.serveWith(settings)
  await server.room('general')
  const author = await server.agent('author', 'general')
  const tokens = new Map<string, string>()
  for (const handle of HANDLES) tokens.set(handle, await server.agent(handle, 'general'))
  const told = new Told()
  for (let kill = 0; kill < KILLS; kill++) {
    const down = new AbortController()
    const running = [...tokens].map(([handle, token]) =>
      work(server, author, handle, token, told, down.signal),
    )
    await Bun.sleep(300 + chance.below(400))
    down.abort()
    await server.kill()
    await Promise.all(running)
    server = await site.serveWith(settings)
    for (const [resource, claim] of told.claims) {
      const path = `/v1/claims?resource=${resource}`
      const { body } = await server.as(author).get<{ claims: Claim[] }>(path)
      const there = body.claims.map(({ id, epoch, holder }) => ({ id, epoch, holder }))
      expect({ resource, there }).toEqual({
        resource,
        there: claim ? [{ id: claim.id, epoch: claim.epoch, holder: claim.holder }] : [],
      })
    }
    for (const message of told.acked.slice(-50)) {
      const { body } = await server.as(author).get(`/v1/messages/${message}/deliveries`)
      expect(body).toMatchObject({ summary: { acked: 1 } })
    }
  }
  expect(told.acquired).toBeGreaterThan(KILLS)
  expect(told.acked.length).toBeGreaterThan(KILLS)
  expect(await server.stop()).toBe(0)
})

/** Claims, acknowledges and releases until the server is down. Each agent has resources of its own. */
async function work(
  server: ServerProcess,
  author: string,
  handle: string,
  token: string,
  told: Told,
  down: AbortSignal,
): Promise<void> {
  const own = server.as(token)
  for (let round = 0; !down.aborted; round++) {
    const resource = `job:${handle}-${round % 2}`
    try {
      const message = { channel: 'general', body: `@${handle} ${round}` }
      const posted = await server.as(author).post<{ id: string }>('/v1/messages', message)
      const before = told.claims.get(resource)
      told.claims.delete(resource)
      const { status, body: claim } = await own.post<Claim>('/v1/claims', { resource })
      told.claimed(resource, status, claim, before)
      const acked = await own.post('/v1/inbox/ack', { message_ids: [posted.body.id] })
      expect(acked.status).toBe(200)
      told.acked.push(posted.body.id)
      if (chance.below(3) === 0) continue
      told.claims.delete(resource)
      const released = await own.post(`/v1/claims/${claim.id}/release`, {
        epoch: claim.epoch,
        outcome: 'done',
      })
      expect(released.status).toBe(200)
      told.claims.set(resource, null)
    } catch (error) {
      const isCutOff = error instanceof Error && 'code' in error
      if (!down.aborted || !isCutOff) throw error
    }
  }
}
