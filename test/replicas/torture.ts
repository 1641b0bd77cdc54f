/**
 * A crowd at a cluster that is in trouble: what happens to it is the caller's, what is judged is the ledger. The tests
 * run this for seconds, `bench/torture.ts` for as long as one likes.
 */
import {
  Chance,
  everythingReadable,
  overLongPolls,
  overMultiplexed,
  overPolls,
  overStream,
  postUntilAcked,
  Reader,
  type Scene,
  type Session,
  speaker,
} from '../live/crowd'
import { judge, Ledger } from '../support/ledger'
import { until } from '../support/sockets'
import { type Cluster, logIn } from './cluster'

const ROOMS = ['alpha', 'beta'] as const

export interface Torture {
  readonly seconds: number
  /** Writers, each with a token of its own. */
  readonly writers?: number
  /** Readers of each kind: sockets, streams, long-polls and polls. */
  readonly readers?: number
  /** One piece of trouble; called again as soon as it is over, until the time is. */
  readonly trouble: (chance: Chance) => Promise<void>
  /** Called when the time is over: everything has to work again after it. */
  readonly peace?: () => Promise<void>
}

export interface Outcome {
  readonly seed: number
  /** What is wrong, one line each. */
  readonly wrong: readonly string[]
  readonly posts: number
  /** How often there was trouble. */
  readonly troubles: number
  /** Connections that readers opened. */
  readonly sessions: number
}

export async function torture(cluster: Cluster, options: Torture): Promise<Outcome> {
  const { seconds, writers = 12, readers = 2, trouble, peace } = options
  const chance = new Chance()
  const first = cluster.server(0)
  for (const slug of ROOMS) await first.room(slug)
  const tokens: string[] = []
  for (let i = 0; i < writers; i++) tokens.push(await first.agent(`writer-${i}`, ROOMS[i % 2] ?? 'alpha'))
  const token = await first.agent('bob', ...ROOMS)
  const bob = { authorization: `Bearer ${token}` }
  const { body: start } = await first.as(token).get<{ head_cursor: string }>('/v1/server')

  const ledger = new Ledger()
  for (const slug of ROOMS) ledger.members(slug, 'bob')
  const over = Promise.withResolvers<void>()
  const acked = new Map<string, number>()
  let posts = 0
  let phase: 'writing' | 'ending' | 'over' = 'writing'
  const scene: Scene = {
    ledger,
    // Whoever asks is sent to any of those that run, as by a proxy that knows no better.
    url: () => {
      const { servers } = cluster
      return servers[chance.below(Math.max(servers.length, 1))]?.url ?? 'http://127.0.0.1:9'
    },
    chance,
    over: over.promise,
    goal: (rooms) => (phase === 'over' ? Math.max(...rooms.map((slug) => acked.get(slug) ?? 0)) : undefined),
  }
  const sessions: readonly Session[] = [overMultiplexed, overStream, overLongPolls, overPolls]
  const reading = Array.from({ length: readers * sessions.length }, (_, i) => {
    const session = sessions[i % sessions.length] ?? overPolls
    const reader = new Reader(scene, {
      name: `bob-${i}`,
      account: 'bob',
      credential: bob,
      rooms: ROOMS,
      selection: { channels: '*', types: ['message.created'] },
      from: start.head_cursor,
    })
    return { reader, ended: reader.read(session) }
  })
  const writing = tokens.map(async (secret, i) => {
    const slug = ROOMS[i % 2] ?? 'alpha'
    const who = speaker(scene, { authorization: `Bearer ${secret}` })
    for (let n = 0; phase === 'writing'; n++) {
      const seq = await postUntilAcked(scene, who, slug, `writer-${i}-${n}`)
      acked.set(slug, Math.max(acked.get(slug) ?? 0, seq))
      posts++
    }
  })
  const failed = Promise.all([...writing, ...reading.map(({ ended }) => ended)])
  failed.catch(() => {})

  const deadline = performance.now() + seconds * 1000
  let troubles = 0
  while (performance.now() < deadline) {
    await Promise.race([failed, trouble(chance)])
    troubles++
  }
  await peace?.()
  const enough = posts + 20
  await Promise.race([failed, until('posts after the last trouble', () => posts >= enough, 20_000)])
  phase = 'ending'
  await Promise.all(writing)
  phase = 'over'
  over.resolve()
  await failed
  const evidence = {
    log: await logIn(cluster.database),
    readable: await everythingReadable(speaker(scene, bob)),
  }
  return {
    seed: chance.seed,
    wrong: judge(ledger.entries, evidence),
    posts,
    troubles,
    sessions: reading.reduce((sum, { reader }) => sum + reader.sessions, 0),
  }
}
