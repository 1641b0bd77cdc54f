import type { Directory } from '../access/directory'
import type { Policy } from '../access/policy'
import type { Person } from '../identity/actor'
import type { ApprovalRow } from '../kernel/approval-ports'
import type { Account, MessageView } from '../kernel/entities'
import { refusal } from '../kernel/errors'
import { parseUuid, type Seq, type Uuid } from '../kernel/ids'
import type { LeaseClock } from '../kernel/lease-clock'
import type { Store } from '../kernel/ports'
import type { SentMessage } from '../kernel/task-ports'
import type { Clock, Micros } from '../kernel/time'
import type { Log } from '../log/log'
import type { LongPolls } from '../log/streams'
import { viewMessages } from '../messages/views'
import type { Deliveries, Found } from './deliveries'
import { DELIVERY_STATES, type DeliveryState, stateNumber } from './items'
import { ASKING_REASONS } from './reasons'

export const TASK_STATES = ['submitted', 'working', 'input_required', 'completed', 'failed'] as const
export type TaskState = (typeof TASK_STATES)[number]

/** The states in which a task waits for nothing that its recipient does. */
const SETTLED: ReadonlySet<TaskState> = new Set(['input_required', 'completed', 'failed'])

/** The newest messages of an account that a list of its tasks examines. */
export const MAX_LISTED_MESSAGES = 500

/** A message that was sent over A2A, and one account that it asks. */
export interface Task {
  readonly message: MessageView
  /** Root of the thread of the message, which may be the message itself. */
  readonly root: Uuid
  readonly recipient: Account
  readonly state: TaskState
  readonly stateAt: Micros
  readonly delivery: DeliveryState
  /** What the recipient said when it reported a failure. */
  readonly note: string | null
  /** The reply of a completed task; the question of one that waits for a decision. */
  readonly shown: MessageView | null
}

export interface TaskFilter {
  /** Id of the root of a thread. */
  readonly context: string | null
  readonly state: TaskState | null
  /** Only tasks that changed at this time or later. */
  readonly since: Micros | null
  /** The key of the last task of the page before; null = the first page. */
  readonly after: TaskKey | null
  readonly limit: number
}

/** The place of a task in a list: the latest change first. */
export interface TaskKey {
  readonly at: Micros
  readonly id: string
}

export interface TaskPage {
  readonly tasks: readonly Task[]
  /** The key of the last task, if there are more. */
  readonly next: TaskKey | null
  /** How many tasks pass the filter, over all pages. */
  readonly total: number
}

/** A task by inner ids, without texts. */
interface Light extends TaskKey {
  readonly sent: SentMessage
  readonly found: Found
  readonly state: TaskState
  /** Seq of what it shows. */
  readonly shown: Seq | null
}

export interface TasksDeps {
  readonly store: Store
  readonly directory: Directory
  readonly policy: Policy
  readonly deliveries: Pick<Deliveries, 'stored'>
  readonly leaseClock: LeaseClock
  readonly log: Log
  readonly longPolls: LongPolls
  readonly clock: Pick<Clock, 'steady'>
}

/** The tasks of A2A: what became of messages that an account sent (docs/contract/a2a.md#tasks). */
export class Tasks {
  constructor(private readonly deps: TasksDeps) {}

  /** Returns the tasks of a message of the actor, in the order in which it names their recipients. @throws task_not_found */
  async ofMessage(actor: Person, id: string): Promise<readonly Task[]> {
    const sent = await this.sent(actor, id)
    const tasks = await this.views(await this.light([sent]))
    return tasks.toSorted((one, other) => placeIn(one) - placeIn(other))
  }

  /**
   * Returns a task of a message of the actor. With `waitMs`, the answer is held until the recipient has replied or failed, or a
   * person must decide something.
   * @throws task_not_found, also if the message is not the actor's own, or may not be read any more
   */
  async get(
    actor: Person,
    taskId: string,
    { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal } = { waitMs: 0 },
  ): Promise<Task> {
    const { log, longPolls, clock } = this.deps
    const deadline = clock.steady() + waitMs
    for (;;) {
      const { head: after } = log
      const [messageId = ''] = taskId.split('.', 1)
      const sent = await this.sent(actor, messageId)
      const light = (await this.light([sent])).filter(({ id }) => id === canonical(taskId))
      const [task] = await this.views(light)
      if (!task) throw refusal('task_not_found')
      const milliseconds = deadline - clock.steady()
      if (SETTLED.has(task.state) || milliseconds <= 0) return task
      const channelIds = [sent.channelId]
      const wait = { accountId: actor.account.id, channelIds, after, milliseconds, signal }
      if (!(await longPolls.next(wait))) return task
    }
  }

  /** Returns a page of the tasks of the actor's newest messages, the latest change first. */
  async list(actor: Person, filter: TaskFilter): Promise<TaskPage> {
    const { context, state, since, after, limit } = filter
    const all = await this.deps.store.reads.sentTasks(actor.account.id, MAX_LISTED_MESSAGES)
    const root = context === null ? null : await this.rootOf(context)
    const wanted = root === null ? all : all.filter(({ rootSeq }) => rootSeq === root)
    const passing = (await this.light(await this.readable(actor, wanted)))
      .filter((one) => (state === null || one.state === state) && (since === null || one.at >= since))
      .sort(byPlace)
    const rest = after === null ? passing : passing.filter((one) => byPlace(after, one) < 0)
    const page = rest.slice(0, limit)
    const last = rest.length > limit ? page.at(-1) : undefined
    const next = last ? { at: last.at, id: last.id } : null
    return { tasks: await this.views(page), next, total: passing.length }
  }

  /** Returns the channel of a thread that the actor may read, by its root. @throws thread_not_found */
  async channelOf(actor: Person, context: string): Promise<string> {
    const { store, directory, policy } = this.deps
    const uuid = parseUuid(context)
    const message = uuid && (await store.reads.message({ uuid }))
    if (!message) throw refusal('thread_not_found')
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channel = directory.channel(message.channelId)
      if (!policy.mayRead(now, channel) || message.seq <= policy.hiddenUpTo(now, channel))
        throw refusal('thread_not_found')
      return channel.slug
    })
  }

  private async sent(actor: Person, id: string): Promise<SentMessage> {
    const { store } = this.deps
    const uuid = parseUuid(id)
    const message = uuid && (await store.reads.message({ uuid }))
    if (!message || message.deletedAt !== null || message.via !== 'a2a') throw refusal('task_not_found')
    await store.waitFor(message.seq)
    const { seq, channelId, senderId, createdAt, thread } = message
    const sent = { seq, uuid, channelId, senderId, createdAt, rootSeq: thread?.seq ?? seq }
    const [readable] = senderId === actor.account.id ? await this.readable(actor, [sent]) : []
    if (!readable) throw refusal('task_not_found')
    return readable
  }

  /** Returns the messages that the actor may read now. */
  private readable(actor: Person, sent: readonly SentMessage[]): Promise<readonly SentMessage[]> {
    const { directory, policy } = this.deps
    return directory.retryUntilLoaded(() => {
      const now = policy.current(actor)
      const channels = directory.requireChannels(new Set(sent.map(({ channelId }) => channelId)))
      policy.prepare(now, channels)
      const hidden = new Map(
        channels.flatMap((channel) =>
          policy.mayRead(now, channel) ? [[channel.id, policy.hiddenUpTo(now, channel)] as const] : [],
        ),
      )
      return sent.filter(({ seq, channelId }) => seq > (hidden.get(channelId) ?? Number.MAX_SAFE_INTEGER))
    })
  }

  private async rootOf(context: string): Promise<Seq> {
    const uuid = parseUuid(context)
    const message = uuid && (await this.deps.store.reads.message({ uuid }))
    // No task has this root.
    return message ? (message.thread?.seq ?? message.seq) : 0
  }

  /** Returns the tasks of messages. */
  private async light(sent: readonly SentMessage[]): Promise<Light[]> {
    if (sent.length === 0) return []
    const { store, directory, deliveries, leaseClock } = this.deps
    const stored = await deliveries.stored(sent)
    const answers = new Map(
      (await store.reads.answersTo(sent)).map((answer) => [
        `${answer.messageSeq} ${answer.accountId}`,
        answer,
      ]),
    )
    const channelIds = [...new Set(sent.map(({ channelId }) => channelId))]
    const open = await store.reads.pendingApprovalsIn(channelIds, leaseClock.now())
    const pending = new Map(open.map((approval) => [approval.rootSeq, approval]))
    const asked = sent.flatMap((message) =>
      (stored.get(message.seq) ?? [])
        .filter(({ reasons }) => (reasons & ASKING_REASONS) !== 0)
        .map((found) => ({ sent: message, found })),
    )
    const uuids = await directory.retryUntilLoaded(() => {
      directory.requireAccounts(asked.map(({ found }) => found.accountId))
      return asked.map(({ found }) => directory.account(found.accountId).uuid)
    })
    return asked.map(({ sent, found }, i): Light => {
      const answer = answers.get(`${sent.seq} ${found.accountId}`)
      const id = `${sent.uuid}.${uuids[i]}`
      return { id, sent, found, ...stateOf(found, answer, pending.get(sent.rootSeq)) }
    })
  }

  private async views(light: readonly Light[]): Promise<Task[]> {
    const { store, directory } = this.deps
    const seqs = new Set(
      light.flatMap(({ sent, shown }) => [sent.seq, sent.rootSeq, ...(shown === null ? [] : [shown])]),
    )
    const messages = await store.reads.messagesBySeq([...seqs])
    const roots = new Map(messages.map(({ seq, uuid }) => [seq, uuid]))
    const found = await directory.retryUntilLoaded(() => {
      directory.requireAccounts(light.map((one) => one.found.accountId))
      const recipients = light.map((one) => directory.account(one.found.accountId))
      return { recipients, views: viewMessages(directory, messages) }
    })
    const views = new Map(found.views.map((view) => [view.message.seq, view]))
    return light.flatMap(({ sent, found: { state: delivery, note }, state, at, shown }, i): Task[] => {
      const message = views.get(sent.seq)
      const recipient = found.recipients[i]
      const root = roots.get(sent.rootSeq)
      const name = DELIVERY_STATES[delivery]
      // One that was deleted meanwhile has no tasks.
      if (!message || message.message.deletedAt !== null || !recipient || !root || !name) return []
      const view = shown === null ? null : (views.get(shown) ?? null)
      return [{ message, root, recipient, state, stateAt: at, delivery: name, note, shown: view }]
    })
  }
}

/** Returns the id of a task as the server writes it. */
function canonical(taskId: string): string {
  return taskId
    .split('.')
    .map((part) => parseUuid(part) ?? part)
    .join('.')
}

/** Returns where a message names the recipient; those whom it does not name come last. */
function placeIn({ message: { message }, recipient }: Task): number {
  const place = message.mentions.listed.indexOf(recipient.id)
  return place < 0 ? message.mentions.listed.length : place
}

/** The order of lists: the latest change first. */
function byPlace(one: TaskKey, other: TaskKey): number {
  if (one.at !== other.at) return other.at - one.at
  return one.id < other.id ? -1 : one.id > other.id ? 1 : 0
}

/** Returns the state of a task. What the recipient said last for all counts before a question that is open in the thread. */
function stateOf(
  { state, stateAt }: Found,
  answer: { readonly seq: Seq; readonly at: Micros } | undefined,
  approval: ApprovalRow | undefined,
): Pick<Light, 'state' | 'at' | 'shown'> {
  if (answer) return { state: 'completed', at: answer.at, shown: answer.seq }
  if (state === stateNumber('failed')) return { state: 'failed', at: stateAt, shown: null }
  if (approval) return { state: 'input_required', at: approval.createdAt, shown: approval.seq }
  return { state: state >= stateNumber('seen') ? 'working' : 'submitted', at: stateAt, shown: null }
}
