import { Latencies } from './lib/latencies'
import { startSynapse } from './lib/synapse'
import { ms, type Row, type Workload } from './lib/workload'

const MOST_MILLISECONDS = 1.5

interface Pair {
  readonly name: string
  readonly rest: (i: number) => Request
  readonly tool: (i: number) => object
}

/** Q1: calls of MCP tools beside the requests that they make, in turns, from one client. */
export const mcp: Workload = {
  id: 'Q1',
  title: 'a call of an MCP tool beside the request that it makes',
  run: async ({ quick }) => {
    const rounds = quick ? 300 : 3000
    await using server = await startSynapse()
    const token = await server.agent('agent', ['room'])
    const base = `http://127.0.0.1:${server.port}`
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const post = (path: string, body: object) =>
      new Request(`${base}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const call = (name: string, given: object) =>
      post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: given } })
    const pairs: readonly Pair[] = [
      {
        name: 'post',
        rest: (i) => post('/v1/messages', { channel: 'room', body: `message ${i}` }),
        tool: (i) => ({ channel: 'room', body: `message ${i}` }),
      },
      {
        name: 'check',
        rest: () => new Request(`${base}/v1/messages?channel=room&order=desc&limit=20`, { headers }),
        tool: () => ({ channel: 'room' }),
      },
    ]
    const timed = async (request: Request) => {
      const started = performance.now()
      const text = await (await fetch(request)).text()
      if (text.includes('"code"')) throw new Error(text)
      return performance.now() - started
    }
    const rss = server.rss()
    const first = await timed(call('synapse_status', {}))
    const grown = (server.rss() - rss) / 1e6
    const rows: Row[] = []
    for (const { name, rest, tool } of pairs) {
      const [direct, called] = [new Latencies(), new Latencies()]
      for (let i = -200; i < rounds; i++) {
        const one = await timed(rest(i))
        const other = await timed(call(`synapse_${name}`, tool(i)))
        // The first rounds compile what runs.
        if (i < 0) continue
        direct.add(one)
        called.add(other)
      }
      const [rest50 = Number.NaN, rest99] = direct.quantiles(0.5, 0.99)
      const [p50 = Number.NaN, p99] = called.quantiles(0.5, 0.99)
      rows.push({
        workload: 'Q1',
        shape: `synapse_${name}, ${rounds} calls`,
        measured: `p50 ${ms(p50)} p99 ${ms(p99)} ms; the first call of the server ${ms(first)} ms, +${grown.toFixed(0)} MB`,
        baseline: `the request: p50 ${ms(rest50)} p99 ${ms(rest99)} ms`,
        ratio: rest50 / p50,
        goal: `p50 ≤ ${MOST_MILLISECONDS} ms more`,
        met: p50 - rest50 <= MOST_MILLISECONDS,
        data: { p50, p99, rest50, rest99, first, grown, rounds },
      })
    }
    return rows
  },
}
