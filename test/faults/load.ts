/** Writers that continue during a fault, each repeating unacknowledged posts, and the check afterwards. */
import { Database } from 'bun:sqlite'
import type { Caller } from '../support/caller'
import { bodyOf, judge, Ledger, logOf } from '../support/ledger'
import { everythingReadable, type MessagePage } from '../support/readers'
import type { ServerProcess } from '../support/server-process'
import type { Site } from '../support/site'
import { until } from '../support/sockets'

export const ROOM = 'room'

export interface Load extends AsyncDisposable {
  readonly reader: Caller
  /** The number of acknowledged posts so far. */
  acked(): number
  /** The number of failed answers so far by status and code; status 0 means no answer. */
  readonly refused: Map<string, number>
  /** Waits for this many further acknowledgements. */
  progress(posts?: number): Promise<void>
  /** Waits for this many further refusals with this status and code. */
  refusals(what: string, posts?: number): Promise<void>
  /** Stops the writers once all their posts are acknowledged. */
  finish(): Promise<void>
  /** The problems found by the ledger; posts in progress when the server ended count as tried only. */
  judge(server?: ServerProcess): Promise<string[]>
}

/** Creates a room, an agent and writers with its token, which start at once. */
export async function load(site: Site, server: ServerProcess, writers = 4): Promise<Load> {
  await server.room(ROOM)
  const token = await server.agent('writer', ROOM)
  const agent = server.as(token)
  const ledger = new Ledger()
  const refused = new Map<string, number>()
  let acked = 0
  let isEnding = false
  let isOver = false

  const write = async (name: number) => {
    for (let n = 0; !isEnding; n++) {
      const key = `writer-${name}-${n}`
      ledger.attempted(key, ROOM)
      while (!isOver) {
        const fields = { channel: ROOM, body: bodyOf(key, 'x'.repeat(500)) }
        const answer = await agent
          .post<Message & { code?: string }>('/v1/messages', fields, { 'idempotency-key': key })
          .catch(() => ({ status: 0, body: undefined }))
        if (answer.status === 201 && answer.body) {
          ledger.acked(key, answer.body)
          acked++
          break
        }
        const what = `${answer.status} ${answer.body?.code ?? ''}`
        refused.set(what, (refused.get(what) ?? 0) + 1)
        await Bun.sleep(5)
      }
      await Bun.sleep(1)
    }
  }
  const writing = Array.from({ length: writers }, (_, i) => write(i))
  return {
    reader: agent,
    acked: () => acked,
    refused,
    progress: async (posts = 20) => {
      const goal = acked + posts
      await until(`${posts} further posts`, () => acked >= goal)
    },
    refusals: async (what, posts = 4) => {
      const goal = (refused.get(what) ?? 0) + posts
      await until(`${posts} further answers ${what}`, () => (refused.get(what) ?? 0) >= goal)
    },
    finish: async () => {
      isEnding = true
      await Promise.all(writing)
    },
    judge: async (now = server) => {
      const readable = await everythingReadable(now.as(token))
      return judge(ledger.entries, { log: logOf(site.paths.database), readable })
    },
    [Symbol.asyncDispose]: async () => {
      isEnding = isOver = true
      await Promise.all(writing)
    },
  }
}

type Message = MessagePage['messages'][number]

/** The problems that SQLite finds in the store of a stopped server; 'ok' if there are none. */
export function integrityOf(path: string): unknown {
  using db = new Database(path)
  return db.query<{ integrity_check: string }, []>('PRAGMA integrity_check').get()?.integrity_check
}
