import { SynapseError } from './errors'
import type { LogEvent, PassingEvent } from './events'
import { lost } from './http'
import type { Link } from './link'
import { later, timing } from './time'

type Frame = LogEvent | PassingEvent | Control

type Control =
  | { type: 'hello'; account: { handle: string } }
  | { type: 'subscribed' | 'position'; cursor: string }
  | { type: 'resync'; oldest_cursor: string; reason: string }
  | { type: 'error'; code: string; detail: string; retry_after?: number }
  | { type: 'unsubscribed' | 'shutdown' | 'bye' }

/** Carries events over a WebSocket (docs/contract/live.md#multiplexed-socket). */
export function overSocket(link: Link): Promise<void> {
  const { http, selection, since, signal } = link
  const { channels, types, inbox, excludeSelf } = selection
  const protocols = http.token === undefined ? [] : ['synapse.v1', `bearer.${http.token}`]
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(http.address('/v1/ws').replace(/^http/, 'ws'), protocols)
    const end = (error?: unknown) => {
      cancel()
      signal.removeEventListener('abort', abort)
      socket.onmessage = socket.onclose = socket.onerror = null
      socket.close()
      if (error === undefined) resolve()
      else reject(error)
    }
    const abort = () => end(signal.reason)
    const cancel = later(timing.hello, () => end(lost(undefined)))
    let self = ''
    // What notifies follows its event, with the same cursor. Only the next frame shows that nothing more follows.
    let complete: string | undefined
    const settle = () => {
      if (complete !== undefined) link.position(complete)
      complete = undefined
    }
    const take = (frame: Frame) => {
      switch (frame.type) {
        case 'hello':
          self = frame.account.handle
          socket.send(JSON.stringify({ type: 'subscribe', channels, types, inbox, since: since ?? 'now' }))
          return
        case 'subscribed':
          cancel()
          return link.opened(frame.cursor)
        case 'position':
          complete = undefined
          return link.position(frame.cursor)
        case 'resync':
          return end(
            new SynapseError({
              status: 410,
              code: frame.reason,
              detail: 'The cursor is not valid',
              body: { ...frame },
            }),
          )
        case 'error':
          return end(refusal(frame))
        case 'unsubscribed':
        case 'shutdown':
        case 'bye':
          return
        default:
          if (excludeSelf && frame.actor?.handle === self && frame.type !== 'inbox.item') return
          if (frame.type !== 'inbox.item') settle()
          link.event(frame, inbox ? undefined : frame.cursor)
          if (inbox) complete = frame.cursor
      }
    }
    signal.addEventListener('abort', abort)
    if (signal.aborted) return abort()
    socket.onmessage = ({ data }) => {
      link.alive()
      try {
        take(JSON.parse(String(data)) as Frame)
      } catch (error) {
        end(lost(error))
      }
    }
    socket.onclose = () => end()
    socket.onerror = () => end(lost(undefined))
  })
}

/** A frame has no status. What may pass by itself gets one that says so. */
function refusal({ code, detail, ...rest }: Control & { type: 'error' }): SynapseError {
  const status = rest.retry_after !== undefined ? 429 : code === 'internal' ? 500 : 400
  return new SynapseError({ status, code, detail, body: { ...rest, code, detail } })
}
