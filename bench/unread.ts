import { rmSync } from 'node:fs'
import { Latencies } from './lib/latencies'
import { seedMessages } from './lib/seed'
import { startSynapse } from './lib/synapse'
import { ms, type Row, type Workload } from './lib/workload'

const CHANNELS = 500
/** Channels that one request adds an agent to, at most. */
const ONBOARDED = 50
/** Each lists its channels for the first time. */
const READERS = 30
const REQUESTS = 200
/** Channels with a new message before each further list. */
const CHANGED = 20
const MOST_MILLISECONDS = 30

/** U1: the list of channels with the number of unread messages in each. */
export const unread: Workload = {
  id: 'U1',
  title: 'GET /v1/channels with unread counts: 500 channels, 1,000,000 messages',
  run: async ({ quick }) => {
    const count = quick ? 100_000 : 1_000_000
    const slugs = Array.from({ length: CHANNELS }, (_, i) => `c${i}`)
    const readers = Array.from({ length: READERS }, (_, i) => `reader${i}`)
    const first = await startSynapse({ keepHome: true })
    const { home } = first
    for (let i = 0; i < CHANNELS; i += ONBOARDED)
      for (const handle of ['poster', ...readers]) await first.agent(handle, slugs.slice(i, i + ONBOARDED))
    // The tokens so far are each for some of the channels.
    const tokenOf = async (handle: string) => {
      const { token } = await first.admin<{ token: string }>('POST', '/v1/admin/devices', {
        device: 'bench',
        account_handle: handle,
        scopes: ['channel:*:read', 'channel:*:post'],
        direct: true,
      })
      return token
    }
    const poster = await tokenOf('poster')
    const tokens: string[] = []
    for (const handle of readers) tokens.push(await tokenOf(handle))
    await first[Symbol.asyncDispose]()
    seedMessages(home, count)
    try {
      await using server = await startSynapse({ home, keepHome: true })
      const url = `http://127.0.0.1:${server.port}/v1`
      let counted = CHANNELS
      const list = async (token: string, query = '?include=unread') => {
        const started = performance.now()
        const response = await fetch(`${url}/channels${query}`, {
          headers: { authorization: `Bearer ${token}` },
        })
        const { channels } = (await response.json()) as { channels: { unread?: number }[] }
        if (query !== '') counted = Math.min(counted, channels.filter(({ unread = 0 }) => unread > 0).length)
        return performance.now() - started
      }
      const post = (channel: string) =>
        fetch(`${url}/messages`, {
          method: 'POST',
          headers: { authorization: `Bearer ${poster}`, 'content-type': 'application/json' },
          body: JSON.stringify({ channel, body: 'x' }),
        })
      const row = (what: string, latencies: Latencies): Row => {
        const [p50, p95 = Number.NaN, p99] = latencies.quantiles(0.5, 0.95, 0.99)
        return {
          workload: 'U1',
          shape: `GET /v1/channels, ${what}, ${counted} channels with unread messages, ${quick ? '100k' : '1M'} messages`,
          measured: `p50 ${ms(p50)} p95 ${ms(p95)} p99 ${ms(p99)} ms`,
          goal: `p95 ≤ ${MOST_MILLISECONDS} ms`,
          met: p95 <= MOST_MILLISECONDS && counted === CHANNELS,
          data: { p50, p95, p99, counted },
        }
      }
      const firsts = new Latencies()
      for (const token of tokens) {
        // Reads the rights of the account, and counts nothing.
        await list(token, '')
        firsts.add(await list(token))
      }
      const again = new Latencies()
      const [token = ''] = tokens
      for (let i = 0; i < REQUESTS; i++) {
        for (let j = 0; j < CHANGED; j++) await post(slugs[(i * CHANGED + j) % CHANNELS] ?? '')
        again.add(await list(token))
      }
      return [
        row('nothing counted before', firsts),
        row(`again, after messages in ${CHANGED} channels`, again),
      ]
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}
