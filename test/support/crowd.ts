/**
 * A crowd: writers that post with retry keys until the server has acknowledged, and readers of every kind. Everything
 * is noted in a ledger, which judges in the end. A crowd survives its server: while there is none, everybody tries
 * again. Where the server is, what befalls it and what its log holds is the caller's.
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

/** How long a writer goes on with one post before the test fails. */
const PATIENCE_MS = 15_000
/** How long the crowd may need for the next few posts after trouble. */
const PROGRESS_MS = 20_000

export interface Verdict {
  readonly seed: number
  /** What is wrong, one line each. */
  readonly wrong: readonly string[]
  readonly readable: MessagePage['messages']
}

export class Crowd {
  readonly ledger: Ledger
  readonly scene: Scene
  readonly readers: Reader[] = []
  /** Posts that were acknowledged. */
  posts = 0
  private phase: 'writing' | 'ending' | 'over' = 'writing'
  private readonly over = Promise.withResolvers<void>()
  private readonly failed = Promise.withResolvers<never>()
  private readonly writing: Promise<void>[] = []
  private readonly reading: Promise<void>[] = []
  private readonly acked = new Map<string, number>()

  /** `url`: where whoever asks finds the server, now. Crowds that come by several ways share a ledger. */
  constructor(
    url: (chance: Chance) => string,
    readonly chance = new Chance(),
    { via, ledger = new Ledger() }: { readonly via?: Via; readonly ledger?: Ledger } = {},
  ) {
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

  /** Number of the newest message of a room that was acknowledged. */
  newestIn(room: string): number {
    return this.acked.get(room) ?? 0
  }

  speaker(credential: ReaderFacts['credential']): Caller {
    return speaker(this.scene, credential)
  }

  /** Posts to a room under keys of its name, one after the other: until the crowd ends, or so often. */
  write(name: string, who: Caller, room: string, posts = Number.POSITIVE_INFINITY): Promise<void> {
    const write = async () => {
      for (let n = 0; n < posts && this.phase === 'writing'; n++) {
        const seq = await postUntilAcked(this.scene, who, room, `${name}-${n}`)
        this.acked.set(room, Math.max(this.newestIn(room), seq))
        this.posts++
      }
    }
    return this.counted(this.writing, write())
  }

  /** Reads in one way, until the crowd has ended and everything that matters was read. */
  read(facts: ReaderFacts, session: Session): Promise<void> {
    const reader = new Reader(this.scene, facts)
    this.readers.push(reader)
    return this.counted(this.reading, reader.read(session))
  }

  /**
   * Somebody reads what happens in its rooms from now on, so many times in every way: once everything, then messages
   * alone.
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

  /** What it comes to. @throws as soon as a writer or a reader fails */
  during<Result>(trouble: Promise<Result>): Promise<Result> {
    return Promise.race([this.failed.promise, trouble])
  }

  /** Waits for so many further posts. */
  async progress(posts = 50): Promise<void> {
    const enough = this.posts + posts
    await this.during(until(`${posts} further posts`, () => this.posts >= enough, PROGRESS_MS))
  }

  /** Ends: the writers with what they have begun, the readers when they have read it all. */
  async end(): Promise<void> {
    this.phase = 'ending'
    await Promise.all(this.writing)
    this.phase = 'over'
    this.over.resolve()
    await Promise.all(this.reading)
  }

  /** What the ledger says of it. `witness`: by whose credential everything can be read. */
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
 * Posts `key`, again and again, until it is acknowledged, and now and then once more; answers its number.
 * @throws when it is refused
 */
async function postUntilAcked(scene: Scene, who: Caller, channel: string, key: string): Promise<number> {
  scene.ledger.attempted(key, channel)
  const attempt = () =>
    until(`the acknowledgement of ${key}`, () => tryToPost(scene, who, channel, key), PATIENCE_MS)
  const seq = await attempt()
  if (scene.chance.below(10) === 0) await attempt()
  return seq
}

/** One attempt; undefined when nobody answered, so that nobody knows what came of it. */
async function tryToPost(
  { ledger }: Scene,
  who: Caller,
  channel: string,
  key: string,
): Promise<number | undefined> {
  const request = { channel, body: bodyOf(key, 'from the crowd') }
  const answer = await who
    .post<WireEvent & { id: string; channel: string }>('/v1/messages', request, { 'idempotency-key': key })
    .catch(() => undefined)
  if (answer === undefined || answer.status >= 500) return undefined
  if (answer.status !== 201) throw new Error(`${key} was refused: ${answer.text}`)
  ledger.acked(key, answer.body)
  return answer.body.seq
}
