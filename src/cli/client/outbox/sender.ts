import { type PostedMessage, type Synapse, SynapseError } from '@synapse/client'
import { Bell } from '../bell'
import { reasonOf } from '../failure'
import { mayPass } from '../patience'
import type { Draft, Letter, Outbox } from './outbox'

/** Other processes add messages, which are noticed after this. */
const LOOK_MS = 1000

/** What came of an attempt to send a message: the message, or why it was not posted. */
export type Attempt = { readonly posted: PostedMessage } | { readonly error: SynapseError }

/** Sends what is in an outbox, one message after another, until it is disposed of. */
export class Sender implements AsyncDisposable {
  private readonly bell = new Bell()
  private readonly ending = new AbortController()
  private readonly working: Promise<void>
  private handled = Promise.withResolvers<void>()
  private failure: unknown

  /** `synapse` must not repeat a request by itself. */
  constructor(
    private readonly outbox: Outbox,
    private readonly synapse: Synapse,
    stop: AbortSignal,
  ) {
    const signal = AbortSignal.any([stop, this.ending.signal])
    this.working = this.work(signal).catch((error: unknown) => {
      if (!signal.aborted) this.failure = error
      this.handled.resolve()
    })
  }

  /** Looks for new messages at once. */
  ring(): void {
    this.bell.ring()
  }

  /**
   * Resolves when a message is sent or has failed for good, also by another process. Undefined: somebody has discarded it.
   * @throws the reason of the signal; what ended the sending
   */
  async settled(key: string, signal: AbortSignal): Promise<Letter | undefined> {
    for (;;) {
      signal.throwIfAborted()
      if (this.failure !== undefined) throw this.failure
      const letter = this.outbox.find(key)
      if (letter?.state !== 'waiting') return letter
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, LOOK_MS)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await Promise.race([this.handled.promise, promise])
      clearTimeout(timer)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ending.abort()
    await this.working
  }

  private async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const letter = this.outbox.take()
      if (letter === undefined) {
        await this.bell.wait(Math.max(0, Math.min(LOOK_MS, this.outbox.nextAt() - Date.now())), signal)
        continue
      }
      await attempt(this.outbox, this.synapse, letter, signal)
      this.handled.resolve()
      this.handled = Promise.withResolvers<void>()
    }
  }
}

/** Posts a message under its key. @throws SynapseError */
export function send(synapse: Synapse, { key, post }: Draft, signal?: AbortSignal): Promise<PostedMessage> {
  const body = { ...post, client_msg_id: key }
  return synapse.request('POST /v1/messages', { body, key, ...(signal ? { signal } : {}) })
}

/** Sends a message that was taken, once, and notes what came of it. @throws the reason of the signal */
export async function attempt(
  outbox: Outbox,
  synapse: Synapse,
  letter: Letter,
  signal?: AbortSignal,
): Promise<Attempt> {
  try {
    const posted = await send(synapse, letter, signal)
    outbox.sent(letter)
    return { posted }
  } catch (error) {
    if (!(error instanceof SynapseError)) {
      outbox.release(letter)
      throw error
    }
    const problem = reasonOf(error)
    if (mayPass(error)) outbox.missed(letter, problem, (error.retryAfter ?? 0) * 1000)
    else outbox.refused(letter, problem)
    return { error }
  }
}
