import { SynapseError } from './errors'
import type { GapEvent, StreamEvent } from './events'
import { type Http, passes } from './http'
import type { Link, Selection, Transport } from './link'
import { overPolls, readPage } from './poll'
import { overSocket } from './socket'
import { overEventStream } from './sse'
import { anyOf, later, pauseAfter, sleep, timing } from './time'

export type TransportName = 'websocket' | 'sse' | 'poll'

/** `waiting`: the connection was lost, and is tried again after a pause. */
export type StreamStatus = 'connecting' | 'open' | 'waiting' | 'closed'

const transports: Record<TransportName, Transport> = {
  websocket: overSocket,
  sse: overEventStream,
  poll: overPolls,
}

/** So many attempts without a stream, while other requests pass, and the next transport is taken. */
const MOST_BLOCKED = 2

/** Where a connection puts what arrives. */
export interface Receiver {
  /** `pause`: milliseconds until the next attempt, while waiting. */
  status(status: StreamStatus, pause?: number): void
  opened(cursor: string): void
  /** Returns false if there is no room for more; then `room` says when there is. */
  event(event: StreamEvent, cursor: string | undefined): boolean
  position(cursor: string): void
  gap(gap: GapEvent): void
  room(): Promise<void>
}

/**
 * Carries the events after `since`, over as many connections as it takes, until the signal aborts. Takes the first of the
 * transports that passes. @throws SynapseError that repeating does not mend; the reason of the signal
 */
export class Connection {
  private position: string | undefined
  private wasOpen = false

  constructor(
    private readonly http: Http,
    private readonly selection: Selection,
    private readonly names: readonly TransportName[],
    since: string | undefined,
    private readonly receiver: Receiver,
    private readonly signal: AbortSignal,
  ) {
    this.position = since
  }

  async run(): Promise<void> {
    const { names, receiver, signal } = this
    let level = 0
    let blocked = 0
    let tolerated = MOST_BLOCKED
    for (let count = 0; !signal.aborted; count++) {
      receiver.status('connecting')
      const name = names[level] ?? 'poll'
      const { hasOpened, isLasting, isSilent, isFull, error } = await this.attempt(transports[name])
      if (signal.aborted) return
      if (isFull) {
        receiver.status('waiting')
        await receiver.room()
      }
      // A stream that is cut as soon as it begins is not tried ever faster.
      if (isLasting) count = 0
      if (isFull || (name === 'poll' && hasOpened && error === undefined)) {
        // Where streams do not pass, they are tried again, once each.
        if (name === 'poll' && !isFull) [level, blocked, tolerated] = [0, 0, 1]
        continue
      }
      if (error !== undefined && this.bridge(error)) continue
      if (hasOpened && !isSilent) blocked = 0
      // A plain request shows whether the server can be reached, and says why a WebSocket is refused.
      else if (name !== 'poll' && isForeign(error) && (await this.readOnce())) {
        if (++blocked >= tolerated && level + 1 < names.length) {
          level++
          blocked = count = 0
          continue
        }
      }
      const wait = error?.retryAfter
      const pause = wait === undefined ? pauseAfter(count) : wait * 1000
      receiver.status('waiting', pause)
      await sleep(pause, signal, wait === undefined)
    }
  }

  /** Runs one connection until it ends. `isTrial`: what it carries is not passed on. */
  private async attempt(transport: Transport, isTrial = false) {
    const { receiver, signal } = this
    const { controller, release } = anyOf(signal)
    const result = {
      hasOpened: false,
      /** It carried events, or lived for a while. */
      isLasting: false,
      isSilent: false,
      isFull: false,
      error: undefined as SynapseError | undefined,
    }
    const start = Date.now()
    let heard = start
    const watch = (wait: number): (() => void) =>
      later(wait, () => {
        const left = heard + timing.silence - Date.now()
        if (left > 0) {
          cancel = watch(left)
          return
        }
        result.isSilent = true
        controller.abort()
      })
    let cancel = watch(timing.silence)
    const link: Link = {
      http: this.http,
      selection: this.selection,
      since: this.position,
      signal: controller.signal,
      alive: () => {
        heard = Date.now()
      },
      opened: (cursor) => {
        heard = Date.now()
        if (!isTrial) this.position ??= cursor
        if (!result.hasOpened && !isTrial) {
          receiver.opened(this.position ?? cursor)
          receiver.status('open')
        }
        result.hasOpened = this.wasOpen = true
      },
      event: (event, cursor) => {
        if (controller.signal.aborted || isTrial) return
        result.isLasting = true
        if (cursor !== undefined) this.position = cursor
        if (receiver.event(event, cursor)) return
        result.isFull = true
        controller.abort()
      },
      position: (cursor) => {
        if (controller.signal.aborted || isTrial) return
        this.position = cursor
        receiver.position(cursor)
      },
    }
    try {
      await transport(link)
    } catch (error) {
      if (!controller.signal.aborted) {
        if (!(error instanceof SynapseError)) throw error
        result.error = error
      }
    } finally {
      cancel()
      release()
      controller.abort()
      if (Date.now() - start > timing.lasting) result.isLasting = result.hasOpened
    }
    return result
  }

  /** Goes on after a gap, and reports whether there was one. @throws SynapseError that does not pass */
  private bridge(error: SynapseError): boolean {
    const { code, body } = error
    const to = body.oldest_cursor
    if (
      (code === 'cursor_expired' || code === 'cursor_epoch') &&
      typeof to === 'string' &&
      to !== this.position
    ) {
      const reason = code === 'cursor_expired' ? 'expired' : 'epoch'
      this.receiver.gap({ type: 'gap', reason, from: this.position, to })
      this.position = to
      return true
    }
    // Whatever answers there now, a server did before.
    const isInterim = this.wasOpen && code === 'unexpected_answer'
    if (!isInterim && !passes(error)) throw error
    return false
  }

  /**
   * Reads a page with a plain request, and passes it on where requests are a transport of this stream. Reports whether it
   * came. @throws SynapseError that does not pass
   */
  private async readOnce(): Promise<boolean> {
    const { hasOpened, error } = await this.attempt(async (link) => {
      await readPage(link, link.since, 0)
    }, !this.names.includes('poll'))
    if (error !== undefined) this.bridge(error)
    return hasOpened
  }
}

/** Whether something else than the server ended an attempt. */
function isForeign(error: SynapseError | undefined): boolean {
  return error === undefined || error.status === 0 || error.code === 'unexpected_answer'
}
