import type { Directory } from '../access/directory'
import type { Settings } from '../governance/settings'
import type { RunMessage } from '../kernel/chain-ports'
import type { Account, Channel, MessageKind } from '../kernel/entities'
import { AppError } from '../kernel/errors'
import type { Seq } from '../kernel/ids'
import { SCAN_LIMIT } from '../kernel/limits'
import type { Reads, Store } from '../kernel/ports'
import { type Clock, type Micros, toMicros } from '../kernel/time'
import type { LogEvent, MessageEvent } from '../log/events'
import type { PostDraft } from '../messages/post-plan'
import { isOver, RESETS_ON } from './chain'

const PAGE = 500
const MOST_MISSED = 1000

/** A post that the guard refuses. */
export class RunRefusal extends AppError {
  constructor(
    readonly channel: Channel,
    readonly limit: number,
    readonly used: number,
  ) {
    super('rate_limited', 'loop_guard', 'Agents have posted here long enough without a person', {
      channel: channel.slug,
      limit,
      used,
      resets_on: RESETS_ON,
    })
  }
}

/** What agents have posted in a channel since its last message of a person. */
interface Run {
  /** Seq of that message, or of Continue. */
  since: Seq
  times: number
  total: number
  /** By account. */
  by: Map<number, number>
  lastAt: Micros
  /** The newest message that is counted. */
  upTo: Seq
}

/** A message that is judged before this one in the same group. */
export type Earlier = Pick<PostDraft, 'message' | 'sender'>

/** How far agents have got in a channel. */
export interface RunState {
  /** 0 = without a limit. */
  readonly limit: number
  /** Counted up to the limit. */
  readonly used: number
  /** What was noted before is void. */
  readonly since: Seq
}

const noOne: readonly Earlier[] = []

/**
 * Stops agents that post in a channel without a person, whatever they reply to (docs/contract/chain.md#run-guard). Counts in
 * memory, and only in channels where it is on: from the store at first, then from the events.
 */
export class RunGuard {
  private readonly runs = new Map<number, Run>()
  /** What is posted in channels while their runs are loaded. */
  private readonly loading = new Map<number, MessageEvent[]>()

  constructor(
    private readonly deps: {
      readonly store: Pick<Store, 'reads' | 'slow' | 'onCommit' | 'shared'>
      readonly directory: Pick<Directory, 'missing'>
      readonly settings: Settings
      readonly clock: Pick<Clock, 'now'>
    },
  ) {
    const { store } = deps
    store.onCommit((events) => {
      for (const event of events) this.apply(event)
    })
    // What was passed over was not counted.
    store.shared?.onAdvance(() => this.forgetAll())
  }

  /** Messages of agents in a row; 0 = without a limit. */
  limitIn({ settings }: Channel): number {
    return settings.agentRun ?? this.deps.settings.get('guard.agent_run')
  }

  /** Synchronous over memory, like the directory: call it inside `Directory.retryUntilLoaded`. @throws loop_guard */
  judge(channel: Channel, account: Account, earlier: readonly Earlier[] = noOne): void {
    const limit = this.limitIn(channel)
    if (limit === 0 || account.kind !== 'agent') return
    const run = this.inGroup(this.runOf(channel, this.deps.clock.now()), channel.id, earlier)
    const allowed = limit * run.times
    if (run.total >= allowed) throw new RunRefusal(channel, allowed, allowed)
    const share = Math.max(1, Math.floor(allowed / 2))
    if ((run.by.get(account.id) ?? 0) >= share) throw new RunRefusal(channel, share, share)
  }

  /** Synchronous like `judge`. */
  stateOf(channel: Channel, now: Micros): RunState {
    const limit = this.limitIn(channel)
    if (limit === 0) return { limit, used: 0, since: Number.MAX_SAFE_INTEGER }
    const { times, total, since } = this.runOf(channel, now)
    const allowed = limit * times
    return { limit: allowed, used: Math.min(total, allowed), since }
  }

  /** Returns the run of a channel, or an empty one after silence. */
  private runOf(channel: Channel, now: Micros): Run {
    const run = this.runs.get(channel.id) ?? this.deps.directory.missing(() => this.load(channel))
    return this.isSilent(channel, run.lastAt, now) ? { ...newRun, since: Number.MAX_SAFE_INTEGER } : run
  }

  private inGroup(run: Run, channelId: number, earlier: readonly Earlier[]): Run {
    if (earlier.length === 0) return run
    const copy = { ...run, by: new Map(run.by) }
    for (const { message, sender } of earlier)
      if (message.channelId === channelId) count(copy, { ...message, senderKind: sender.kind })
    return copy
  }

  /** Reports whether so much silence has passed that agents may go on. */
  isSilent({ settings }: Channel, lastAt: Micros, now: Micros): boolean {
    const seconds = settings.autoContinueS ?? this.deps.settings.get('guard.auto_continue_s')
    return seconds > 0 && isOver(lastAt, seconds, now)
  }

  private apply(event: LogEvent): void {
    if (event.about === 'channel' && (event.type === 'thread.continued' || event.type === 'channel.purged'))
      this.forget(event.channel.id)
    else if (event.about === 'message' && event.type === 'message.created') this.applyMessage(event)
  }

  private applyMessage(event: MessageEvent): void {
    const { message, sender, channel } = event.message
    const run = this.runs.get(channel.id)
    if (!run) {
      const missed = this.loading.get(channel.id)
      // A load that never ended must not collect for ever.
      if (missed && missed.push(event) > MOST_MISSED) this.loading.delete(channel.id)
      return
    }
    if (event.seq <= run.upTo) return
    if (this.limitIn(channel) === 0) {
      this.forget(channel.id)
      return
    }
    if (this.isSilent(channel, run.lastAt, event.at)) restart(run, event.seq - 1)
    if (count(run, { ...message, senderKind: sender.kind })) run.since = event.seq
    run.lastAt = event.at
    run.upTo = event.seq
  }

  private forget(channelId: number): void {
    this.runs.delete(channelId)
    this.loading.delete(channelId)
  }

  private forgetAll(): void {
    this.runs.clear()
    this.loading.clear()
  }

  /** What is announced during the load may be newer than what is read. */
  private async load(channel: Channel): Promise<() => void> {
    const { id } = channel
    const missed = this.loading.get(id) ?? []
    this.loading.set(id, missed)
    const start = missed.length
    const run = await this.read(this.deps.store.slow, channel)
    return () => {
      // Otherwise another load has ended earlier, or this one began before a change.
      if (this.runs.has(id) || this.loading.get(id) !== missed) return
      this.loading.delete(id)
      this.runs.set(id, run)
      for (const event of missed.slice(start)) this.applyMessage(event)
    }
  }

  private async read(reads: Reads, channel: Channel): Promise<Run> {
    const reset = (await reads.runReset(channel.id)) ?? { seq: 0, times: 1 }
    const found: RunMessage[] = []
    const run: Run = { ...newRun, by: new Map(), since: reset.seq, times: reset.times }
    let before = Number.MAX_SAFE_INTEGER
    scan: while (found.length < SCAN_LIMIT) {
      const page = await reads.runMessages(channel.id, { before, limit: PAGE })
      for (const message of page) {
        const newer = found.at(-1)
        if (!newer) {
          run.lastAt = message.at
          run.upTo = message.seq
        }
        if (message.seq <= reset.seq) break scan
        if (newer && this.isSilent(channel, message.at, newer.at)) {
          restart(run, newer.seq - 1)
          break scan
        }
        if (isPerson(message)) {
          restart(run, message.seq)
          break scan
        }
        found.push(message)
        before = message.seq
      }
      if (page.length < PAGE) break
    }
    for (const message of found) count(run, message)
    return run
  }
}

const newRun = { since: 0, times: 1, total: 0, by: new Map<number, number>(), lastAt: toMicros(0), upTo: 0 }

function restart(run: Run, since: Seq): void {
  run.since = since
  run.times = 1
  run.total = 0
  run.by = new Map()
}

type Counted = { readonly senderId: number; readonly kind: MessageKind; readonly isUnattended?: boolean } & {
  readonly senderKind: Account['kind']
}

/** A message of a person, or the decision of one. */
function isPerson({ senderKind, kind, isUnattended }: Counted): boolean {
  return kind === 'system' || (senderKind === 'human' && !isUnattended)
}

/** Counts a message. Returns whether the run begins anew with it. */
function count(run: Run, message: Counted): boolean {
  if (isPerson(message)) {
    restart(run, run.since)
    return true
  }
  if (message.senderKind !== 'agent') return false
  if (message.kind !== 'message' && message.kind !== 'correction') return false
  run.total++
  run.by.set(message.senderId, (run.by.get(message.senderId) ?? 0) + 1)
  return false
}
