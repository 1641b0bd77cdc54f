import { type Synapse, SynapseError } from '@synapse/client'
import { markOf } from '../../../home'
import { isRunning } from '../started-process'
import type { Journal, Outcome, Task } from './journal'
import { endGroup } from './program'

/** What the sender of a message reads whose program was cut off. */
const INTERRUPTED: Outcome = { state: 'failed', note: 'interrupted' }
/** The longest note that the server takes. */
const NOTE_CHARACTERS = 500
/** How long the server may take for an acknowledgement when this process ends. */
const LAST_WORDS_MS = 3000
/** Messages that one acknowledgement names. */
const MOST_MESSAGES = 200

export interface RunsDeps {
  readonly synapse: Synapse
  readonly journal: Journal
  readonly consumer: string
  /** Aborts when this process is to end. */
  readonly signal: AbortSignal
  readonly report: (line: string) => void
}

/** Starts programs for tasks, each once, and tells the senders what became of them. */
export class Runs {
  constructor(private readonly deps: RunsDeps) {}

  /**
   * Ends what an earlier process has left: a program that was cut off, or is still running without anybody who waits for it, has
   * failed. Returns the tasks whose program `hasEnded`, so that they only need to be finished. @throws SynapseError
   */
  async recover(hasEnded: (task: Task) => boolean = () => false): Promise<Task[]> {
    const { journal, report } = this.deps
    const all = journal.cutOff()
    const cutOff = all.filter(({ task }) => !hasEnded(task))
    for (const { process } of cutOff) if (process !== undefined && isRunning(process)) endGroup(process.pid)
    journal.end(
      cutOff.map(({ task }) => task),
      INTERRUPTED,
    )
    if (cutOff.length > 0) report(`${cutOff.length} cut off before: reported as failed, not started again`)
    await this.tell()
    return all.filter((one) => !cutOff.includes(one)).map(({ task }) => task)
  }

  /**
   * Runs a program for tasks that were not started yet. `run` gets what to call with the pid of its process; it resolves to
   * why it failed, or to undefined. @throws SynapseError
   */
  async run(
    tasks: readonly Task[],
    run: (started: (pid: number) => void) => Promise<string | undefined>,
  ): Promise<Outcome> {
    const { journal } = this.deps
    journal.add(tasks)
    journal.start(tasks)
    return await this.finish(
      tasks,
      run((pid) => journal.running(tasks, { pid, mark: markOf(pid) })),
    )
  }

  /** Notes how tasks that were started end, and tells their senders. @throws SynapseError */
  async finish(tasks: readonly Task[], end: Promise<string | undefined>): Promise<Outcome> {
    const { journal } = this.deps
    const problem = await end
    const outcome: Outcome =
      problem === undefined
        ? { state: 'acked', note: null }
        : { state: 'failed', note: [...problem].slice(0, NOTE_CHARACTERS).join('') }
    journal.end(tasks, outcome)
    await this.tell()
    return outcome
  }

  /** Acknowledges once more what ended and still waits in the inbox. @throws SynapseError */
  async tellAgain(tasks: readonly Task[]): Promise<void> {
    if (tasks.length === 0) return
    this.deps.journal.untell(tasks)
    await this.tell()
  }

  /**
   * Acknowledges what has ended. At the end of this process it tries for a moment only: the next one finds the rest.
   * @throws SynapseError
   */
  private async tell(): Promise<void> {
    const isEnding = this.deps.signal.aborted
    const signal = isEnding ? AbortSignal.timeout(LAST_WORDS_MS) : this.deps.signal
    try {
      await this.tellAll(signal)
    } catch (error) {
      if (!this.deps.signal.aborted) throw error
      if (!isEnding) await this.tell()
    }
  }

  private async tellAll(signal: AbortSignal): Promise<void> {
    const untold = this.deps.journal.untold()
    const groups = Map.groupBy(untold, ({ outcome }) => JSON.stringify(outcome))
    for (const group of groups.values()) {
      const [first] = group
      if (first === undefined) continue
      const tasks = group.map(({ task }) => task)
      for (let i = 0; i < tasks.length; i += MOST_MESSAGES)
        await this.acknowledge(tasks.slice(i, i + MOST_MESSAGES), first.outcome, signal)
    }
  }

  private async acknowledge(
    tasks: readonly Task[],
    { state, note }: Outcome,
    signal: AbortSignal,
  ): Promise<void> {
    const { synapse, journal, consumer } = this.deps
    const ids = [...new Set(tasks.map(({ messageId }) => messageId))]
    const body = { message_ids: ids, state, consumer, ...(note === null ? {} : { note }) }
    try {
      await synapse.request('POST /v1/inbox/ack', { body, signal })
    } catch (error) {
      if (!(error instanceof SynapseError) || !isMissing(error)) throw error
      // One of them was deleted, or is in a channel that the account has left. The others are acknowledged one by one.
      if (tasks.length > 1) {
        for (const task of tasks) await this.acknowledge([task], { state, note }, signal)
        return
      }
    }
    journal.told(tasks)
  }
}

/** A server without inboxes has no such endpoint, and answers 404, too. */
function isMissing({ status, code }: SynapseError): boolean {
  return code === 'not_in_inbox' || status === 404
}
