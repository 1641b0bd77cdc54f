import { rmSync } from 'node:fs'
import { Latencies } from './lib/latencies'
import { seedMessages } from './lib/seed'
import { startSynapse } from './lib/synapse'
import { someWords } from './lib/vocabulary'
import { ms, type Row, type Workload } from './lib/workload'

const WORDS_PER_MESSAGE = 24
const QUERIES = 200
/** The word of the newest message only, by which the bench sees that all are indexed. */
const LAST = 'lastword'

/** S1: full-text search over a million messages, half of which the reader may not read. */
export const search: Workload = {
  id: 'S1',
  title: 'search for three words in 1,000,000 messages, half of them readable',
  run: async ({ quick }) => {
    const count = quick ? 100_000 : 1_000_000
    const first = await startSynapse({ keepHome: true })
    const token = await first.agent('reader', ['room'])
    await first.agent('other', ['vault'])
    const { home } = first
    await first[Symbol.asyncDispose]()
    seedMessages(home, count, (i) => (i === count - 2 ? LAST : someWords(WORDS_PER_MESSAGE).join(' ')))
    try {
      await using server = await startSynapse({ home })
      const ask = async (q: string, sort: string) => {
        const url = `http://127.0.0.1:${server.port}/v1/search?sort=${sort}&q=${q}`
        const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
        return ((await response.json()) as { results: unknown[] }).results.length
      }
      const started = performance.now()
      while ((await ask(LAST, 'new')) === 0) await Bun.sleep(200)
      const indexSeconds = (performance.now() - started) / 1000
      const rows: Row[] = []
      for (const sort of ['best', 'new']) {
        const latencies = new Latencies()
        let results = 0
        for (let i = 0; i < QUERIES; i++) {
          const words = someWords(3, 2000).join('+')
          const began = performance.now()
          results += await ask(words, sort)
          latencies.add(performance.now() - began)
        }
        const [p50, p95 = Number.NaN, p99] = latencies.quantiles(0.5, 0.95, 0.99)
        rows.push({
          workload: 'S1',
          shape: `GET /v1/search?sort=${sort}, 3 words, ${quick ? '100k' : '1M'} messages`,
          measured: `p50 ${ms(p50)} p95 ${ms(p95)} p99 ${ms(p99)} ms, ${(results / QUERIES).toFixed(1)} results; indexed in ${indexSeconds.toFixed(0)} s`,
          goal: 'p95 ≤ 80 ms',
          met: p95 <= 80,
          data: { p50, p95, p99, results, indexSeconds },
        })
      }
      return rows
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}
