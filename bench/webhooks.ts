import { startSynapse } from './lib/synapse'
import { perSecond, type Workload } from './lib/workload'

const ENDPOINTS = 20
const LEAST_PER_SECOND = 250

/** Counts requests, and the ids of deliveries that came twice. */
function receiver() {
  const ids = new Set<string>()
  let repeated = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const id = request.headers.get('webhook-id') ?? ''
      if (ids.has(id)) repeated++
      ids.add(id)
      await request.bytes()
      return new Response(null, { status: 202 })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/`,
    get taken() {
      return ids.size
    },
    get repeated() {
      return repeated
    },
    stop: () => server.stop(true),
  }
}

/** X1: how fast wakes that wait are delivered, when their receivers answer at once. */
export const webhooks: Workload = {
  id: 'X1',
  title: `wakes of ${ENDPOINTS} agents are delivered`,
  run: async ({ quick }) => {
    const posts = quick ? 100 : 500
    await using server = await startSynapse({ env: { SYNAPSE_WEBHOOKS_PER_MINUTE: '0' } })
    const author = await server.agent('author', ['room'])
    const hooks = receiver()
    const handles = Array.from({ length: ENDPOINTS }, (_, i) => `bot-${i}`)
    for (const handle of handles) await server.agent(handle, ['room'])
    const accounts = await server.admin<{ id: string; handle: string }[]>('GET', '/v1/admin/accounts')
    for (const { id, handle } of accounts)
      if (handles.includes(handle))
        await server.admin('PATCH', `/v1/admin/accounts/${id}/push`, {
          enabled: true,
          webhook_url: hooks.url,
        })
    const body = `${handles.map((handle) => `@${handle}`).join(' ')} work`
    const wakes = posts * ENDPOINTS
    const cpuBefore = server.cpuSeconds()
    const started = performance.now()
    for (let i = 0; i < posts; i++) {
      const response = await fetch(`http://127.0.0.1:${server.port}/v1/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${author}`, 'content-type': 'application/json' },
        body: JSON.stringify({ channel: 'room', body }),
      })
      if (response.status !== 201) throw new Error(await response.text())
      await response.bytes()
    }
    const posted = performance.now()
    for (const until = posted + 120_000; hooks.taken < wakes && performance.now() < until; )
      await Bun.sleep(10)
    const ended = performance.now()
    const cpu = server.cpuSeconds() - cpuBefore
    hooks.stop()
    const rate = hooks.taken / ((ended - started) / 1000)
    const lost = wakes - hooks.taken
    return [
      {
        workload: 'X1',
        shape: `${ENDPOINTS} push endpoints, ${posts} posts that wake all of them, no rate`,
        measured: `${perSecond(rate)} deliveries, ${((1000 * cpu) / wakes).toFixed(2)} ms of processor time each, ${lost} lost, ${hooks.repeated} repeated`,
        goal: `≥ ${LEAST_PER_SECOND}/s, 0 lost`,
        met: rate >= LEAST_PER_SECOND && lost === 0,
        data: { rate, lost, repeated: hooks.repeated, cpu, wakes, postMs: posted - started },
      },
    ]
  },
}
