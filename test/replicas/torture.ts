/**
 * Many clients of a cluster in trouble. The caller makes the trouble, and the ledger judges the result. The tests run
 * this for seconds, `bench/torture.ts` for any time.
 */
import type { Chance } from '../support/chance'
import { Crowd } from '../support/crowd'
import type { Cluster } from './cluster'

const ROOMS = ['alpha', 'beta'] as const

export interface Torture {
  readonly seconds: number
  /** On a slow machine it continues until there were this many posts and two troubles; 0 by default. */
  readonly least?: number
  /** Writers, each with its own token. */
  readonly writers?: number
  /** The number of readers of each kind: sockets, streams, long polls and polls. */
  readonly readers?: number
  /** One trouble; called again as soon as it is over, until the time is. */
  readonly trouble: (chance: Chance) => Promise<void>
  /** Called when the time is over; afterwards everything must work again. */
  readonly peace?: () => Promise<void>
}

export interface Outcome {
  readonly seed: number
  /** The problems, one line each. */
  readonly wrong: readonly string[]
  readonly posts: number
  /** The number of troubles. */
  readonly troubles: number
  /** Connections that readers opened. */
  readonly sessions: number
}

export async function torture(cluster: Cluster, options: Torture): Promise<Outcome> {
  const { seconds, least = 0, writers = 12, readers = 2, trouble, peace } = options
  const first = cluster.server(0)
  for (const slug of ROOMS) await first.room(slug)
  const tokens: string[] = []
  for (let i = 0; i < writers; i++) tokens.push(await first.agent(`writer-${i}`, roomOf(i)))
  const bob = { authorization: `Bearer ${await first.agent('bob', ...ROOMS)}` }
  // A request goes to any running server, as behind a simple proxy.
  const anyServer = (chance: Chance) => {
    const { servers } = cluster
    return servers[chance.below(Math.max(servers.length, 1))]?.url ?? 'http://127.0.0.1:9'
  }
  const crowd = new Crowd(anyServer, undefined, { changes: true })
  await crowd.follow({ account: 'bob', credential: bob, rooms: ROOMS }, readers)
  for (const [i, token] of tokens.entries())
    void crowd.write(`writer-${i}`, crowd.speaker({ authorization: `Bearer ${token}` }), roomOf(i))

  const deadline = performance.now() + seconds * 1000
  let troubles = 0
  while (performance.now() < deadline || crowd.posts < least || troubles < 2) {
    await crowd.during(trouble(crowd.chance))
    troubles++
  }
  await peace?.()
  await crowd.progress(20)
  await crowd.end()
  const { seed, wrong } = await crowd.judge(await cluster.log(), bob)
  const sessions = crowd.readers.reduce((sum, reader) => sum + reader.sessions, 0)
  return { seed, wrong, posts: crowd.posts, troubles, sessions }
}

function roomOf(writer: number): string {
  return ROOMS[writer % ROOMS.length] ?? 'alpha'
}
