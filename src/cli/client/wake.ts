import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Message, type Stream, type Synapse, SynapseError } from '@synapse/client'
import { processEnvironment, userFolder } from '../../config/environment'
import { readWakeFile, type WakeConfig } from '../../config/wake-file'
import { CliError, hasCode } from '../lib/cli-error'
import { clientFolder } from '../lib/client-folder'
import { command } from '../lib/command'
import { EXIT } from '../lib/exit-codes'
import { note } from '../lib/terminal'
import { Bell } from './bell'
import { failureOf } from './failure'
import { isActive, outboxPath } from './files'
import { type Client, clientArgs, clientOf, configOf, impatient, patient, printWire } from './index'
import { Outbox, Sender } from './outbox'
import { Journal, type Outcome, OwnPauses, Runs, runProgram, type Task } from './runs'
import { stopSignal } from './stop-signal'
import { answerIn, answerKey, promptOf } from './wake-answer'
import { type Payload, receive } from './wake-receiver'

/** `activate` and `deactivate` are noticed after this. */
const LOOK_MS = 1000
const HOUR_MS = 3_600_000
/** Characters of the output of a program that are kept: more than a message has. */
const MOST_OUTPUT = 64_000
const ITEMS_AT_ONCE = 200

export const wake = command({
  args: {
    ...clientArgs,
    config: {
      ...clientArgs.config,
      description: 'wake-daemon.toml; default: ./wake-daemon.toml, ~/.synapse/wake-daemon.toml',
    },
    json: { type: 'boolean', description: 'Print each end as a line of JSON: id, channel, state, note' },
  },
  notes: [
    'Receives the webhooks of the account at POST /webhook and checks their signature. For each message that wakes the',
    'account it runs a program, and posts what the program prints as the answer. <no-reply> is no answer. It also starts',
    'with what waits in the inbox. Each message is handled once, also if this process or the server is killed; one whose',
    'program was cut off is reported to its sender as failed.',
    'The switch is synapse deactivate: nothing is started until synapse activate. Nothing is started while a person has',
    'paused the account, and no more than per_hour programs in an hour.',
  ],
  examples: ['synapse wake', 'synapse wake --config /etc/synapse/wake-daemon.toml'],
  async run({ args }) {
    const userHome = userFolder(processEnvironment())
    const places = ['wake-daemon.toml', join(userHome, '.synapse', 'wake-daemon.toml')]
    const config = readWakeFile(args.config, places, userHome)
    requireProgram(config)
    const client = clientOf(clientConfig(config, args))
    try {
      await new WakeDaemon(client, config, (await client.me()).handle, args.json === true).run()
    } catch (error) {
      throw await failureOf(error, client)
    }
    return EXIT.ok
  },
})

/** Without the program, each message that waits would be reported as failed. @throws CliError */
function requireProgram({ command: [program = ''], directory }: WakeConfig): void {
  const path = program.includes('/') ? resolve(directory ?? '.', program) : Bun.which(program)
  if (path !== null && existsSync(path)) return
  throw new CliError(EXIT.failure, `${program} was not found`, [
    'install it, or set claude_binary or command in [wake.subprocess] of wake-daemon.toml',
  ])
}

/** The client that the file describes: flags come first, then the file, then the environment. */
function clientConfig(
  config: WakeConfig,
  { url, handle }: { readonly url?: string | undefined; readonly handle?: string | undefined },
) {
  const found = configOf({ url: url ?? config.url, handle: handle ?? config.handle, config: undefined })
  const { tokenFile } = config
  if (tokenFile === undefined) return found
  const token = existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8').trim() || undefined : undefined
  return { ...found, credential: { token, from: tokenFile, isOpen: false } }
}

/** What the daemon posts. */
interface Mail {
  readonly outbox: Outbox
  readonly sender: Sender
}

interface Work {
  readonly journal: Journal
  readonly runs: Runs
  readonly mail: Mail
  /** Tasks of an earlier process, whose answers are in the outbox. */
  readonly answered: readonly Task[]
}

class WakeDaemon {
  private readonly synapse: Synapse
  private readonly pauses: OwnPauses
  private readonly bell = new Bell()
  private arePausesKnown = false
  private isSweepDue = false
  private isAtLimit = false

  constructor(
    private readonly client: Client,
    private readonly config: WakeConfig,
    private readonly handle: string,
    private readonly isJson: boolean,
  ) {
    this.synapse = patient(client)
    this.pauses = new OwnPauses(this.synapse, handle)
  }

  /** Runs until SIGINT or SIGTERM. @throws CliError, SynapseError */
  async run(): Promise<void> {
    const { synapse, handle, config } = this
    using stop = stopSignal()
    const { signal } = stop
    using outbox = Outbox.open(outboxPath(handle), this.client.config.url)
    await using sender = new Sender(outbox, impatient(this.client), signal)
    const mail = { outbox, sender }
    using journal = Journal.open(join(clientFolder(), `${handle}.wake.runs`))
    const runs = new Runs({ synapse, journal, consumer: 'wake', report: note, signal })
    const secretFile = config.secretFile ?? join(clientFolder(), `${handle}.webhook-secret`)
    const server = this.listen(journal, secretFile)
    try {
      note(
        `@${handle} is woken at http://${config.host}:${server.port}/webhook and answers on ${this.client.config.url}`,
      )
      if (secretIn(secretFile) === undefined)
        note(
          `there is no secret in ${secretFile}: webhooks are refused until the one of the push endpoint is there`,
        )
      if (!isActive(handle)) note(`@${handle} is not active, so nothing is started: synapse activate`)
      const answered = await runs.recover((task) => outbox.find(answerKey(task)) !== undefined)
      await using stream = this.synapse.stream({ types: ['pause.started', 'pause.ended'], signal })
      const following = this.followPauses(stream, signal)
      await this.sweep(journal, signal)
      await this.work({ journal, runs, mail, answered }, signal)
      await stream.close()
      await following
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      await server.stop(true)
    }
  }

  private listen(journal: Journal, secretFile: string) {
    const { host, port } = this.config
    try {
      return receive({
        ...{ host, port, handle: this.handle },
        secret: () => secretIn(secretFile),
        take: (payload) => {
          const task = taskIn(payload)
          // A call for a batch names no message: the inbox has them.
          if (task !== undefined) journal.add([task])
          else this.isSweepDue = true
          this.bell.ring()
        },
      })
    } catch (error) {
      if (!hasCode(error, 'EADDRINUSE')) throw error
      throw new CliError(EXIT.conflict, `${host}:${port} is in use`, ['set another bind in wake-daemon.toml'])
    }
  }

  /** Starts programs for what waits, up to the limits. Returns when all have ended after the signal. */
  private async work({ journal, runs, mail, answered }: Work, signal: AbortSignal): Promise<void> {
    const running = new Map<string, Promise<void>>()
    let failure: unknown
    const track = (task: Task, end: Promise<Outcome>) => {
      const run = end
        .then((outcome) => this.tellEnd(task, outcome))
        .catch((error: unknown) => {
          failure = error
        })
        .finally(() => {
          running.delete(task.id)
          this.bell.ring()
        })
      running.set(task.id, run)
    }
    for (const task of answered) track(task, runs.finish([task], delivered(mail, task, signal)))
    while (!signal.aborted && failure === undefined) {
      if (this.isSweepDue) await this.sweep(journal, signal)
      for (const task of this.startable(journal, this.config.concurrent - running.size)) {
        track(
          task,
          runs.run([task], (started) => this.answerTo(task, mail, started, signal)),
        )
      }
      await this.bell.wait(LOOK_MS, signal)
    }
    await Promise.all(running.values())
    if (failure !== undefined) throw failure
  }

  private tellEnd({ messageId: id, channel }: Task, { state, note: why }: Outcome): void {
    if (this.isJson) printWire({ id, channel, state, note: why })
    else note(`#${channel} ${id}: ${state === 'acked' ? 'done' : `failed, ${why}`}`)
  }

  /** The tasks that may start now. */
  private startable(journal: Journal, room: number): readonly Task[] {
    if (room <= 0 || !this.arePausesKnown || !isActive(this.handle)) return []
    const waiting = journal.waiting().filter(({ channel }) => this.pauses.in(channel) === undefined)
    if (waiting.length === 0) return []
    const started = journal.startedSince(Date.now() - HOUR_MS)
    const left = Math.max(0, this.config.perHour - started)
    if (left === 0 && !this.isAtLimit)
      note(`${started} programs were started in the last hour, which is the limit: ${waiting.length} wait`)
    this.isAtLimit = left === 0
    return waiting.slice(0, Math.min(room, left))
  }

  /** Runs the program for a message and posts what it prints. Returns why that failed, or undefined. */
  private async answerTo(
    task: Task,
    mail: Mail,
    started: (pid: number) => void,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { synapse, handle, config } = this
    const { item } = task
    const { message } = item as { readonly message: Message }
    const [file = '', ...parameters] = config.command
    const { problem, output } = await runProgram({
      command: [file, ...parameters],
      input: config.isJson ? `${JSON.stringify(item)}\n` : await promptOf(synapse, handle, message),
      directory: config.directory,
      env: {
        SYNAPSE_URL: this.client.config.url,
        SYNAPSE_HANDLE: handle,
        SYNAPSE_CHANNEL: message.channel,
        SYNAPSE_MESSAGE_ID: message.id,
      },
      timeoutMs: config.timeoutMs,
      keepOutput: MOST_OUTPUT,
      started,
      signal,
    })
    const answer = problem === undefined ? answerIn(output, task) : undefined
    if (answer === undefined) return problem
    mail.outbox.add(answer)
    mail.sender.ring()
    return await delivered(mail, task, signal)
  }

  /** Adds what waits in the inbox: what came while this daemon was not running, or what a batch is about. */
  private async sweep(journal: Journal, signal: AbortSignal): Promise<void> {
    this.isSweepDue = false
    const reason = this.config.reasons.join(',')
    try {
      for (let since: string | undefined; ; ) {
        const page = await this.synapse.request('GET /v1/inbox', {
          query: {
            ...{ consumer: 'wake', unacked: true, limit: ITEMS_AT_ONCE, reason },
            ...(since === undefined ? {} : { since }),
          },
          signal,
        })
        journal.add(page.items.flatMap((item) => taskIn({ ...item, type: item.event }) ?? []))
        since = page.cursor
        if (!page.has_more) return
      }
    } catch (error) {
      tolerateEarlierServer(error)
    }
  }

  /** Keeps the pauses of the account known. Nothing is started before they are. */
  private async followPauses(stream: Stream, signal: AbortSignal): Promise<void> {
    try {
      await stream.ready()
      await this.loadPauses(signal)
      for await (const _ of stream) await this.loadPauses(signal)
    } catch (error) {
      if (!signal.aborted) tolerateEarlierServer(error)
      this.arePausesKnown = true
    }
  }

  private async loadPauses(signal: AbortSignal): Promise<void> {
    await this.pauses.load(signal)
    this.arePausesKnown = true
    this.bell.ring()
  }
}

/** Waits until the answer to a task is posted. Returns why it was not, or undefined. */
async function delivered({ sender }: Mail, task: Task, signal: AbortSignal): Promise<string | undefined> {
  const letter = await sender.settled(answerKey(task), signal)
  if (letter?.state === 'sent') return undefined
  return letter === undefined ? 'the answer was discarded' : `the answer was not posted: ${letter.problem}`
}

/** The earlier server has no inbox, no pauses and no event stream. */
function tolerateEarlierServer(error: unknown): void {
  if (!(error instanceof SynapseError && error.status === 404)) throw error
}

/** Makes a task of what notified the account. Undefined if it names no message. */
function taskIn(payload: Payload): Task | undefined {
  const { message, type } = payload as { readonly message?: Partial<Message>; readonly type?: unknown }
  if (
    typeof message?.id !== 'string' ||
    typeof message.channel !== 'string' ||
    typeof message.body !== 'string'
  )
    return undefined
  const event = typeof type === 'string' ? type : 'message.created'
  return { id: `${event} ${message.id}`, messageId: message.id, channel: message.channel, item: payload }
}

function secretIn(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
