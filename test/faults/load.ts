/** Writers that go on while something fails, each repeating what was not acknowledged, and the judgement afterwards. */
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
  /** Posts so far that were acknowledged. */
  acked(): number
  /** Answers so far that were none of success: how many of each status and code; status 0 where there was no answer. */
  readonly refused: Map<string, number>
  /** Waits for so many further acknowledgements. */
  progress(posts?: number): Promise<void>
  /** Waits for so many further refusals with this status and code. */
  refusals(what: string, posts?: number): Promise<void>
  /** Ends the writers, once all they tried is acknowledged. */
  finish(): Promise<void>
  /** What the ledger finds wrong; of what was going on when the server ended it knows only that it was tried. */
  judge(server?: ServerProcess): Promise<string[]>
}

/** Makes a room, an agent and writers in its name, which begin at once. */
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

/** What SQLite finds wrong with a store whose server is down; 'ok' for nothing. */
export function integrityOf(path: string): unknown {
  using db = new Database(path)
  return db.query<{ integrity_check: string }, []>('PRAGMA integrity_check').get()?.integrity_check
}
