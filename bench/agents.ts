import { postRequest } from './lib/http-load'
import { Latencies } from './lib/latencies'
import { startSynapse } from './lib/synapse'
import { ms, type Workload } from './lib/workload'
import { openWriters } from './lib/writers'

const ACCOUNTS = 20
const INSTANCES = 10
const MENTIONS_PER_SECOND = 50
/** The shortest claim, in seconds. */
const CLAIM_SECONDS = 10
const MOST_MILLISECONDS = 20
/** Every 20th claim is released as failed, every 100th is never released. */
const FAILS = 20
const CRASHES = 100
const PATIENCE_MILLISECONDS = 60_000

interface Page {
  readonly items: readonly { readonly message: { readonly id: string } }[]
  readonly cursor: string
}

interface Claim {
  readonly id: string
  readonly epoch: number
  readonly outcome: string | null
}

/** What became of the messages. */
class Ledger {
  readonly claims = new Latencies()
  readonly done = new Set<string>()
  /** Messages that were given up, and may be worked on again. */
  private readonly free = new Set<string>()
  private readonly taken = new Set<string>()
  private count = 0
  twice = 0

  /** Notes that a claim was won, and chooses how it ends. */
  won(message: string): 'done' | 'failed' | 'crash' {
    if (this.taken.has(message) && !this.free.delete(message)) this.twice++
    this.taken.add(message)
    const ends = ++this.count % CRASHES === 0 ? 'crash' : this.count % FAILS === 0 ? 'failed' : 'done'
    if (ends === 'done') this.done.add(message)
    else this.free.add(message)
    return ends
  }
}

/** W5: many copies of agents share the mentions of their accounts by claims. */
export const agents: Workload = {
  id: 'W5',
  title: `${ACCOUNTS * INSTANCES} agent instances: inbox, claim, ack`,
  run: async ({ quick }) => {
    const seconds = quick ? 5 : 30
    await using server = await startSynapse({ env: { SYNAPSE_CHAIN_LIMIT: '0' } })
    const writer = await server.agent('writer', ['room'])
    const ledger = new Ledger()
    const stop = new AbortController()
    const running: Promise<void>[] = []
    for (let account = 0; account < ACCOUNTS; account++) {
      const handle = `worker-${account}`
      const tokens = [await server.agent(handle, ['room'])]
      while (tokens.length < INSTANCES) {
        const body = {
          account_handle: handle,
          name: `${tokens.length}`,
          scopes: ['channel:*:read', 'channel:*:post'],
        }
        tokens.push((await server.admin<{ token: string }>('POST', '/v1/admin/tokens', body)).token)
      }
      for (const [instance, token] of tokens.entries())
        running.push(work({ port: server.port, token, instance: `${instance}`, ledger, signal: stop.signal }))
    }
    await Bun.sleep(1000)

    const cpu = server.cpuSeconds()
    const writers = await openWriters(server.port, 4)
    const started = performance.now()
    const posts = seconds * MENTIONS_PER_SECOND
    for (let i = 0; i < posts; i++) {
      const wait = started + (i * 1000) / MENTIONS_PER_SECOND - performance.now()
      if (wait > 0.5) await Bun.sleep(wait)
      const body = JSON.stringify({ channel: 'room', body: `@worker-${i % ACCOUNTS} task ${i}` })
      writers.send(postRequest('/v1/messages', body, `Authorization: Bearer ${writer}\r\n`))
    }
    await writers.finish()
    const core = ((server.cpuSeconds() - cpu) / seconds) * 100
    const patience = performance.now() + PATIENCE_MILLISECONDS
    while (ledger.done.size < posts && performance.now() < patience) await Bun.sleep(50)
    stop.abort()
    await Promise.all(running)
    const lost = posts - ledger.done.size
    const { twice } = ledger
    const [p50, p99 = Number.NaN] = ledger.claims.quantiles(0.5, 0.99)
    return [
      {
        workload: 'W5',
        shape: `${ACCOUNTS} accounts × ${INSTANCES} instances, ${MENTIONS_PER_SECOND} mentions/s × ${seconds} s, 5 % fail, 1 % crash`,
        measured: `POST /v1/claims p50 ${ms(p50)} p99 ${ms(p99)} ms, ${ledger.claims.count} claims, ${lost} lost, ${twice} twice; server ${core.toFixed(0)} % of a core`,
        goal: `p99 ≤ ${MOST_MILLISECONDS} ms, 0 lost, twice only after a release or an expiry`,
        met: p99 <= MOST_MILLISECONDS && lost === 0 && twice === 0,
        data: { p50, p99, lost, twice, claims: ledger.claims.count, core },
      },
    ]
  },
}

interface Instance {
  readonly port: number
  readonly token: string
  readonly instance: string
  readonly ledger: Ledger
  readonly signal: AbortSignal
}

/** One copy of an agent, as examples/worker.ts, whose work takes no time. */
async function work({ port, token, instance, ledger, signal }: Instance): Promise<void> {
  const call = async <Answer>(path: string, body?: object): Promise<{ status: number; body: Answer }> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    })
    return { status: response.status, body: (await response.json()) as Answer }
  }
  const take = async (message: string): Promise<boolean> => {
    const started = performance.now()
    const resource = `message:${message}`
    const claimed = await call<Claim>('/v1/claims', { resource, instance, ttl_s: CLAIM_SECONDS })
    ledger.claims.add(performance.now() - started)
    if (claimed.status !== 201) return false
    const { id, epoch } = claimed.body
    // The page may be older than the end of another copy's work.
    const { body } = await call<{ claims: Claim[] }>(`/v1/claims?resource=${resource}&include=ended`)
    const isDone = body.claims.some(({ outcome }) => outcome === 'done')
    const ends = isDone ? null : ledger.won(message)
    // The others find it when the claim has ended.
    if (ends === 'crash') return false
    if (ends === 'done') await call('/v1/inbox/ack', { message_ids: [message] })
    await call(`/v1/claims/${id}/release`, { epoch, instance, outcome: ends })
    return ends === 'done' || ends === null
  }
  let since: string | undefined
  let lookAgainAt = Number.POSITIVE_INFINITY
  try {
    while (!signal.aborted) {
      if (performance.now() >= lookAgainAt) {
        since = undefined
        lookAgainAt = Number.POSITIVE_INFINITY
      }
      const wait = Math.max(1, Math.min(20, Math.ceil((lookAgainAt - performance.now()) / 1000)))
      const query = `unacked=true&consumer=${instance}&wait=${wait}${since ? `&since=${since}` : ''}`
      const { status, body } = await call<Page>(`/v1/inbox?${query}`)
      if (status !== 200) throw new Error(`an inbox was refused: ${JSON.stringify(body)}`)
      for (const { message } of body.items)
        if (!(await take(message.id)))
          lookAgainAt = Math.min(lookAgainAt, performance.now() + CLAIM_SECONDS * 1000)
      since = body.cursor
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
