import type { Policy } from '../../access/policy'
import { type Person, principalOf } from '../../identity/actor'
import type { Message } from '../../kernel/entities'
import { refusal } from '../../kernel/errors'
import type { Seq, Uuid } from '../../kernel/ids'
import type { Appended, Writes } from '../../kernel/ports'
import type { AnsweredKey, KeyName } from '../../kernel/retry-key-ports'
import { channelEvent } from '../../log/events'
import type { Attendance } from '../../messages/attendance'
import { GroupFound } from '../../messages/group-found'
import { type Found, judgePost } from '../../messages/judge-post'
import { foundMessage } from '../../messages/look-up'
import { matrixRefusal } from '../errors'
import type { EventBatch, RoomDraft } from '../event-batch'
import type { StoredEvent } from '../event-ports'
import type { InwardMessage, Relation } from '../inward'
import type { OpenRoom } from '../open-room'
import type { MatrixParts } from '../parts'
import type { MatrixAct, Projector } from '../projector/projector'
import { notInRoom } from '../refusals'
import type { Standings } from '../standings'
import { Gathering, type Outcome, type Taken } from './gathering'
import { newPost } from './posts'
import { archivedRoom, millisecondsOf, refuseKeptOut } from './room-acts'
import { messageRowOf, refuseNested, relatedTo } from './targets'

/** How long the sends of a group are judged at most: other requests wait meanwhile. */
const MOST_MILLISECONDS = 5

/** An event to send, with what can be known before its transaction. */
export interface Send {
  readonly actor: Person
  /** The actor's user id. */
  readonly userId: string
  readonly roomId: string
  readonly type: string
  readonly content: RoomDraft['content']
  readonly relation: Relation
  /** See StoredEvent. */
  readonly sentAs?: string
  /** What it says, if it is a message of v1. */
  readonly said?: {
    readonly message: InwardMessage
    readonly mentions: readonly string[] | undefined
    readonly there: Attendance
  }
}

interface Parts extends Pick<MatrixParts, 'core' | 'policy' | 'report'> {
  readonly policy: Policy
  readonly projector: Projector
  readonly standings: Pick<Standings, 'refuseSuspended'>
}

/** What a group has read, and what its sends come to. */
interface Group {
  readonly tx: Writes
  readonly batch: EventBatch
  /** By room id. */
  readonly rooms: ReadonlyMap<string, OpenRoom>
  readonly usedKeys: ReadonlySet<string>
  readonly events: ReadonlyMap<string, StoredEvent>
  /** By seq. */
  readonly messages: ReadonlyMap<Seq, Message>
  readonly found: GroupFound
  readonly ts: number
  readonly rows: Appended[]
}

/**
 * Sends messages and other plain events, those of one moment in one transaction: a few statements read what all of them
 * need, each is judged in memory in the order of arrival, and a few statements write them. All refusals are decided
 * before the first row, so a refused one costs the others nothing.
 */
export class GroupedSends {
  private readonly gathering: Gathering<Send, string>

  constructor(private readonly parts: Parts) {
    this.gathering = new Gathering(
      (group) => parts.projector.actTogether((act) => this.write(act, group)),
      parts.report,
    )
  }

  /** Returns the id of the event. @throws as `Sendings.send` */
  async send(one: Send): Promise<string> {
    const { directory, transactions } = this.parts.core
    const eventId = await directory.retryUntilLoaded(() => this.gathering.add(one))
    transactions.noteActing(one.actor)
    return eventId
  }

  private async write(act: MatrixAct, { take, keep }: Taken<Send>): Promise<Outcome<string>[]> {
    const sends = take()
    const group = await this.read(act, sends)
    const { clock } = this.parts.core
    const end = clock.steady() + MOST_MILLISECONDS
    const outcomes: Outcome<string>[] = []
    for (const one of sends) {
      if (outcomes.length > 0 && clock.steady() > end) break
      outcomes.push(this.outcomeOf(group, one))
    }
    keep(outcomes.length)
    const { tx, rows } = group
    if (rows.length === 0) return outcomes
    const keys: AnsweredKey[] = []
    for (const [i, { actor }] of sends.entries()) {
      const { retry } = principalOf(actor)
      const outcome = outcomes[i]
      if (!retry || !outcome || !('result' in outcome)) continue
      keys.push(this.parts.core.retryKeys.sealed(retry.key, await retry.answer(outcome.result, tx), null))
    }
    group.batch.beside(() => tx.appendAll(rows))
    group.batch.beside(() => tx.insertKeys(keys))
    return outcomes
  }

  private async read({ tx, batch, rooms }: MatrixAct, sends: readonly Send[]): Promise<Group> {
    const matrix = tx.matrix()
    const byRoom = Map.groupBy(sends, ({ roomId }) => roomId)
    const needed = new Map([...byRoom].map(([roomId, all]) => [roomId, all.map(({ userId }) => userId)]))
    const named = sends.flatMap(({ relation, said }) => [relation.eventId, said?.message.replyTo ?? null])
    const [used, opened, events] = await Promise.all([
      tx.usedKeys(sends.flatMap(({ actor }) => principalOf(actor).retry?.key ?? [])),
      rooms.openNamed(matrix, needed),
      matrix.eventsByIds([...new Set(named.filter((id) => id !== null))]),
    ])
    const messages = events.length === 0 ? [] : await tx.messagesBySeq(events.map(messageRowOf))
    return {
      ...{ tx, batch, rooms: opened, rows: [], ts: millisecondsOf(tx) },
      usedKeys: new Set(used.map(nameOfKey)),
      events: new Map(events.map((event) => [event.eventId, event])),
      messages: new Map(messages.map((message) => [message.seq, message])),
      found: new GroupFound(await found(tx, messages), tx),
    }
  }

  private outcomeOf(group: Group, one: Send): Outcome<string> {
    try {
      return { result: this.add(group, one) }
    } catch (reason) {
      return { refusal: reason }
    }
  }

  /** Judges one and adds it to the group. Returns the id of its event. */
  private add(group: Group, one: Send): string {
    const { tx, batch, rows, ts } = group
    const { core, policy, standings } = this.parts
    const { actor, userId, roomId, type, content, relation, said, sentAs } = one
    const { retry } = principalOf(actor)
    if (retry && group.usedKeys.has(nameOfKey(retry.key))) throw refusal('idempotency_conflict')
    core.transactions.refuseWhileDraining(actor)
    const now = policy.current(actor)
    standings.refuseSuspended(now.account)
    const room = group.rooms.get(roomId)
    if (!room) throw notInRoom()
    const channel = core.directory.channel(room.row.channelId)
    refuseKeptOut(room.row, channel)
    if (channel.archivedAt !== null) throw archivedRoom(room, userId)
    policy.postIn(now, channel)
    const eventOf = (id: string | null) => {
      const event = id === null ? undefined : group.events.get(id)
      return event?.channelId === channel.id ? event : undefined
    }
    const target = eventOf(relation.eventId)
    if (relation.threadRoot !== null) refuseNested(target)
    const sent = { type, content, sender: userId, ts, ...(sentAs && { sentAs }) }
    const draft = { ...sent, ...relatedTo(target, relation) }
    const judged = batch.judge(room, draft)
    if ('because' in judged) throw matrixRefusal('M_FORBIDDEN', judged.because)
    const { eventId } = judged.made
    if (said) {
      const messageOf = (event: StoredEvent | undefined) => {
        const message = event && group.messages.get(messageRowOf(event))
        return message?.channelId === channel.id ? message : undefined
      }
      const places = { root: messageOf(target), repliedTo: messageOf(eventOf(said.message.replyTo)) }
      const post = newPost(channel, eventId, said.message, { ...places, mentions: said.mentions })
      const judgement = judgePost(core.messages.plan(now, post, said.there), group.found)
      // It has no retry key of a post.
      if (judgement.replayed) throw new Error('a post without a retry key was made before')
      group.found.judged(judgement.draft)
      rows.push({ draft: judgement.draft })
    } else rows.push({ body: channelEvent('matrix.event', channel, { type }), actor: now.account })
    batch.take(room, tx.nextSeq() + rows.length - 1, judged)
    return eventId
  }
}

/** The messages and threads that a group refers to, as the posts of v1 look them up. */
async function found(tx: Writes, messages: readonly Message[]): Promise<Found> {
  const roots = new Set(messages.map((message) => (message.thread ?? message).seq))
  const threads = new Map(
    await Promise.all([...roots].map(async (root) => [root, await tx.foundThread(root)] as const)),
  )
  const byUuid = new Map<Uuid, Message>(messages.map((message) => [message.uuid, message]))
  return {
    key: () => undefined,
    message: (uuid) => {
      const message = byUuid.get(uuid)
      return message && foundMessage(message)
    },
    attachment: () => undefined,
    thread: (root) => {
      const thread = threads.get(root)
      if (!thread) throw new Error(`the thread ${root} was not looked up`)
      return thread
    },
    // The store has looked when the transaction began.
    requireRoom: () => {},
  }
}

function nameOfKey({ accountId, key }: KeyName): string {
  return `${accountId} ${key}`
}
