/**
 * A crowd: writers that post with retry keys until the server acknowledges, and readers of every kind. Everything is
 * recorded in a ledger, which is judged at the end. A crowd survives its server: while there is none, its members retry.
 * The caller decides where the server is and what happens to it, and supplies its log.
 */
import type { Caller } from './caller'
import { Chance } from './chance'
import { bodyOf, judge, Ledger, type LoggedEvent, type WireEvent } from './ledger'
import {
  everythingReadable,
  everyWay,
  type MessagePage,
  overPolls,
  Reader,
  type ReaderFacts,
  type Scene,
  type Session,
  speaker,
} from './readers'
import { until, type Via } from './sockets'

/** How long a writer retries one post before the test fails. */
const PATIENCE_MS = 15_000
/** How long the crowd may need for its next posts after a failure. */
const PROGRESS_MS = 20_000

export interface Verdict {
  readonly seed: number
  /** The violations, one line each. */
  readonly wrong: readonly string[]
  readonly readable: MessagePage['messages']
}

export class Crowd {
  readonly ledger: Ledger
  readonly scene: Scene
  readonly readers: Reader[] = []
  /** The number of acknowledged posts. */
  posts = 0
  private phase: 'writing' | 'ending' | 'over' = 'writing'
  private readonly over = Promise.withResolvers<void>()
  private readonly failed = Promise.withResolvers<never>()
  private readonly writing: Promise<void>[] = []
  private readonly reading: Promise<void>[] = []
  private readonly acked = new Map<string, number>()
  private readonly changes: boolean
  /** The number of acknowledged deletions. */
  deletions = 0

  /**
   * `url`: the current address of the server. Crowds with different routes share a ledger. With `changes`, writers edit,
   * delete and react to some of their messages.
   */
  constructor(
    url: (chance: Chance) => string,
    readonly chance = new Chance(),
    {
      via,
      ledger = new Ledger(),
      changes = false,
    }: { readonly via?: Via; readonly ledger?: Ledger; readonly changes?: boolean } = {},
  ) {
    this.changes = changes
    this.failed.promise.catch(() => {})
    this.ledger = ledger
    this.scene = {
      ledger,
      url: () => url(chance),
      ...(via === undefined ? {} : { via }),
      chance,
      over: this.over.promise,
      goal: (rooms) =>
        this.phase === 'over' ? Math.max(...rooms.map((slug) => this.newestIn(slug))) : undefined,
    }
  }

  /** The seq of the newest acknowledged message of a channel. */
  newestIn(room: string): number {
    return this.acked.get(room) ?? 0
  }

  speaker(credential: ReaderFacts['credential']): Caller {
    return speaker(this.scene, credential)
  }

  /** Posts to a channel with retry keys of this name, one after another, until the crowd ends or this many times. */
  write(name: string, who: Caller, room: string, posts = Number.POSITIVE_INFINITY): Promise<void> {
    const write = async () => {
      for (let n = 0; n < posts && this.phase === 'writing'; n++) {
        const key = `${name}-${n}`
        const { id, seq } = await postUntilAcked(this.scene, who, room, key)
        this.acked.set(room, Math.max(this.newestIn(room), seq))
        this.posts++
        const deletions = this.changes ? await changeUntilAcked(this.scene, who, id, key) : 0
        this.deletions += deletions
      }
    }
    return this.counted(this.writing, write())
  }

  /** Reads in one way until the crowd has ended and everything was read. */
  read(facts: ReaderFacts, session: Session): Promise<void> {
    const reader = new Reader(this.scene, facts)
    this.readers.push(reader)
    return this.counted(this.reading, reader.read(session))
  }

  /**
   * Follows the channels of an account from now on, this many times in every way: first all events, then only
   * messages.
   */
  async follow(who: Pick<ReaderFacts, 'account' | 'credential' | 'rooms'>, times = 2): Promise<void> {
    for (const room of who.rooms) this.ledger.members(room, who.account)
    const { body } = await this.speaker(who.credential).get<{ head_cursor: string }>('/v1/server')
    for (let time = 0; time < times; time++)
      for (const session of everyWay) {
        const types = time === 0 && session !== overPolls ? null : ['message.created']
        const name = `${who.account}-${this.readers.length}`
        const selection = { channels: '*', types } as const
        void this.read({ ...who, name, selection, from: body.head_cursor }, session)
      }
  }

  /** The result of `trouble`. @throws as soon as a writer or a reader fails */
  during<Result>(trouble: Promise<Result>): Promise<Result> {
    return Promise.race([this.failed.promise, trouble])
  }

  /** Waits for this many further posts. */
  async progress(posts = 50): Promise<void> {
    const enough = this.posts + posts
    await this.during(until(`${posts} further posts`, () => this.posts >= enough, PROGRESS_MS))
  }

  /** Ends the crowd: writers finish their current post, and readers read everything. */
  async end(): Promise<void> {
    this.phase = 'ending'
    await Promise.all(this.writing)
    this.phase = 'over'
    this.over.resolve()
    await Promise.all(this.reading)
  }

  /** The verdict of the ledger. `witness` is a credential that can read everything. */
  async judge(log: readonly LoggedEvent[], witness: ReaderFacts['credential']): Promise<Verdict> {
    const readable = await everythingReadable(this.speaker(witness))
    return { seed: this.chance.seed, wrong: judge(this.ledger.entries, { log, readable }), readable }
  }

  private counted(those: Promise<void>[], one: Promise<void>): Promise<void> {
    one.catch(this.failed.reject)
    those.push(one)
    return one
  }
}

/**
 * Posts `key` repeatedly until it is acknowledged, and sometimes once more; returns the message.
 * @throws if the post is refused
 */
async function postUntilAcked(scene: Scene, who: Caller, channel: string, key: string): Promise<Acked> {
  scene.ledger.attempted(key, channel)
  const attempt = () =>
    until(`the acknowledgement of ${key}`, () => tryToPost(scene, who, channel, key), PATIENCE_MS)
  const message = await attempt()
  if (scene.chance.below(10) === 0) await attempt()
  return message
}

type Acked = Pick<MessagePage['messages'][number], 'id' | 'seq'>

/**
 * Sometimes reacts to a message, edits it or deletes it, repeatedly until that is acknowledged. Returns the number of
 * deletions. @throws if it is refused
 */
async function changeUntilAcked(
  { ledger, chance }: Scene,
  who: Caller,
  id: string,
  key: string,
): Promise<number> {
  const path = `/v1/messages/${id}`
  const untilAcked = (method: string, to: string, fields?: object) =>
    until(
      `the acknowledgement of ${method} ${key}`,
      async () => {
        const answer = await who.request(method, to, fields).catch(() => undefined)
        if (answer === undefined || answer.status >= 500) return undefined
        if (answer.status >= 300) throw new Error(`${method} ${key} was refused: ${answer.text}`)
        return true
      },
      PATIENCE_MS,
    )
  if (chance.below(6) === 0) await untilAcked('PUT', `${path}/reactions/ok`)
  for (let n = 0; chance.below(6) === 0; n++) {
    const body = bodyOf(key, `edited ${n}`)
    ledger.editing(id, body)
    await untilAcked('PATCH', path, { body })
    ledger.edited(id, body)
  }
  if (chance.below(12) > 0) return 0
  ledger.deleting(id)
  await untilAcked('DELETE', path)
  ledger.deleted(id)
  return 1
}

/** One attempt; undefined without an answer, when its outcome is unknown. */
async function tryToPost(
  { ledger }: Scene,
  who: Caller,
  channel: string,
  key: string,
): Promise<Acked | undefined> {
  const request = { channel, body: bodyOf(key, 'from the crowd') }
  const answer = await who
    .post<WireEvent & { id: string; channel: string }>('/v1/messages', request, { 'idempotency-key': key })
    .catch(() => undefined)
  if (answer === undefined || answer.status >= 500) return undefined
  if (answer.status !== 201) throw new Error(`${key} was refused: ${answer.text}`)
  ledger.acked(key, answer.body)
  return answer.body
}
